"""Random histories with questions: ask to move, answer, withdraw, let time pass."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import F
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, multiple, rule

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Batch
from orders.decisions import settling
from orders.models import Decision
from orders.moves import questions as move_questions
from orders.moves.moving import NotMovable
from tests.concurrency.machine import ShopMachine, refusal_of
from tests.concurrency.machine_waiting import WaitingMachine
from tests.concurrency.model import Purchase, Run
from tests.concurrency.model_moving import DAYS_OPEN, MovingShop, Question
from tests.drafts import rows_of_orders
from tests.orders.moving import ask, time_is_over

# Mostly as a seller should ask.
DAYS = (2, 2, 2, 0, DAYS_OPEN + 1)
IS_OTHER = (True, True, True, False)
MEANWHILE = (
    *("nothing_happens", "nothing_happens", "source_is_made"),
    *("target_closes", "target_fills", "window_changes", "nobody_answers"),
)


def hindrance_of(step: Callable[[], object]) -> str | None:
    try:
        step()
    except NotMovable as found:
        return str(found.reason)
    return None


class MovingMachine(WaitingMachine):
    SHOP = MovingShop
    shop: MovingShop

    questions: Bundle[Question] = Bundle("questions")

    def __init__(self) -> None:
        super().__init__()
        self.decisions: list[int] = []

    # The seller

    @rule(
        target=questions,
        purchase=ShopMachine.purchases,
        is_other=st.sampled_from(IS_OTHER),
        days=st.sampled_from(DAYS),
    )
    def ask_to_move(self, purchase: Purchase, is_other: bool, days: int) -> Any:
        target = self.other(purchase) if is_other else purchase.batch
        return self.ask(purchase, target, days=days) or multiple()

    def ask(
        self, purchase: Purchase, target: Run, *, days: int = DAYS[0]
    ) -> Question | None:
        expected = self.shop.hindrance_to_ask(purchase, target, days)
        order, batch = self.order_of(purchase), self.batch(target)
        answer_by = database_now() + timedelta(days=days)
        assert hindrance_of(lambda: ask(order, batch, answer_by=answer_by)) == expected
        if expected:
            return None
        self.decisions.append(Decision.objects.latest("pk").pk)
        return self.shop.ask(purchase, target)

    def other(self, purchase: Purchase) -> Run:
        [run] = [run for run in self.shop.runs if run is not purchase.batch]
        return run

    @rule(question=questions)
    def withdraw(self, question: Question) -> None:
        pk, is_open = self.decision_of(question).pk, question.state == "open"
        refusal = refusal_of(lambda: settling.withdraw(pk, actor=SYSTEM))
        assert refusal == (None if is_open else "InvalidTransition")
        if is_open:
            question.state = "withdrawn"

    @rule(number=st.integers(0, 1))
    def change_window(self, number: int) -> None:
        run = self.shop.runs[number]
        rows = Batch.objects.filter(pk=self.batch(run).pk)
        rows.update(schedule_version=F("schedule_version") + 1)
        run.version += 1

    # The buyer

    @rule(
        question=questions,
        choice=st.sampled_from(["move", "move", "stay"]),
        reads_anew=st.booleans(),
    )
    def answer(self, question: Question, choice: str, reads_anew: bool) -> None:
        """The page may be as old as the question; an answer may be a second one."""
        seen = question.target.version if reads_anew else question.version
        expected = self.shop.refusal_to_answer(question, choice, seen=seen)
        pk, before = self.decision_of(question).pk, rows_of_orders()
        refusal = refusal_of(
            lambda: move_questions.answer(pk, choice=Decision.Answer(choice), seen=seen)
        )
        assert refusal == expected
        if refusal:
            assert rows_of_orders() == before
        else:
            self.shop.answer(question, choice)

    @rule(
        target=questions,
        nth=st.integers(0, 9),
        meanwhile=st.sampled_from(MEANWHILE),
        choice=st.sampled_from(["move", "move", "stay"]),
        reads_anew=st.booleans(),
    )
    def ask_and_answer(self, nth: int, meanwhile: str, **said: Any) -> Any:
        """Paid and with room made first; something comes before the answer."""
        held = [p for p in self.shop.purchases if p.holds_units]
        if not held:
            return multiple()
        purchase = held[nth % len(held)]
        self.pay(purchase)
        target = self.other(purchase)
        number = self.shop.runs.index(target)
        self.change_capacity(number, self.shop.taken(target) + purchase.count)
        question = self.ask(purchase, target)
        if question is None:
            return multiple()
        getattr(self, meanwhile)(question)
        self.answer(question, **said)
        return question

    def nothing_happens(self, question: Question) -> None:
        pass

    def source_is_made(self, question: Question) -> None:
        self.close(question.origin)
        self.produce(question.origin)

    def target_closes(self, question: Question) -> None:
        self.close(question.target)

    def target_fills(self, question: Question) -> None:
        number = self.shop.runs.index(question.target)
        self.change_capacity(number, self.shop.taken(question.target))

    def window_changes(self, question: Question) -> None:
        self.change_window(self.shop.runs.index(question.target))

    def nobody_answers(self, question: Question) -> None:
        self.time_to_answer_runs_out(question, is_noticed=False)

    # Time

    @rule(question=questions, is_noticed=st.booleans())
    def time_to_answer_runs_out(self, question: Question, is_noticed: bool) -> None:
        if question.state == "open":
            time_is_over(self.decision_of(question))
            question.is_overdue = True
        if is_noticed:
            self.sweep()

    def decision_of(self, question: Question) -> Decision:
        pk = self.decisions[self.shop.questions.index(question)]
        return Decision.objects.get(pk=pk)

    def stored(self) -> dict[str, Any]:
        columns = ("pk", "state", "answer", "schedule_version")
        rows = {pk: row for pk, *row in Decision.objects.values_list(*columns)}
        return super().stored() | {"questions": [rows[pk] for pk in self.decisions]}

    def predicted(self) -> dict[str, Any]:
        questions = [[q.state, q.answer, q.version] for q in self.shop.questions]
        return super().predicted() | {"questions": questions}
