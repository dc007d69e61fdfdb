"""What waits for somebody; a list with nothing in it is not mentioned."""

from collections.abc import Callable, Iterator
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
Listed = tuple[Any, type[models.Model], Lookups]

# What is counted, in words for one and for several; its list.
STANDING: list[Listed] = [
    (
        ngettext_lazy("Mail that failed", "Mails that failed"),
        Message,
        {"state__exact": "failed"},
    ),
    (
        ngettext_lazy("Payment that needs a look", "Payments that need a look"),
        Payment,
        {"needs_review__exact": 1},
    ),
    (
        ngettext_lazy(
            "Refund of extra money to approve", "Refunds of extra money to approve"
        ),
        Refund,
        UNAPPROVED,
    ),
    (
        ngettext_lazy("Proof of transfer to look at", "Proofs of transfer to look at"),
        TransferProof,
        {"decision__exact": ""},
    ),
    (
        ngettext_lazy("Statement line to assign", "Statement lines to assign"),
        StatementLine,
        {"state__exact": "new"},
    ),
    (
        ngettext_lazy("Refund to pay by hand", "Refunds to pay by hand"),
        Refund,
        {"state__exact": "manual"},
    ),
    (
        ngettext_lazy("Refund run that stopped", "Refund runs that stopped"),
        RefundRun,
        {"state__exact": "stopped"},
    ),
    (
        ngettext_lazy("Gateway event given up", "Gateway events given up"),
        GatewayEvent,
        {"state__exact": "dead"},
    ),
    (
        ngettext_lazy(
            "Difference with a payment company", "Differences with payment companies"
        ),
        Discrepancy,
        {"resolved_at__isnull": True},
    ),
    (
        ngettext_lazy("Question waiting", "Questions waiting"),
        Question,
        {"state__exact": "waiting"},
    ),
    (
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
    for words, model, lookups in [*STANDING, *_of_today()]:
        if desk.may_see(model) and (count := _count(desk.rows(model), lookups)):
            url = link_to(model, **lookups)
            yield Number(label=words % count, value=count, url=url)
    yield from _overdue_balances(desk)
    yield from _news(desk)
    yield from _delays_to_ask(desk)


def _of_today() -> list[Listed]:
    overdue = {
        "stage__in": ",".join(Batch.BEFORE_PRODUCTION),
        "production_starts_on__lt": timezone.localdate().isoformat(),
    }
    lately = database_now() - NEWS_FOR
    missed = {"minimum_missed_at__gte": lately.isoformat(timespec="seconds")}
    return [(LATE_BATCHES, Batch, overdue), (MISSED_MINIMUMS, Batch, missed)]


def _overdue_balances(desk: Desk) -> Iterator[Number]:
    if not desk.may_see(Order):
        return
    if count := desk.rows(Order).with_overdue_balance().count():
        url = link_to(Order, balance="overdue")
        yield Number(label=BALANCES % count, value=count, url=url)


def _news(desk: Desk) -> Iterator[Number]:
    """Who waits for a word, and who asked for one."""
    found: list[tuple[Any, type[models.Model], str, Callable[[Any], Any]]] = [
        (OWED_NEWS, Batch, "owed", owed_news),
        (ASKING, Order, "asked", asking),
    ]
    for words, model, news, rows_of in found:
        if desk.may_see(model) and (count := rows_of(desk.rows(model)).count()):
            url = link_to(model, news=news)
            yield Number(label=words % count, value=count, url=url)


def _delays_to_ask(desk: Desk) -> Iterator[Number]:
    """Buyers whom no mail reaches: their question waits for the seller."""
    if not desk.may_see(Order):
        return
    asked = Decision.objects.to_ask_by_hand()
    if count := desk.rows(Order).filter(pk__in=asked.values("order")).count():
        url = link_to(Order, delay="by_hand")
        yield Number(label=DELAYS_BY_HAND % count, value=count, url=url)


def _count(rows: Any, lookups: dict[str, Any]) -> int:
    several = {n: v.split(",") for n, v in lookups.items() if n.endswith("__in")}
    found: int = rows.filter(**lookups | several).count()
    return found
