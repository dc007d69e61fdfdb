"""Accepting an offer of the waiting list: details, rules, first payment, one time.

The units are held since the offer, so nothing is claimed but the phone's tally. Prices
and rules are those of now, as the page showed them.
"""

from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from campaigns import capacity
from campaigns.actors import BUYER, SYSTEM
from campaigns.capacity import Gate, Move
from campaigns.clock import database_now
from campaigns.errors import CampaignError, Refused, SoldOut, WindowChanged
from campaigns.models import Batch
from campaigns.money import to_minor_units
from campaigns.wakeup import wake_up
from orders import emails, lifecycle, tallies
from orders.holds import limits as hold_limits
from orders.models import Order, OrderLine, WaitlistEntry
from payments import attempts, gateways
from payments.cards import consent as card_consent
from payments.checkout.placing import Draft, deposit_of, rules_of
from payments.models import Payment

State = WaitlistEntry.State


class OfferOver(CampaignError):
    """Declined, expired or ended since the page was shown."""


def complete(entry_id: int, draft: Draft, *, gateway: str) -> Order:
    """Turn the offer into its buyer's order; sent twice, it is the same order.

    Raises OfferOver, WindowChanged, SoldOut (a price rose above the cap in money),
    BuyerLimitReached or TooManyUnpaid; nothing is changed then. The gateway is asked
    after the commit.
    """
    if draft.schedule_version != draft.batch.schedule_version:
        raise WindowChanged
    try:
        with transaction.atomic():
            order, payment = _complete(entry_id, draft, gateway)
    except Refused as refusal:
        raise _explain(draft) from refusal
    if payment:
        attempts.start_unless_busy(payment)
    return order


def _explain(draft: Draft) -> CampaignError:
    batch = Batch.objects.get(pk=draft.batch.pk)
    if batch.stage not in Batch.BEFORE_PRODUCTION:
        return OfferOver()
    is_new_window = batch.schedule_version != draft.schedule_version
    return WindowChanged() if is_new_window else SoldOut([])


def _complete(
    entry_id: int, draft: Draft, gateway: str
) -> tuple[Order, Payment | None]:
    order, entry = _locked(entry_id)
    if entry.state == State.CLAIMED:
        return order, None
    if not is_live(entry, order):
        raise OfferOver
    offered = order.goods
    lines = _fill_lines(order, draft)
    phone = _fill(order, draft)
    entry.move_to(State.CLAIMED)
    order.record("placed", actor=BUYER, data={"units": draft.units})
    payment = _first_payment(order, gateway, consent=draft.consent)
    is_transfer = gateway == gateways.BANK_TRANSFER
    placed = emails.order_placed(order, lines, by_transfer=is_transfer)
    placed.save(force_insert=True)
    if not order.deposit:
        lifecycle.confirm(order, actor=SYSTEM)
    tallies.claim_for(phone, campaign=draft.campaign, units=draft.units)
    if draft.origin and order.deposit:
        hold_limits.check(order, campaign_id=draft.campaign.pk, units=draft.units)
    wake_up()
    capacity.shift(_repriced(order, offered, draft))
    return order, payment


def _locked(entry_id: int) -> tuple[Order, WaitlistEntry]:
    """The order first, as everywhere."""
    order_id = WaitlistEntry.objects.values_list("order", flat=True).get(pk=entry_id)
    if order_id is None:
        raise OfferOver
    return lifecycle.locked(order_id), WaitlistEntry.objects.locked(entry_id)


def is_live(entry: WaitlistEntry, order: Order) -> bool:
    """Whether the offer still stands, by the database's clock."""
    is_offered = entry.state == State.OFFERED and order.status == Order.Status.PENDING
    batch, ends = entry.batch, order.expires_at
    # What has no date cannot be ordered.
    is_made_later = batch.stage in Batch.BEFORE_PRODUCTION and batch.has_window
    return is_offered and is_made_later and ends is not None and ends > database_now()


def _fill(order: Order, draft: Draft) -> list[str]:
    """Write what checkout would have written; returns the identities new to it.

    The e-mail stays the one that waited. From now on the hold is that of any order.
    """
    campaign, batch = draft.campaign, draft.batch
    phone = tallies.identities(email="", phone=draft.buyer["phone"])
    total = draft.goods + draft.shipping_price
    columns = draft.buyer | {
        "goods": draft.goods,
        "shipping": draft.shipping_price,
        "total": total,
        "deposit": deposit_of(campaign, total),
        "shipping_option": draft.shipping,
        "shipping_service": draft.shipping.service,
        "rules": rules_of(campaign, batch),
        "promised_from": batch.ships_from,
        "promised_until": batch.ships_until,
        "schedule_version": draft.schedule_version,
        "limit_keys": [*order.limit_keys, *phone],
        "hold_origin": draft.origin.address if draft.origin else "",
        "hold_network": draft.origin.network if draft.origin else "",
        "expires_at": database_now() + timedelta(minutes=campaign.hold_minutes),
    }
    for name, value in columns.items():
        setattr(order, name, value)
    order.save(update_fields=list(columns))
    return phone


def _fill_lines(order: Order, draft: Draft) -> list[OrderLine]:
    """Quantities stay what was offered."""
    lines, drafted = list(order.lines.all()), {d.variant.pk: d for d in draft.lines}
    for line in lines:
        found = drafted[line.variant_id]
        line.unit_price = found.variant.price
        line.personalization = list(found.personalization)
        line.sku, line.options = found.variant.sku, found.variant.options
        line.save(update_fields=["unit_price", "personalization", "sku", "options"])
    return lines


def _first_payment(order: Order, gateway: str, *, consent: str) -> Payment | None:
    if not order.deposit:
        return None
    payment = attempts.unsaved(order, gateway, order.deposit)
    if not attempts.insert(payment):
        return None
    card_consent.record(order, payment, consent)
    return payment


def _repriced(order: Order, offered: Decimal, draft: Draft) -> Move:
    """Past the batch row, last: for the cap in money, and for the promise shown.

    Closed is no reason to refuse: the place is held since before.
    """
    before, now = (to_minor_units(g, order.currency) for g in (offered, order.goods))
    as_shown = Q(schedule_version=draft.schedule_version)
    gate = Gate(batch=Gate.before_production().batch & as_shown)
    return Move(batch_id=order.batch_id, units={}, goods=now - before, gate=gate)
