"""The model's questions: who is asked to change batches, and what becomes of it."""

from dataclasses import dataclass, field

from tests.concurrency.model import TAKES_MONEY, Purchase, Run
from tests.concurrency.model_waiting import WaitingShop

MAY_LEAVE = (*TAKES_MONEY, "production")
DAYS_OPEN = 7


@dataclass(eq=False)
class Question:
    purchase: Purchase
    origin: Run
    target: Run
    # Of the target's window, as the buyer reads it.
    version: int
    state: str = "open"
    answer: str = ""
    is_overdue: bool = False

    @property
    def is_pointless(self) -> bool:
        may_leave = self.origin.stage in MAY_LEAVE
        may_arrive = self.target.stage in TAKES_MONEY
        is_confirmed = self.purchase.status == "confirmed"
        return not (is_confirmed and may_leave and may_arrive)


@dataclass
class MovingShop(WaitingShop):
    questions: list[Question] = field(default_factory=list)

    def open_questions(self) -> list[Question]:
        return [question for question in self.questions if question.state == "open"]

    # What the seller asks, and takes back.

    def hindrance_to_ask(
        self, purchase: Purchase, target: Run, days: int
    ) -> str | None:
        """The answer is due in so many days."""
        asked = [question.purchase for question in self.open_questions()]
        return _first(
            (purchase in asked, "asked"),
            (purchase.status != "confirmed", "not_confirmed"),
            (purchase.batch.stage not in MAY_LEAVE, "batch_over"),
            (target is purchase.batch, "same_batch"),
            (not target.is_accepting, "closed"),
            (not self.has_room(target, purchase.units), "full"),
            (days <= 0, "answer_too_soon"),
            (days > DAYS_OPEN, "answer_too_late"),
        )

    def ask(self, purchase: Purchase, target: Run) -> Question:
        """Reserves nothing."""
        question = Question(purchase, purchase.batch, target, target.version)
        self.questions.append(question)
        return question

    # What the buyer answers.

    def refusal_to_answer(
        self, question: Question, choice: str, *, seen: int
    ) -> str | None:
        if (question.state, question.answer) == ("answered", choice):
            return None
        if question.state != "open" or question.is_overdue:
            return "AlreadyDecided"
        return self._refusal_to_move(question, seen) if choice == "move" else None

    def _refusal_to_move(self, question: Question, seen: int) -> str | None:
        target, units = question.target, question.purchase.units
        return _first(
            (target.version != seen, "WindowChanged"),
            (question.origin.stage not in MAY_LEAVE, "NotMovable"),
            (not target.is_accepting, "BatchClosed"),
            (not self.has_room(target, units), "SoldOut"),
        )

    def answer(self, question: Question, choice: str) -> None:
        if question.state == "answered":
            return
        question.state, question.answer = "answered", choice
        if choice == "move":
            self._move(question)

    def _move(self, question: Question) -> None:
        """Sheets stay as they were frozen, and the money as it was."""
        purchase, target = question.purchase, question.target
        self.freeing(purchase)
        question.version = purchase.version = target.version
        purchase.batch = target

    # What the shop does by itself.

    def cancel(self, purchase: Purchase, *, kept: int) -> None:
        super().cancel(purchase, kept=kept)
        for question in self.open_questions():
            if question.purchase is purchase:
                question.state = "withdrawn"

    def sweep(self) -> None:
        super().sweep()
        for question in self.open_questions():
            if question.is_pointless:
                question.state = "withdrawn"
            elif question.is_overdue:
                question.state, question.answer = "lapsed", "stay"


def _first(*checks: tuple[bool, str]) -> str | None:
    return next((name for is_so, name in checks if is_so), None)
