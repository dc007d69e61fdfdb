"""What a buyer reads who is asked to move to another batch, and what came of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from django.http import HttpRequest
from django.utils.translation import gettext as _

from campaigns import dates, room_wording, wording
from campaigns.caps import Cap
from campaigns.errors import BatchClosed, CampaignError, SoldOut, WindowChanged
from campaigns.models import Batch
from orders.decisions import settling
from orders.decisions.page import Trouble, version_in
from orders.models import Decision, Order
from orders.moves import moving
from orders.moves import questions as move_questions
from orders.moves.moving import ProductionStarted

Answer = Decision.Answer
State = Decision.State


@dataclass
class MovePage:
    order: Order
    decision: Decision
    now: datetime
    trouble: Trouble | None = None
    shortages: list[tuple[str, int, int]] = field(default_factory=list)

    template: ClassVar[str] = "orders/decision_move.html"
    choices: ClassVar[tuple[Decision.Answer, ...]] = (
        Decision.Answer.MOVE,
        Decision.Answer.STAY,
    )

    @property
    def origin(self) -> Batch:
        return self.decision.origin

    @property
    def target(self) -> Batch:
        return self.decision.destination

    @property
    def is_open(self) -> bool:
        """Whether an answer still counts; nobody may have noticed the hour yet."""
        return self.decision.is_open and self.decision.answer_by > self.now

    @property
    def window(self) -> str:
        """While it is asked the promise of today, later the one that was agreed to."""
        row = self.target if self.is_open else self.decision
        return dates.window(row.ships_from, row.ships_until)

    @property
    def was(self) -> str:
        """The window as it was asked about, if it is another one now."""
        asked = dates.window(self.decision.ships_from, self.decision.ships_until)
        return asked if asked != self.window else ""

    @property
    def heading(self) -> str:
        numbers = {"origin": self.origin.number, "target": self.target.number}
        if self.is_open:
            return _("Move to batch %(target)s?") % numbers
        if self.decision.is_moved:
            return _("You moved to batch %(target)s") % numbers
        if self.decision.state == State.WITHDRAWN:
            return _("The question is withdrawn")
        return _("Your order stays in batch %(origin)s") % numbers

    @property
    def outcome(self) -> str:
        """What was decided, and by whom."""
        if self.is_open:
            return ""
        return {
            State.ANSWERED: _("You decided this; it is final."),
            State.WITHDRAWN: _("There is nothing to answer any more."),
        }.get(State(self.decision.state), _("There was no answer in time."))

    @property
    def minimum(self) -> str:
        """What becomes of the other batch if too few pay; then it binds this order."""
        return wording.minimum(self.target) if self.target.is_undecided else ""

    @property
    def left(self) -> int:
        """Units of the other batch for orders like this one."""
        return moving.left_for(self.order, self.target)

    @property
    def fits(self) -> bool:
        return moving.hindrance_at(self.target, self.order, self.now) is None

    def answer(self, request: HttpRequest, choice: Decision.Answer) -> None:
        """Raises what `move_questions.answer` raises."""
        seen = version_in(request)
        move_questions.answer(self.decision.pk, choice=choice, seen=seen)

    def tell(self, refusal: CampaignError) -> None:
        self.trouble = _trouble(self, refusal)
        if isinstance(refusal, SoldOut):
            self.shortages = _shortages(self.order, refusal)


def _trouble(page: MovePage, refusal: CampaignError) -> Trouble:
    number = {"number": page.target.number, "left": page.left}
    match refusal:
        case ProductionStarted():
            return _production_started(page.origin)
        case SoldOut():
            return _no_room(page, refusal)
        case WindowChanged():
            return Trouble(
                _("The shipping date has changed"),
                _("Nothing was decided yet. Read the new window, then answer again."),
            )
        case BatchClosed():
            return Trouble(
                _("Batch %(number)s takes no more orders") % number,
                _("At the end %(left)s were left. Nothing was changed.") % number,
            )
        case settling.AlreadyDecided():
            return Trouble(
                _("This was decided before"), _("Nothing was changed by this answer.")
            )
    return Trouble(
        _("This order can no longer be moved"), _("Nothing was changed; it stays.")
    )


def _production_started(origin: Batch) -> Trouble:
    return Trouble(
        _("Production of batch %(number)s has started") % {"number": origin.number},
        _(
            "It started at the moment of your answer, so nothing was changed. You can"
            " still leave the batch: look again, then answer again."
        ),
    )


def _no_room(page: MovePage, refusal: SoldOut) -> Trouble:
    number = {"number": page.target.number, "left": page.left}
    if page.fits:
        return Trouble(
            _("Batch %(number)s has enough left again") % number,
            _("It has %(left)s left now. Nothing was changed yet: answer again.")
            % number,
        )
    caps = (short.cap for short in refusal.shortages)
    cap = next(filter(room_wording.hidden, caps), Cap.BATCH)
    title_cap = Cap.BATCH if page.left else cap
    left = {"left": room_wording.units_left(page.left, cap)}
    return Trouble(
        room_wording.not_enough(page.target.number, title_cap),
        _("Nothing was changed: %(left)s. You can try again later, or stay.") % left,
    )


def _shortages(order: Order, refusal: SoldOut) -> list[tuple[str, int, int]]:
    """Label, wanted and left of each variant that is short."""
    labels = {line.variant_id: line.label or line.name for line in order.lines.all()}
    return [
        (labels[short.variant_id], short.wanted, short.left)
        for short in refusal.shortages
        if short.variant_id is not None
    ]
