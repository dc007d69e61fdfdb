"""Open, close and reopen a batch."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns import dates, readiness, room, wording
from campaigns.actors import Actor
from campaigns.admin.batch_forms import AddressLockForm, LaterClosingForm
from campaigns.admin.caps import wider_than
from campaigns.admin.transitions import Transition
from campaigns.clock import database_now
from campaigns.models import Batch, Campaign
from campaigns.money import format_money, from_minor_units
from campaigns.wakeup import wake_up


class BatchStep(Transition):
    origin: Batch.Stage

    def is_offered(self, row: Batch) -> bool:
        return row.stage == self.origin


class Open(BatchStep):
    name = "open"
    label = _("Open for orders")
    done = _("Opened for orders")
    origin = Batch.Stage.DRAFT

    def facts(self, row: Batch) -> list[tuple[Any, object]]:
        variants = row.campaign.variants.active().count()
        return [
            *_visibility(row.campaign),
            (_("Capacity"), row.capacity),
            *_other_caps(row),
            (_("Minimum"), wording.minimum(row) or "–"),
            (_("Variants for sale"), variants),
            (_("Opens"), dates.moment(row.opens_at) if row.opens_at else "–"),
            (_("Closes"), dates.moment(row.closes_at) if row.closes_at else "–"),
            (_("Buyers are promised"), dates.window(row.ships_from, row.ships_until)),
        ]

    def missing(self, row: Batch) -> list[str]:
        return readiness.in_words(row.missing_for_opening(database_now()))

    def perform(self, row: Batch, *, actor: Actor, data: dict[str, Any]) -> None:
        row.open(actor=actor)


def _visibility(campaign: Campaign) -> list[tuple[Any, object]]:
    if campaign.is_public:
        return []
    return [(_("campaign"), _("not public: nobody can order before it is"))]


def _other_caps(batch: Batch) -> list[tuple[Any, object]]:
    caps: list[tuple[Any, object]] = []
    if batch.order_capacity is not None:
        caps.append((_("capacity in orders"), batch.order_capacity))
    if batch.goods_capacity is not None:
        currency = batch.campaign.currency
        amount = from_minor_units(batch.goods_capacity, currency)
        caps.append((_("capacity in money"), format_money(amount, currency)))
    if words := wider_than(batch):
        caps.append((_("Variants"), words))
    return caps


class Close(BatchStep):
    name = "close"
    label = _("Close")
    done = _("Closed")
    origin = Batch.Stage.OPEN

    def facts(self, row: Batch) -> list[tuple[Any, object]]:
        return [
            (_("Units ordered"), row.taken),
            (_("Units that stay unsold"), row.rest),
            (_("Minimum"), wording.minimum(row) or "–"),
            (_("Would close by itself"), dates.moment(row.closes_at)),  # type: ignore[arg-type]
            (_("Unpaid orders"), _("may still be paid until their own time ends")),
        ]

    def perform(self, row: Batch, *, actor: Actor, data: dict[str, Any]) -> None:
        row.close(actor=actor)


class Reopen(BatchStep):
    name = "reopen"
    label = _("Reopen")
    done = _("Reopened")
    origin = Batch.Stage.CLOSED
    form_class = LaterClosingForm

    def facts(self, row: Batch) -> list[tuple[Any, object]]:
        return [
            (_("Units ordered"), row.taken),
            (_("Units on sale again"), room.in_batch(row).left),
            (_("Buyers are promised"), dates.window(row.ships_from, row.ships_until)),
        ]

    def perform(self, row: Batch, *, actor: Actor, data: dict[str, Any]) -> None:
        row.reopen(closes_at=data["closes_at"], actor=actor)


class LockAddresses(Transition):
    """Announces the lock; the orders of the batch are told by the sweep."""

    name = "lock-addresses"
    label = _("Lock addresses")
    done = _("Announced; buyers are told by mail")

    def is_offered(self, row: Batch) -> bool:
        return row.stage in Batch.BEFORE_COMPLETION

    def form(self, row: Batch, data: Any) -> forms.Form:
        return AddressLockForm(data, zone=row.campaign.seller.time_zone)

    def facts(self, row: Batch) -> list[tuple[Any, object]]:
        locks = row.addresses_lock_at
        return [
            (_("Announced so far"), dates.moment(locks) if locks else "–"),
            (_("Buyers are told"), _("at least 48 hours before")),
            (_("Until then"), _("each confirms or changes the address on a page")),
            (_("From then on"), _("only you change an address, until it is packed")),
        ]

    def perform(self, row: Batch, *, actor: Actor, data: dict[str, Any]) -> None:
        row.announce_address_lock(data["lock_at"], actor=actor)
        wake_up()
