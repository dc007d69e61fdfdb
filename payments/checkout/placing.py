"""Placing an order: order, first payment and mail in one short transaction."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import IntegrityError, transaction

from campaigns import capacity
from campaigns.actors import BUYER, SYSTEM, Actor
from campaigns.capacity import Gate, Move
from campaigns.errors import Refused, WindowChanged
from campaigns.models import Allotment, Batch, Campaign, ShippingOption, Variant
from campaigns.money import smallest_unit, to_minor_units
from campaigns.wakeup import wake_up
from orders import emails, lifecycle, tallies
from orders.holds import limits as hold_limits
from orders.models import Order, OrderLine
from orders.models.line import units_by_allotment
from orders.models.order import new_number
from orders.origins import Origin
from payments import attempts, gateways
from payments.cards import consent as card_consent
from payments.models import Payment

# Deposits are rounded to amounts people like to transfer.
DEPOSIT_UNIT = {"IDR": Decimal(1000)}


@dataclass(frozen=True, kw_only=True)
class DraftLine:
    variant: Variant
    allotment: Allotment
    quantity: int
    personalization: tuple[str, ...] = ()

    @property
    def amount(self) -> Decimal:
        return self.variant.price * self.quantity


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A checked order that is not placed yet; prices are the server's.

    `schedule_version` is the promise the buyer saw. `batch` carries the database's
    `clock` of the moment it was read. `buyer` holds columns of Order. Only an order
    with an `origin` counts against hoarding.
    """

    campaign: Campaign
    batch: Batch
    schedule_version: int
    lines: tuple[DraftLine, ...]
    shipping: ShippingOption
    buyer: dict[str, Any]
    locale: str
    source: Order.Source = Order.Source.SHOP
    actor: Actor = BUYER
    origin: Origin | None = None
    # The words under which the balance may be charged to the card; empty: it may not.
    consent: str = ""

    @property
    def units(self) -> int:
        return sum(line.quantity for line in self.lines)

    @property
    def goods(self) -> Decimal:
        return sum((line.amount for line in self.lines), start=Decimal(0))

    @property
    def shipping_price(self) -> Decimal:
        return self.shipping.price(
            sum(line.variant.weight_grams * line.quantity for line in self.lines)
        )


def place(draft: Draft, *, gateway: str, submit_key: str) -> Order:
    """Place the order once for each submit key; a repeat returns the same order.

    Raises SoldOut, BatchClosed, WindowChanged, BuyerLimitReached or TooManyUnpaid;
    nothing is written then. The gateway is asked for its page after the commit.
    """
    if draft.schedule_version != draft.batch.schedule_version:
        return _placed_before_or(WindowChanged(), submit_key)
    order = _order_of(draft, submit_key)
    lines = _lines_of(order, draft)
    move = _move_of(draft, lines)
    try:
        payment = _insert(draft, order, lines, move, gateway)
    except Refused as refusal:
        raise capacity.explain(
            move, schedule_version=draft.schedule_version
        ) from refusal
    except IntegrityError as error:
        # A twin with the same key was faster; its transaction is over now.
        return _placed_before_or(error, submit_key)
    if payment:
        attempts.start_unless_busy(payment)
    return order


def placed_before(submit_key: str) -> Order | None:
    return Order.objects.filter(submit_key=submit_key).first()


def _placed_before_or(refusal: Exception, submit_key: str) -> Order:
    if twin := placed_before(submit_key):
        return twin
    raise refusal


def _insert(
    draft: Draft, order: Order, lines: list[OrderLine], move: Move, gateway: str
) -> Payment | None:
    """All rows or none: the batch, which every buyer wants, is claimed last."""
    is_due = order.deposit > 0
    payment = attempts.unsaved(order, gateway, order.deposit) if is_due else None
    is_transfer = gateway == gateways.BANK_TRANSFER
    mail = emails.order_placed(order, lines, by_transfer=is_transfer)
    with transaction.atomic():
        order.save(force_insert=True)
        OrderLine.objects.bulk_create(lines)
        order.record("placed", actor=draft.actor, data={"units": draft.units})
        if payment and not attempts.insert(payment):
            payment = None
        if payment:
            card_consent.record(order, payment, draft.consent)
        if mail.to:
            mail.save(force_insert=True)
        if not is_due:
            lifecycle.confirm(order, actor=SYSTEM)
        tallies.claim(order, campaign=draft.campaign, units=draft.units)
        if draft.origin and is_due:
            hold_limits.check(order, campaign_id=draft.campaign.pk, units=draft.units)
        wake_up()
        capacity.shift(move)
    return payment


