"""What became of the questions about each announced window."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from campaigns.lists import link_to
from campaigns.models import Batch, ScheduleChange
from orders.models import Decision, Order
from orders.models.decision import DecisionQuerySet

Answer, State = Decision.Answer, Decision.State
# Taken back as the buyer was told of a later date; else there was nothing to answer.
REPLACED = Q(
    Exists(
        ScheduleChange.objects.filter(
            batch=OuterRef("schedule_change__batch"),
            version__gt=OuterRef("schedule_version"),
            announced_at__lte=OuterRef("settled_at"),
        )
    ),
    state=State.WITHDRAWN,
)
# Lists are filtered by these names; all but the first make up the first.
OUTCOMES: dict[str, Q] = {
    "asked": Q(),
    "open": Q(state=State.OPEN),
    "wait": Q(state=State.ANSWERED, answer=Answer.WAIT),
    "cancel": Q(state=State.ANSWERED, answer=Answer.CANCEL),
    "lapsed": Q(state=State.LAPSED),
    "replaced": REPLACED,
    "over": Q(state=State.WITHDRAWN) & ~REPLACED,
}
# Among those that are open.
BY_HAND = "by_hand"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Orders, and the list that they are."""

    count: int
    url: str


def delays_of(name: str) -> DecisionQuerySet | None:
    """By `outcome`, or `outcome-announcement`; None for what nobody knows."""
    outcome, _dash, change = name.partition("-")
    delays = Decision.objects.delays()
    if change:
        if not change.isdecimal() or len(change) > 18:
            return None
        delays = delays.filter(schedule_change=int(change))
    if outcome == BY_HAND:
        return delays.to_ask_by_hand()
    rule = OUTCOMES.get(outcome)
    return None if rule is None else delays.filter(rule)


def answers_of(batch: Batch) -> list[tuple[ScheduleChange, dict[str, Figure]]]:
    """Announcements, newest first, each with its figures by outcome; three queries."""
    changes = batch.schedule_changes.order_by("-version")
    delays = Decision.objects.delays().filter(schedule_change__batch=batch).order_by()
    by_change: dict[int, dict[str, Any]] = defaultdict(dict)
    sums = {name: Count("pk", filter=rule) for name, rule in OUTCOMES.items()}
    for row in delays.values("schedule_change").annotate(**sums):
        by_change[row["schedule_change"]] |= row
    by_hand = delays.to_ask_by_hand().values_list("schedule_change")
    for change_id, count in by_hand.annotate(Count("pk")):
        by_change[change_id][BY_HAND] = count
    return [(change, _figures(change, by_change[change.pk])) for change in changes]


def _figures(change: ScheduleChange, counts: dict[str, Any]) -> dict[str, Figure]:
    return {
        name: Figure(
            count=counts.get(name, 0),
            url=link_to(Order, delay=f"{name}-{change.pk}"),
        )
        for name in (*OUTCOMES, BY_HAND)
    }
