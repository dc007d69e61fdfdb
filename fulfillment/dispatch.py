"""Parcels leave, and for a few minutes they can be taken back.

Rows are locked in the one order that cannot deadlock: order, its lines, an open
question, the parcel, and the batch last, whose stage decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from campaigns.actors import Actor
from campaigns.clock import Clock, database_now
from campaigns.models import Batch
from fulfillment.errors import (
    AddressChanged,
    NotAllShipped,
    NotPaidInFull,
    NotShippable,
    NotUndoable,
    NumberInUse,
    WrongContents,
)
from fulfillment.models import Carrier, Shipment, ShipmentLine
from orders import emails, lifecycle
from orders.addresses import changes as address_changes
from orders.decisions import settling
from orders.delays import returning
from orders.mail import outbox
from orders.mail import rows as mail_rows
from orders.models import Order, OrderLine

UNDO_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What whoever packed knew of the order, and ships in spite of."""

    # That a part of its total is due.
    is_unpaid: bool = False
    # `addresses.mark_of` what stands on the label; empty: nobody looked.
    address: str = ""


Reason = NotUndoable.Reason


def ship(
    order_id: int,
    *,
    carrier: Carrier | None,
    tracking_number: str,
    actor: Actor,
    lines: Mapping[int, int] | None = None,
    known: Known = Known(),
) -> Shipment:
    """Send a parcel with these units by line, or with all that is left of the order.

    Raises NotShippable, NotPaidInFull, AddressChanged, WrongContents or NumberInUse;
    nothing has changed then. The buyer is told when `UNDO_WINDOW` is over.
    """
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        if order.status != Order.Status.CONFIRMED:
            raise NotShippable(order)
        _refuse_what_was_not_known(order, known)
        contents = _contents(order, lines)
        shipment = _insert(order, carrier, tracking_number.strip(), actor)
        # Afterwards, by which `undo` knows what the parcel ended.
        settling.withdraw_open(order, actor=actor)
        _fill(shipment, contents)
        _tell(shipment, contents)
        order.record("shipped", actor=actor, data=_noted(shipment, contents))
        if not _waiting(order):
            order.move_to(Order.Status.FULFILLED, actor=actor, packed_at=database_now())
        _pass_batch(order, actor)
    return shipment


def _refuse_what_was_not_known(order: Order, known: Known) -> None:
    if order.still_due and not known.is_unpaid:
        raise NotPaidInFull(order.still_due)
    if known.address and known.address != address_changes.mark_of(order):
        raise AddressChanged


def _contents(
    order: Order, wanted: Mapping[int, int] | None
) -> list[tuple[OrderLine, int]]:
    """The locked lines with what goes into the parcel."""
    lines = {line.pk: line for line in _locked_lines(order)}
    left = {pk: line.quantity - line.shipped for pk, line in lines.items()}
    wanted = {pk: n for pk, n in left.items() if n} if wanted is None else wanted
    fits = all(1 <= units <= left.get(pk, 0) for pk, units in wanted.items())
    if not wanted or not fits:
        raise WrongContents(order)
    return [(lines[pk], wanted[pk]) for pk in sorted(wanted)]


def _locked_lines(order: Order) -> list[OrderLine]:
    return list(order.lines.select_for_update(no_key=True).order_by("pk"))


def _insert(
    order: Order, carrier: Carrier | None, number: str, actor: Actor
) -> Shipment:
    try:
        with transaction.atomic():
            return Shipment.objects.create(
                order=order,
                carrier=carrier,
                service=order.shipping_service,
                tracking_number=number,
                by=actor.user,
            )
    except IntegrityError as error:
        raise NumberInUse(number) from error


def _fill(shipment: Shipment, contents: list[tuple[OrderLine, int]]) -> None:
    for line, units in contents:
        ShipmentLine.objects.create(shipment=shipment, line=line, quantity=units)
        _add_shipped(line.pk, units)


def _add_shipped(line_id: int, units: int) -> None:
    rows = OrderLine.objects.filter(pk=line_id)
    rows.update(shipped=F("shipped") + units)


