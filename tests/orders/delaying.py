"""A batch whose window moves, and a buyer who is asked about it."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User

from campaigns import schedule
from campaigns.actors import SYSTEM
from campaigns.clock import Clock
from campaigns.models import Batch, ScheduleChange
from campaigns.schedule import Window
from orders.delays import answers as delay_answers
from orders.delays import schedule_news
from orders.models import Decision, Message, Order

WAIT, CANCEL = Decision.Answer.WAIT, Decision.Answer.CANCEL
REASON = "The dye house is late."


def later(batch: Batch, days: int) -> Window:
    """The window it promises now, so many days later."""
    read = Batch.objects.get(pk=batch.pk)
    assert read.ships_from
    assert read.ships_until
    moved = timedelta(days=days)
    return Window(read.ships_from + moved, read.ships_until + moved)


def announce(batch: Batch, days: int | None = 14, **options: Any) -> ScheduleChange:
    """`days` later than it promises now; None: not known. Nobody is told yet."""
    window = None if days is None else later(batch, days)
    given = {"window": window, "reason": REASON, "actor": SYSTEM} | options
    return schedule.announce(Batch.objects.get(pk=batch.pk), **given)


def delay(batch: Batch, days: int | None = 14, **options: Any) -> ScheduleChange:
    """Announced and told to all, with the mails sent."""
    change = announce(batch, days, **options)
    schedule_news.tell_all()
    send()
    return change


def send() -> None:
    """As if every mail had left when it was written."""
    waiting = Message.objects.filter(state=Message.State.QUEUED)
    waiting.update(state=Message.State.SENT, sent_at=Clock(), attempts=1)


def question_of(order: Order) -> Decision:
    return Decision.objects.filter(order=order).latest("pk")


def answer(order: Order, choice: Decision.Answer, **options: Any) -> Decision:
    return delay_answers.answer(question_of(order).pk, choice=choice, **options)


def answer_by_passes(decision: Decision, *, days: int = 8) -> None:
    """All that happened to its order's questions did so many days earlier."""
    past = timedelta(days=days)
    for model, columns in (
        (Decision, ("asked_at", "answer_by", "settled_at")),
        (Message, ("created_at", "sent_at")),
    ):
        for row in model._default_manager.filter(order=decision.order_id):
            moved = {name: getattr(row, name) for name in columns}
            values = {name: at - past for name, at in moved.items() if at}
            model._default_manager.filter(pk=row.pk).update(**values)


def make_staff() -> User:
    return User.objects.create_superuser("admin")
