"""What must always be true of questions, and of who asks for news."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from django.db.models import OuterRef

from campaigns.clock import database_now
from campaigns.invariants import Invariant
from campaigns.models import Question
from orders.mail import rows as mail_rows
from orders.models import OrderEvent
from orders.models.event import NEWS_ASKED
from orders.questions.emails import ANSWERED

CHUNK = 5000
# A round of the sweep that failed does no harm; a day of them does.
PATIENCE = timedelta(days=1)


def questions_never_forgotten() -> Iterable[str]:
    limit = database_now() - Question.TIME_TO_CONFIRM - PATIENCE
    left = Question.objects.filter(state=Question.State.UNCONFIRMED)
    for question in left.filter(asked_at__lt=limit):
        yield f"question {question.pk}: never confirmed, asked {question.asked_at}"


def questions_that_tell_where_they_came_from() -> Iterable[str]:
    confirmed = Question.objects.exclude(state=Question.State.UNCONFIRMED)
    for question in confirmed.exclude(origin="", network=""):
        yield f"question {question.pk}: confirmed, and its address is still known"


def askers_nobody_answered() -> Iterable[str]:
    settled = Question.objects.filter(
        state__in=[Question.State.ANSWERED, Question.State.DECLINED]
    )
    told = mail_rows.is_told(ANSWERED, OuterRef("pk"))
    for question in settled.exclude(told):
        yield f"question {question.pk}: {question.state}, its asker was not told"


def asked_twice_in_one_silence() -> Iterable[str]:
    asked = OrderEvent.objects.filter(kind=NEWS_ASKED).order_by("pk")
    rows = asked.values_list("order_id", "data").iterator(CHUNK)
    counts = Counter((order_id, data.get("since")) for order_id, data in rows)
    for (order_id, since), times in counts.items():
        if since and times > 1:
            yield f"order {order_id}: asked {times} times for news since {since}"


INVARIANTS = (
    Invariant(4, "no unconfirmed question outlives a week", questions_never_forgotten),
    Invariant(
        24, "who confirmed is not tracked", questions_that_tell_where_they_came_from
    ),
    Invariant(18, "each settled question has its mail", askers_nobody_answered),
    Invariant(9, "news is asked for once a silence", asked_twice_in_one_silence),
)
