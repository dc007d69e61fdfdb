"""What a new shipping window means for one order, by what that order agreed to."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

from orders.models import Decision, Message, Order

Answer, State = Decision.Answer, Decision.State
# A longer slip needs a yes; silence is one only up to here.
SHORT_SLIP = timedelta(days=30)
Day = date | None


@dataclass(frozen=True, kw_only=True)
class DelayTerms:
    """`promised_until`: the first promise, or that of the batch it moved to.

    `agreed`: the window agreed to last, by ordering, by moving, or by waiting for it.
    `was_asked`: whether a delay was put to this order before.
    """

    promised_until: Day
    agreed: tuple[Day, Day]
    was_asked: bool = False

    @classmethod
    def of(
        cls, order: Order, asked: Iterable[Decision], reached: Container[int] = ()
    ) -> Self:
        """`asked`: its questions so far, oldest first; those in `reached` were sent."""
        promised_until = order.promised_until
        agreed, was_asked = (order.promised_from, promised_until), False
        for decision in asked:
            window = (decision.ships_from, decision.ships_until)
            if decision.is_moved:
                agreed, promised_until = window, decision.ships_until
            elif decision.is_delay:
                agreed = window if decision.answer == Answer.WAIT else agreed
                is_settled = decision.state in (State.ANSWERED, State.LAPSED)
                was_asked = was_asked or is_settled or decision.pk in reached
        return cls(promised_until=promised_until, agreed=agreed, was_asked=was_asked)

    @classmethod
    def before(cls, decision: Decision) -> Self:
        """As they were when the question was put."""
        earlier = Decision.objects.filter(order=decision.order_id, pk__lt=decision.pk)
        asked = list(earlier.order_by("pk"))
        return cls.of(decision.order, asked)

    def is_delayed_by(self, until: Day) -> bool:
        """Whether this order has to be asked; who agreed to no date is only told."""
        agreed_until = self.agreed[1]
        if agreed_until is None:
            return False
        return until is None or until > agreed_until

    def silence_about(self, until: Day) -> Decision.Answer:
        """What no answer means: waiting, for a first, short and definite slip only."""
        if self.was_asked or until is None or self.promised_until is None:
            return Answer.CANCEL
        is_short = until - self.promised_until <= SHORT_SLIP
        return Answer.WAIT if is_short else Answer.CANCEL


def reached_by_mail(decisions: Iterable[Decision]) -> set[int]:
    """Of these the delays whose mail left, or is leaving right now; one query."""
    delays = [decision for decision in decisions if decision.is_delay]
    if not delays:
        return set()
    left = Message.objects.filter(
        order__in={decision.order_id for decision in delays},
        kind="schedule_change",
        state__in=[Message.State.SENT, Message.State.SENDING],
    )
    sent = set(left.values_list("order_id", "schedule_version"))
    return {d.pk for d in delays if (d.order_id, d.schedule_version) in sent}


def may_leave_free(order: Order) -> bool:
    """Whether its buyer gets all back: asked about a delay, or waiting for no date.

    Packing ends it, as it ends every cancellation.
    """
    asked = list(order.decisions.all())
    delays = [decision for decision in asked if decision.is_delay]
    if not delays:
        return False
    is_asked = any(delay.is_open for delay in delays)
    return is_asked or _waits_for_no_date(asked) or _may_still_turn(delays)


def _waits_for_no_date(asked: Iterable[Decision]) -> bool:
    """It was answered so, and the order did not move to a batch that has a date."""
    waits = False
    for decision in asked:
        is_answered = decision.state == State.ANSWERED
        if is_answered and decision.answer == Answer.WAIT:
            waits = waits or decision.ships_until is None
        elif decision.is_moved:
            waits = False
    return waits


def _may_still_turn(delays: list[Decision]) -> bool:
    keys = [delay.pk for delay in delays]
    return Decision.objects.turnable().filter(pk__in=keys).exists()