def _tell(shipment: Shipment, contents: list[tuple[OrderLine, int]]) -> None:
    emails.order_shipped(
        shipment.order,
        parcel_key=str(shipment.pk),
        hold_back=UNDO_WINDOW,
        courier=shipment.courier,
        tracking_number=shipment.tracking_number,
        tracking_url=shipment.tracking_page,
        contents=contents,
        is_last=not _waiting(shipment.order),
    )


def _noted(
    shipment: Shipment, contents: list[tuple[OrderLine, int]]
) -> dict[str, object]:
    return {
        "parcel": shipment.pk,
        "courier": shipment.courier,
        "number": shipment.tracking_number,
        "units": sum(units for _line, units in contents),
    }


def _waiting(order: Order) -> bool:
    """Whether a unit of the order is still to be shipped."""
    return order.lines.filter(shipped__lt=F("quantity")).exists()


def _pass_batch(order: Order, actor: Actor) -> None:
    """The first parcel of a batch in production starts its shipping."""
    batch = Batch.objects.locked(order.batch_id)
    if batch.stage == Batch.Stage.PRODUCTION:
        batch.start_shipping(actor=actor)
    elif batch.stage != Batch.Stage.SHIPPING:
        raise NotShippable(order)


def undo(shipment_id: int, *, actor: Actor) -> Shipment:
    """Take back a parcel nobody was told of yet; raises NotUndoable.

    The batch stays in shipping: its first parcel was noted.
    """
    with transaction.atomic():
        order_id = Shipment.objects.values_list("order_id").get(pk=shipment_id)[0]
        order = lifecycle.locked(order_id)
        _locked_lines(order)
        shipment = Shipment.objects.select_related("carrier").get(pk=shipment_id)
        _void(shipment)
        if not outbox.withdraw(_mail_key(order, shipment)):
            raise NotUndoable(Reason.TOLD)
        for entry in shipment.lines.all():
            _add_shipped(entry.line_id, -entry.quantity)
        order.record("shipment_voided", actor=actor, data={"parcel": shipment.pk})
        if order.status == Order.Status.FULFILLED:
            _wait_again(order, actor)
        returning.wait_again(order, ended_since=shipment.shipped_at)
        if Batch.objects.locked(order.batch_id).stage != Batch.Stage.SHIPPING:
            raise NotUndoable(Reason.BATCH_OVER)
    return shipment


def _void(shipment: Shipment) -> None:
    """Compare-and-set within the window."""
    if shipment.state != Shipment.State.SHIPPED:
        raise NotUndoable(Reason.VOIDED)
    fresh = Shipment.objects.filter(
        pk=shipment.pk,
        state=Shipment.State.SHIPPED,
        shipped_at__gt=database_now() - UNDO_WINDOW,
    )
    if not fresh.update(state=Shipment.State.VOIDED, voided_at=Clock()):
        raise NotUndoable(Reason.TOO_LATE)
    shipment.refresh_from_db(fields=["state", "voided_at"])


def is_undoable(shipment: Shipment) -> bool:
    """For what a page offers; decided again under the locks."""
    is_fresh = shipment.shipped_at > database_now() - UNDO_WINDOW
    return shipment.state == Shipment.State.SHIPPED and is_fresh


def _mail_key(order: Order, shipment: Shipment) -> str:
    return mail_rows.key_of("order_shipped", order, str(shipment.pk))


def _wait_again(order: Order, actor: Actor) -> None:
    """The payment was confirmed when it was: that stamp stays."""
    order.move_to(
        Order.Status.CONFIRMED,
        actor=actor,
        confirmed_at=order.confirmed_at,
        fulfilled_at=None,
        packed_at=None,
    )


def complete(batch_id: int, *, actor: Actor) -> Batch:
    """End a batch whose orders are all shipped; raises NotAllShipped."""
    with transaction.atomic():
        batch = Batch.objects.locked(batch_id)
        batch.complete(actor=actor)
        if waiting := orders_to_ship(batch):
            raise NotAllShipped(waiting)
    return batch


def orders_to_ship(batch: Batch) -> int:
    return Order.objects.filter(batch=batch, status=Order.Status.CONFIRMED).count()
