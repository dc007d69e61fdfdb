"""Steps of the staff: send a parcel, take it back, end a batch."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns import dates
from campaigns.actors import Actor
from campaigns.admin.transitions import Transition
from campaigns.errors import CampaignError, NotReady
from campaigns.models import Batch
from fulfillment import dispatch
from fulfillment.admin_forms import ParcelForm
from fulfillment.errors import (
    AddressChanged,
    NotAllShipped,
    NotPaidInFull,
    NotShippable,
    NotUndoable,
    NumberInUse,
    WrongContents,
)
from fulfillment.models import Shipment
from orders.addresses import changes as address_changes
from orders.models import Order

Stage = Batch.Stage
SHIPPABLE = (Stage.PRODUCTION, Stage.SHIPPING)
Reason = NotUndoable.Reason
NOT_UNDONE = {
    Reason.VOIDED: gettext_lazy("This parcel was taken back before."),
    Reason.TOO_LATE: gettext_lazy("The five minutes are over."),
    Reason.TOLD: gettext_lazy("The mail to the buyer is already on its way."),
    Reason.BATCH_OVER: gettext_lazy("The batch is completed."),
}


def in_words(refusal: CampaignError) -> str:
    match refusal:
        case NumberInUse():
            return _("Another parcel of this courier has the number %(number)s.") % {
                "number": refusal.number
            }
        case WrongContents():
            return _("The order waits for other units than these; look again.")
        case AddressChanged():
            return _(
                "The address has changed since this page was opened. Read it again, and"
                " put it on the parcel."
            )
        case NotPaidInFull():
            return _("A part of the total is still due; nothing was shipped.")
        case NotUndoable():
            return str(NOT_UNDONE[refusal.reason])
        case NotAllShipped():
            return still_to_ship(refusal.waiting)
    return _("The order cannot be shipped now.")


def still_to_ship(count: int) -> str:
    text = ngettext(
        "%(count)s order is still to be shipped.",
        "%(count)s orders are still to be shipped.",
        count,
    )
    return text % {"count": count}


class Ship(Transition):
    name = "ship"
    label = gettext_lazy("Ship")
    done = gettext_lazy("Shipped; the buyer is told in five minutes")
    permission = "fulfillment.add_shipment"

    def is_offered(self, row: Order) -> bool:
        is_confirmed = row.status == Order.Status.CONFIRMED
        return is_confirmed and row.batch.stage in SHIPPABLE

    def form(self, row: Order, data: Any) -> forms.Form:
        return ParcelForm(data, order=row)

    def facts(self, row: Order) -> list[tuple[Any, object]]:
        waiting = [line for line in row.lines.all() if line.shipped < line.quantity]
        items = [f"{line.quantity - line.shipped} × {line.label}" for line in waiting]
        address = [row.name, row.address, row.district, row.city, row.postal_code]
        said = row.events.filter(kind__in=address_changes.SETTLED).order_by("pk").last()
        return [
            (_("To be shipped"), ", ".join(items)),
            (_("Ships to"), ", ".join(filter(None, address))),
            (
                _("Address confirmed by the buyer"),
                dates.moment(said.at) if said else _("no"),
            ),
            (_("Courier the buyer chose"), row.shipping_service or "–"),
            (
                _("Paid in full"),
                _("no, a part is still due") if row.still_due else _("yes"),
            ),
        ]

    def perform(self, row: Order, *, actor: Actor, data: dict[str, Any]) -> None:
        try:
            dispatch.ship(
                row.pk,
                carrier=data["carrier"],
                tracking_number=data["tracking_number"],
                lines=data["lines"] or None,
                known=dispatch.Known(
                    is_unpaid=data.get("though_unpaid", False),
                    address=data["address_seen"],
                ),
                actor=actor,
            )
        except (
            *(AddressChanged, NumberInUse),
            *(WrongContents, NotShippable),
        ) as refusal:
            raise NotReady([in_words(refusal)]) from refusal


class Undo(Transition):
    name = "undo"
    label = gettext_lazy("Take back")
    done = gettext_lazy("Taken back; the buyer is not told")

    def is_offered(self, row: Shipment) -> bool:
        return dispatch.is_undoable(row)

    def facts(self, row: Shipment) -> list[tuple[Any, object]]:
        until = row.shipped_at + dispatch.UNDO_WINDOW
        return [
            (_("Order"), row.order),
            (_("Contents"), ", ".join(str(entry) for entry in row.lines.all())),
            (_("Possible until"), dates.clock(until)),
        ]

    def perform(self, row: Shipment, *, actor: Actor, data: dict[str, Any]) -> None:
        try:
            dispatch.undo(row.pk, actor=actor)
        except NotUndoable as refusal:
            raise NotReady([in_words(refusal)]) from refusal


class Complete(Transition):
    name = "complete"
    label = gettext_lazy("Complete")
    done = gettext_lazy("Completed")

    def is_offered(self, row: Batch) -> bool:
        return row.stage == Stage.SHIPPING

    def facts(self, row: Batch) -> list[tuple[Any, object]]:
        shipped = row.orders.filter(status=Order.Status.FULFILLED).count()
        return [
            (_("Orders shipped"), shipped),
            (_("Orders still to be shipped"), dispatch.orders_to_ship(row)),
        ]

    def missing(self, row: Batch) -> list[str]:
        waiting = dispatch.orders_to_ship(row)
        return [still_to_ship(waiting)] if waiting else []

    def perform(self, row: Batch, *, actor: Actor, data: dict[str, Any]) -> None:
        try:
            dispatch.complete(row.pk, actor=actor)
        except NotAllShipped as refusal:
            raise NotReady([in_words(refusal)]) from refusal
