"""What one order is told of a new shipping window, and what it is asked about it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from campaigns.actors import SYSTEM
from campaigns.models import ScheduleChange
from campaigns.schedule import LEAST_TIME, USUAL_TIME
from orders.decisions import settling
from orders.delays import emails as delay_emails
from orders.delays.terms import DelayTerms, reached_by_mail
from orders.models import Decision, Message, Order, OrderEvent
from orders.models.decision import DecisionQuerySet

# From the announcement until even the last of very many mails is sent.
SENDING_TIME = timedelta(hours=1)


@dataclass(kw_only=True)
class Telling:
    """`asked`: the order's questions so far; `decision`: the one put now, if any."""

    order: Order
    change: ScheduleChange
    terms: DelayTerms
    asked: Sequence[Decision]
    decision: Decision | None = None

    @property
    def outdated(self) -> Decision | None:
        """The open question that this news replaces; one question at a time."""
        open_ = next((d for d in self.asked if d.is_open), None)
        is_replaced = open_ and (open_.is_delay or self.decision)
        return open_ if is_replaced else None

    def mail(self) -> Message:
        change = self.change
        key = delay_emails.key_of(self.asked, change.version, change.batch_id)
        return delay_emails.schedule_change(
            self.order, change, self.terms, key=key, decision=self.decision
        )

    def events(self) -> list[OrderEvent]:
        found = [self._event("schedule_changed", self._noted())]
        if outdated := self.outdated:
            kind = settling.EVENTS[outdated.kind, Decision.State.WITHDRAWN, ""]
            found.insert(0, self._event(kind, {"decision": outdated.pk}))
        return found

    def _noted(self) -> dict[str, object]:
        change = self.change
        old = interval(change.old_from, change.old_until)
        return {
            "window": {"from": old, "to": interval(change.new_from, change.new_until)},
            "version": change.version,
            "batch_id": change.batch_id,
            "decision": self.decision and self.decision.pk,
            "mailed": bool(self.order.email),
        }

    def _event(self, kind: str, data: dict[str, object]) -> OrderEvent:
        return OrderEvent(order=self.order, kind=kind, data=data, **SYSTEM.columns())


def interval(first: date | None, last: date | None) -> str:
    """As ISO 8601 writes intervals; empty when it is not known."""
    return f"{first}/{last}" if first and last else ""


def tellings_of(
    orders: Sequence[Order], change: ScheduleChange, now: datetime
) -> list[Telling]:
    """Of locked orders with their lines; two queries. Mails that wait are gone before:
    only so is it certain which earlier question reached its buyer."""
    asked = locked_questions_of(orders)
    reached = reached_by_mail(d for of_order in asked.values() for d in of_order)
    return [
        telling(order, change, asked[order.pk], reached, now=now) for order in orders
    ]


def telling(
    order: Order,
    change: ScheduleChange,
    asked: Sequence[Decision],
    reached: set[int],
    *,
    now: datetime,
) -> Telling:
    terms = DelayTerms.of(order, asked, reached)
    told = Telling(order=order, change=change, terms=terms, asked=asked)
    is_whole = not any(line.shipped for line in order.lines.all())
    if is_whole and terms.is_delayed_by(change.new_until):
        told.decision = _question(order, change, terms, now)
    return told


def _question(
    order: Order, change: ScheduleChange, terms: DelayTerms, now: datetime
) -> Decision:
    return Decision(
        order=order,
        kind=Decision.Kind.DELAY,
        reason=change.reason,
        origin=order.batch,
        schedule_change=change,
        schedule_version=change.version,
        ships_from=change.new_from,
        ships_until=change.new_until,
        answer_by=_answer_by(change, now),
        silence=terms.silence_about(change.new_until),
    )


def _answer_by(change: ScheduleChange, now: datetime) -> datetime:
    """As announced; for who hears of it late, the usual time from now."""
    is_fair = change.answer_by >= now + LEAST_TIME - SENDING_TIME
    return change.answer_by if is_fair else now + USUAL_TIME


def locked_questions_of(orders: Iterable[Order]) -> dict[int, list[Decision]]:
    """Locked like their orders, which are locked before."""
    return questions_of(orders, Decision.objects.select_for_update(no_key=True))


def questions_of(
    orders: Iterable[Order], rows: DecisionQuerySet
) -> dict[int, list[Decision]]:
    """Those among the rows, oldest first."""
    found: dict[int, list[Decision]] = defaultdict(list)
    asked = rows.filter(order__in=[order.pk for order in orders])
    for decision in asked.order_by("pk"):
        found[decision.order_id].append(decision)
    return found
