"""What happened to an order, in the words of the staff and of its buyer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import OrderEvent

KINDS = {
    "placed": gettext_lazy("Order placed"),
    "pending": gettext_lazy("Waits for payment"),
    "confirmed": gettext_lazy("Confirmed"),
    "fulfilled": gettext_lazy("Shipped"),
    "expired": gettext_lazy("Expired unpaid, units released"),
    "canceled": gettext_lazy("Canceled"),
}
ACTORS = {
    "buyer": gettext_lazy("Buyer"),
    "system": gettext_lazy("Automatic"),
    "gateway": gettext_lazy("Payment gateway"),
    "staff": gettext_lazy("Staff"),
}


@dataclass(frozen=True)
class Told:
    at: datetime
    what: str
    who: str
    details: str


def told(event: OrderEvent) -> Told:
    return Told(
        at=event.at,
        what=_what(event),
        who=str(event.user or ACTORS.get(event.actor) or event.actor),
        details=_details(event),
    )


def _what(event: OrderEvent) -> str:
    if event.kind == "confirmed" and event.data.get("from") == "expired":
        return _("Late money: taken back and confirmed")
    return str(KINDS.get(event.kind, event.kind))


def _details(event: OrderEvent) -> str:
    """The rest of what was noted; where it came from is told by the row before."""
    noted = event.data | event.personal
    return ", ".join(
        f"{name}: {value}" for name, value in noted.items() if name != "from"
    )


TOLD_TO_BUYERS = {
    "placed": gettext_lazy("You placed the order."),
    "confirmed": gettext_lazy("Your payment arrived; your place in the batch is sure."),
    "fulfilled": gettext_lazy("Everything was shipped."),
    "expired": gettext_lazy("The time to pay ran out; your place was given back."),
    "canceled": gettext_lazy("The seller canceled the order."),
}


@dataclass(frozen=True)
class Sentence:
    at: datetime
    text: str


def told_to_buyer(events: Iterable[OrderEvent]) -> list[Sentence]:
    """Latest first. Names of the staff and inner details stay with the staff."""
    sentences = [Sentence(event.at, _sentence(event)) for event in events]
    return sentences[::-1]


def _sentence(event: OrderEvent) -> str:
    if event.kind == "confirmed" and event.data.get("reinstated"):
        return _("Your payment came late; there was still room, so the order counts.")
    if event.kind == "canceled" and event.actor == "buyer":
        return _("You canceled the order.")
    return str(TOLD_TO_BUYERS.get(event.kind, _("The order was updated.")))