def _order_of(draft: Draft, submit_key: str) -> Order:
    campaign, batch = draft.campaign, draft.batch
    total = draft.goods + draft.shipping_price
    return Order(
        number=new_number(),
        batch=batch,
        source=draft.source,
        submit_key=submit_key,
        locale=draft.locale,
        time_zone=campaign.seller.time_zone,
        currency=campaign.currency,
        goods=draft.goods,
        shipping=draft.shipping_price,
        total=total,
        deposit=deposit_of(campaign, total),
        shipping_option=draft.shipping,
        shipping_service=draft.shipping.service,
        rules=rules_of(campaign, batch),
        promised_from=batch.ships_from,
        promised_until=batch.ships_until,
        schedule_version=draft.schedule_version,
        limit_keys=tallies.identities(
            email=draft.buyer["email"], phone=draft.buyer["phone"]
        ),
        expires_at=batch.clock + timedelta(minutes=campaign.hold_minutes),
        hold_origin=draft.origin.address if draft.origin else "",
        hold_network=draft.origin.network if draft.origin else "",
        **draft.buyer,
    )


def _lines_of(order: Order, draft: Draft) -> list[OrderLine]:
    return [
        OrderLine(
            order=order,
            variant=line.variant,
            allotment=line.allotment,
            ordered=line.quantity,
            quantity=line.quantity,
            unit_price=line.variant.price,
            personalization=list(line.personalization),
            name=draft.campaign.title,
            sku=line.variant.sku,
            options=line.variant.options,
        )
        for line in draft.lines
    ]


def _move_of(draft: Draft, lines: list[OrderLine]) -> Move:
    return Move(
        batch_id=draft.batch.pk,
        units=units_by_allotment(lines),
        orders=1,
        goods=to_minor_units(draft.goods, draft.campaign.currency),
        gate=Gate.new_order(draft.schedule_version),
    )


def deposit_of(campaign: Campaign, total: Decimal) -> Decimal:
    """What must be paid now: all of it, or the percentage rounded half up.

    Never rounded down to nothing: an order without a deposit is confirmed unpaid.
    """
    if campaign.plan == Campaign.Plan.FULL:
        return total
    unit = DEPOSIT_UNIT.get(campaign.currency) or smallest_unit(campaign.currency)
    share = total * Decimal(campaign.deposit_percent or 100) / 100
    rounded = (share / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit
    deposit = min(total, max(unit, rounded))
    return deposit if _both_can_be_paid(campaign, deposit, total) else total


def _both_can_be_paid(campaign: Campaign, deposit: Decimal, total: Decimal) -> bool:
    """A part too small for every way to pay would never be paid: then all is due."""
    parts = [part for part in (deposit, total - deposit) if part]
    takers = [gateways.offered(campaign, part) for part in parts]
    return all(takers) or not gateways.offered(campaign, total)


def rules_of(campaign: Campaign, batch: Batch) -> dict[str, Any]:
    """What the buyer agrees to, kept with the order: later edits bind new orders."""
    return {
        "plan": campaign.plan,
        "deposit_percent": campaign.deposit_percent,
        "free_cancellation": campaign.free_cancellation,
        "kept_percent": campaign.cancellation_kept_percent,
        "late_payment": campaign.late_payment,
        "hold_minutes": campaign.hold_minutes,
        "refund_rule": campaign.seller.refund_rule,
        **_balance_of(campaign),
        **_minimum_of(batch),
    }


def _balance_of(campaign: Campaign) -> dict[str, Any]:
    """When the rest is due and what happens without it; only what was fixed."""
    if campaign.plan != Campaign.Plan.DEPOSIT:
        return {}
    rules: dict[str, Any] = {
        "unpaid_balance": campaign.unpaid_balance,
        "balance_grace_days": Campaign.BALANCE_GRACE_DAYS,
    }
    if campaign.balance_due_on:
        return rules | {"balance_due_on": campaign.balance_due_on.isoformat()}
    if campaign.balance_due_days is not None:
        return rules | {"balance_due_days": campaign.balance_due_days}
    return rules


def _minimum_of(batch: Batch) -> dict[str, Any]:
    """What happens below the minimum; without one, nothing that could change."""
    if not batch.minimum_units:
        return {"minimum_units": None}
    return {
        "minimum_units": batch.minimum_units,
        "minimum_rule": batch.rule_below_minimum,
        "extension_days": batch.extension_days,
    }
