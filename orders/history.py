"""What happened to an order, in the words of the staff."""

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
