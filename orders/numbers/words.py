"""The numbers of a batch as staff read them, each with the list it adds up to."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns import room_wording
from campaigns.lists import any_of, has_list, link_to
from campaigns.models import Batch
from campaigns.money import format_money, from_minor_units
from orders.models import Order, WaitlistEntry
from orders.numbers.batch import BatchNumbers

UNPAID = (Order.Status.PENDING,)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`url` is empty where no list adds up to the value."""

    label: str
    value: object
    url: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Card:
    title: str
    figures: list[Figure]
    is_of_the_list: bool = False


def cards(numbers: BatchNumbers, *, sees_money: bool) -> list[Card]:
    found = [
        Card(title=_("Units"), figures=_room(numbers)),
        Card(title=_("Taken by"), figures=_sold(numbers)),
        Card(title=_("Minimum"), figures=list(_minimum(numbers))),
        Card(title=_("Other caps"), figures=list(_caps(numbers.batch, sees_money))),
        Card(
            title=_("Waiting list"),
            figures=list(_waiting(numbers, sees_money)),
            is_of_the_list=True,
        ),
    ]
    return [card for card in found if card.figures]


def orders_list(batch: Batch, *statuses: str) -> str:
    asked = any_of("status", statuses)
    return link_to(Order, batch__id__exact=batch.pk, **asked)


def waiting_list(batch: Batch, **lookups: int) -> str:
    if not has_list(WaitlistEntry):
        return ""
    waiting = WaitlistEntry.State.WAITING.value
    asked = {"batch__id__exact": batch.pk, **lookups}
    return link_to(WaitlistEntry, state__exact=waiting, **asked)


def summary(numbers: BatchNumbers) -> str:
    """One sentence, said aloud when it changes."""
    units = numbers.units
    numbers_said = _(
        "%(taken)s of %(capacity)s units taken: %(paid)s paid for, %(held)s held"
        " unpaid; %(left)s left for the public, %(waiting)s on the waiting list."
    ) % {
        "taken": numbers.batch.taken,
        "capacity": numbers.batch.capacity,
        "paid": units.paid,
        "held": units.held,
        "left": numbers.left,
        "waiting": units.waiting,
    }
    return f"{numbers_said} {room_wording.limit(numbers.cap)}".strip()


def _room(numbers: BatchNumbers) -> list[Figure]:
    batch = numbers.batch
    taken = orders_list(batch, *Order.HOLDING)
    return [
        Figure(label=_("Capacity"), value=batch.capacity),
        Figure(label=_("Taken"), value=batch.taken, url=taken),
        Figure(
            label=_("Left for the public"),
            value=numbers.left,
            note=room_wording.hidden(numbers.cap),
        ),
    ]


def _sold(numbers: BatchNumbers) -> list[Figure]:
    batch, units = numbers.batch, numbers.units
    paid, unpaid = orders_list(batch, *Order.PAID), orders_list(batch, *UNPAID)
    offered = _("%(units)s of them offered to the waiting list")
    return [
        Figure(label=_("Paid for"), value=units.paid, url=paid),
        Figure(
            label=_("Held unpaid, may come back"),
            value=units.held,
            url=unpaid,
            note=offered % {"units": units.offered} if units.offered else "",
        ),
        Figure(label=_("Shipped"), value=units.sent),
    ]


def _minimum(numbers: BatchNumbers) -> Iterator[Figure]:
    minimum, paid = numbers.batch.minimum_units, numbers.units.paid
    if minimum is None:
        return
    url, short = orders_list(numbers.batch, *Order.PAID), numbers.short_of_minimum
    label = _("Paid for so far")
    yield Figure(label=label, value=paid, url=url, note=_of(minimum))
    is_reached = "" if short else _("the minimum is reached")
    yield Figure(label=_("Still missing"), value=short, note=is_reached)


def _caps(batch: Batch, sees_money: bool) -> Iterator[Figure]:
    if batch.order_capacity is not None:
        yield Figure(
            label=_("Orders"),
            value=batch.orders_taken,
            url=orders_list(batch, *Order.HOLDING),
            note=_of(batch.order_capacity),
        )
    if batch.goods_capacity is not None and sees_money:
        yield Figure(
            label=_("Value of goods"),
            value=_goods(batch, batch.goods_taken),
            note=_of(_goods(batch, batch.goods_capacity)),
        )


def _of(most: object) -> str:
    return _("of %(most)s") % {"most": most}


def _goods(batch: Batch, minor: int) -> str:
    currency = batch.campaign.currency
    return format_money(from_minor_units(minor, currency), currency)


def _waiting(numbers: BatchNumbers, sees_money: bool) -> Iterator[Figure]:
    batch, url = numbers.batch, waiting_list(numbers.batch)
    yield Figure(label=_("People"), value=numbers.people_waiting)
    yield Figure(label=_("Units wanted"), value=numbers.units.waiting, url=url)
    if sees_money:
        worth = format_money(numbers.worth_waiting, batch.campaign.currency)
        yield Figure(label=_("At the prices of today"), value=worth)
