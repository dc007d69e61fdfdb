"""What a buyer reads who is asked to wait longer, and what came of it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import ClassVar

from django.http import HttpRequest
from django.utils.translation import gettext as _

from campaigns import dates
from campaigns.errors import CampaignError, WindowChanged
from campaigns.money import format_money
from orders.decisions.page import Trouble
from orders.decisions.settling import AlreadyDecided
from orders.delays import answers as delay_answers
from orders.delays.terms import DelayTerms
from orders.models import Decision, Order

Answer = Decision.Answer
State = Decision.State


@dataclass
class DelayPage:
    order: Order
    decision: Decision
    now: datetime
    trouble: Trouble | None = None

    template: ClassVar[str] = "orders/decision_delay.html"
    choices: ClassVar[tuple[Decision.Answer, ...]] = (Answer.WAIT, Answer.CANCEL)

    @property
    def is_open(self) -> bool:
        """Whether an answer still counts; nobody may have noticed the hour yet."""
        in_time = self.decision.is_open and self.decision.answer_by > self.now
        return in_time and self.order.status in Order.LIVE

    @cached_property
    def may_turn(self) -> bool:
        """Whether who waits may still go."""
        is_live = self.order.status in Order.LIVE and not self.order.packed_at
        return (
            is_live and Decision.objects.turnable().filter(pk=self.decision.pk).exists()
        )

    @property
    def window(self) -> str:
        return dates.window(self.decision.ships_from, self.decision.ships_until)

    @cached_property
    def was(self) -> str:
        """The window agreed to before."""
        return dates.window(*DelayTerms.before(self.decision).agreed)

    @property
    def is_known(self) -> bool:
        return self.decision.ships_until is not None

    @property
    def comes_back(self) -> Decimal:
        return self.order.amount_paid - self.order.amount_refunded

    @property
    def silence_cancels(self) -> bool:
        return self.decision.silence == Answer.CANCEL

    @property
    def wait_label(self) -> str:
        until = self.decision.ships_until
        if until is None:
            return _("Wait without a date")
        return _("Wait until %(day)s") % {"day": dates.day_bare(until)}

    @property
    def cancel_label(self) -> str:
        if not self.comes_back:
            return _("Cancel, nothing to pay")
        amount = format_money(self.comes_back, self.order.currency)
        return _("Cancel, %(amount)s back") % {"amount": amount}

    @property
    def heading(self) -> str:
        if self.is_open:
            return _("It ships later: wait, or cancel?")
        if self.decision.answer == Answer.WAIT:
            return _("Your order waits")
        if self.decision.answer == Answer.CANCEL:
            return _("Your order is canceled")
        return _("This question is over")

    @property
    def outcome(self) -> str:
        """What was decided, and by whom."""
        if self.is_open:
            return ""
        words = {
            (State.ANSWERED, Answer.WAIT): _("You decided to wait."),
            (State.ANSWERED, Answer.CANCEL): _("You decided to cancel; it is final."),
            (State.LAPSED, Answer.WAIT): _(
                "There was no answer in time, so it waits, as the question said."
            ),
            (State.LAPSED, Answer.CANCEL): _(
                "There was no answer in time, so it was canceled, as the question said."
            ),
        }
        nothing = _("There is nothing to answer here any more.")
        if not self.decision.answer:
            return nothing
        settled = State(self.decision.state), Answer(self.decision.answer)
        return words.get(settled, nothing)

    @cached_property
    def newest(self) -> Decision | None:
        """The question that replaced this one."""
        rows = Decision.objects.filter(order=self.order, pk__gt=self.decision.pk)
        return rows.order_by("-pk").first()

    def answer(self, request: HttpRequest, choice: Decision.Answer) -> None:
        """Raises what `delays.answer` raises."""
        delay_answers.answer(self.decision.pk, choice=choice)

    def tell(self, refusal: CampaignError) -> None:
        self.trouble = _trouble(refusal)


def _trouble(refusal: CampaignError) -> Trouble:
    match refusal:
        case WindowChanged():
            return Trouble(
                _("The shipping date has changed again"),
                _("Nothing was decided. You get the new question in a moment."),
            )
        case AlreadyDecided():
            return Trouble(
                _("This was decided before"), _("Nothing was changed by this answer.")
            )
    return Trouble(
        _("This order can no longer be canceled"),
        _("It is packed or over. Nothing was changed; write to the seller."),
    )
