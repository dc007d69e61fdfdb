"""What waits for somebody; a list with nothing in it is not mentioned."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import ngettext_lazy

from campaigns.clock import database_now
from campaigns.lists import link_to
from campaigns.models import Batch, Question, Update
from config.desk import Desk, Number
from orders.models import Decision, Message, Order
from orders.news.lists import asking, owed_news
from payments.models import (
    Discrepancy,
    GatewayEvent,
    Payment,
    Refund,
    RefundRun,
    StatementLine,
    TransferProof,
)

UNAPPROVED = {"state__in": "requested,manual", "approved_at__isnull": True}
# How long a batch that ended by itself is mentioned.
NEWS_FOR = timedelta(days=14)

Lookups = dict[str, Any]


@dataclass(frozen=True)
class Alert:
    """`words` for one and for several; `lookups` lead to the list of what is counted.

    They are its query too, unless `rows_of` picks the rows.
    """

    words: Any
    model: type[models.Model]
    lookups: Lookups
    rows_of: Callable[[Any], Any] | None = None

    def count(self, rows: Any) -> int:
        found: int = (self.rows_of or self._matching)(rows).count()
        return found

    def _matching(self, rows: Any) -> Any:
        several = {
            name: value.split(",")
            for name, value in self.lookups.items()
            if name.endswith("__in")
        }
        return rows.filter(**self.lookups | several)


STANDING = [
    Alert(
        ngettext_lazy("Mail that failed", "Mails that failed"),
        Message,
        {"state__exact": "failed"},
    ),
    Alert(
        ngettext_lazy("Payment that needs a look", "Payments that need a look"),
        Payment,
        {"needs_review__exact": 1},
    ),
    Alert(
        ngettext_lazy(
            "Refund of extra money to approve", "Refunds of extra money to approve"
        ),
        Refund,
        UNAPPROVED,
    ),
    Alert(
        ngettext_lazy("Proof of transfer to look at", "Proofs of transfer to look at"),
        TransferProof,
        {"decision__exact": ""},
    ),
    Alert(
        ngettext_lazy("Statement line to assign", "Statement lines to assign"),
        StatementLine,
        {"state__exact": "new"},
    ),
    Alert(
        ngettext_lazy("Refund to pay by hand", "Refunds to pay by hand"),
        Refund,
        {"state__exact": "manual"},
    ),
    Alert(
        ngettext_lazy("Refund run that stopped", "Refund runs that stopped"),
        RefundRun,
        {"state__exact": "stopped"},
    ),
    Alert(
        ngettext_lazy("Gateway event given up", "Gateway events given up"),
        GatewayEvent,
        {"state__exact": "dead"},
    ),
    Alert(
        ngettext_lazy(
            "Difference with a payment company", "Differences with payment companies"
        ),
        Discrepancy,
        {"resolved_at__isnull": True},
    ),
    Alert(
        ngettext_lazy("Question waiting", "Questions waiting"),
        Question,
        {"state__exact": "waiting"},
    ),
    Alert(
        ngettext_lazy("Update about to go out", "Updates about to go out"),
        Update,
        {"state__exact": "scheduled"},
    ),
]
LATE_BATCHES = ngettext_lazy(
    "Batch past its start of production", "Batches past their start of production"
)
MISSED_MINIMUMS = ngettext_lazy(
    "Batch that missed its minimum lately", "Batches that missed their minimum lately"
)
BALANCES = ngettext_lazy("Balance not paid in time", "Balances not paid in time")
OWED_NEWS = ngettext_lazy(
    "Batch whose buyers are owed a word", "Batches whose buyers are owed a word"
)
ASKING = ngettext_lazy("Buyer who asks for news", "Buyers who ask for news")
DELAYS_BY_HAND = ngettext_lazy("Delay to ask by hand", "Delays to ask by hand")


def read(desk: Desk) -> Iterator[Number]:
    for alert in [*STANDING, *_of_today(), *PICKED]:
        if not desk.may_see(alert.model):
            continue
        if count := alert.count(desk.rows(alert.model)):
            url = link_to(alert.model, **alert.lookups)
            yield Number(label=alert.words % count, value=count, url=url)


def _of_today() -> list[Alert]:
    overdue = {
        "stage__in": ",".join(Batch.BEFORE_PRODUCTION),
        "production_starts_on__lt": timezone.localdate().isoformat(),
    }
    lately = database_now() - NEWS_FOR
    missed = {"minimum_missed_at__gte": lately.isoformat(timespec="seconds")}
    return [
        Alert(LATE_BATCHES, Batch, overdue),
        Alert(MISSED_MINIMUMS, Batch, missed),
    ]


def _with_overdue_balance(orders: Any) -> Any:
    return orders.with_overdue_balance()


def _to_ask_by_hand(orders: Any) -> Any:
    """Buyers whom no mail reaches: their question waits for the seller."""
    return orders.filter(pk__in=Decision.objects.to_ask_by_hand().values("order"))


# What no lookups say alone.
PICKED = [
    Alert(BALANCES, Order, {"balance": "overdue"}, _with_overdue_balance),
    Alert(OWED_NEWS, Batch, {"news": "owed"}, owed_news),
    Alert(ASKING, Order, {"news": "asked"}, asking),
    Alert(DELAYS_BY_HAND, Order, {"delay": "by_hand"}, _to_ask_by_hand),
]
