"""What must always be true of announced windows, and of the questions about them."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Count, Exists, F, OuterRef, Q

from campaigns.clock import database_now
from campaigns.invariants import Invariant
from campaigns.models import ScheduleChange
from orders.decisions.mails import OF_DELAYS, SCHEDULE_CHANGE
from orders.models import Decision, Message, Order, OrderEvent
from orders.models.event import DELAY_DECLINED, DELAY_UNANSWERED

CHUNK = 5000
# Until the last of very many orders is told.
FAN_OUT = timedelta(minutes=15)


def orders_behind_their_batch() -> Iterable[str]:
    just_now = ScheduleChange.objects.filter(
        batch=OuterRef("batch"),
        version=OuterRef("batch__schedule_version"),
        announced_at__gt=database_now() - FAN_OUT,
    )
    behind = Order.objects.behind_schedule().filter(~Exists(just_now))
    for order in behind.select_related("batch"):
        versions = f"knows {order.schedule_version} of {order.batch.schedule_version}"
        yield f"order {order.pk}: {versions}"


def orders_ahead_of_their_batch() -> Iterable[str]:
    """Nothing newer would ever be told to them."""
    ahead = Order.objects.filter(schedule_version__gt=F("batch__schedule_version"))
    for order in ahead.select_related("batch"):
        versions = f"knows {order.schedule_version} of {order.batch.schedule_version}"
        yield f"order {order.pk}: {versions}"


def windows_nobody_announced() -> Iterable[str]:
    """The batch promises what its newest announcement said."""
    newest = ScheduleChange.objects.filter(version=F("batch__schedule_version"))
    for change in newest.select_related("batch").order_by("pk"):
        batch = change.batch
        said = (change.new_from, change.new_until)
        if (batch.ships_from, batch.ships_until) != said:
            yield f"batch {batch.pk}: promises another window than was announced"


def tellings_without_their_mail() -> Iterable[str]:
    """Of each order's newest news; what is canceled since is told by that mail."""
    told = OrderEvent.objects.filter(kind="schedule_changed", data__mailed=True)
    newest = told.filter(order__status__in=Order.LIVE).order_by("pk")
    last = {
        order_id: data["version"]
        for order_id, data in newest.values_list("order_id", "data").iterator(CHUNK)
    }
    mails = Message.objects.filter(kind=SCHEDULE_CHANGE)
    mailed = set(mails.values_list("order_id", "schedule_version").iterator(CHUNK))
    for order_id, version in last.items():
        if (order_id, version) not in mailed:
            yield f"order {order_id}: no mail of version {version}"


def news_that_waits_twice() -> Iterable[str]:
    """An order has one such mail in the outbox, and none of a window that is dead."""
    waiting = Message.objects.filter(
        kind=SCHEDULE_CHANGE, state=Message.State.QUEUED, order__isnull=False
    )
    twice = waiting.order_by().values("order").annotate(n=Count("pk")).filter(n__gt=1)
    for row in twice:
        yield f"order {row['order']}: {row['n']} mails about its window wait"
    dead = Message.objects.filter(
        kind__in=OF_DELAYS,
        state=Message.State.QUEUED,
        schedule_version__lt=F("order__schedule_version"),
        order__decisions__schedule_version=F("order__schedule_version"),
    )
    for pk in dead.order_by("pk").values_list("pk", flat=True).distinct():
        yield f"message {pk}: waits, and tells of a window that is dead"


def questions_about_dead_windows() -> Iterable[str]:
    delays = Decision.objects.delays().open()
    dead = delays.filter(schedule_version__lt=F("order__schedule_version"))
    for decision in dead.filter(order__batch=F("origin")):
        yield f"decision {decision.pk}: asks about version {decision.schedule_version}"


def silence_nobody_could_break() -> Iterable[str]:
    sent = Message.objects.filter(
        order=OuterRef("order"),
        kind=SCHEDULE_CHANGE,
        schedule_version=OuterRef("schedule_version"),
        sent_at__lt=OuterRef("answer_by"),
    )
    lapsed = Decision.objects.delays().filter(state=Decision.State.LAPSED)
    for pk in lapsed.filter(~Exists(sent)).order_by("pk").values_list("pk", flat=True):
        yield f"decision {pk}: lapsed, its question was not sent in time"


def delays_that_kept_money() -> Iterable[str]:
    """Whoever does not wait gets everything back."""
    why = Q(data__reason=DELAY_DECLINED) | Q(data__reason=DELAY_UNANSWERED)
    ended = OrderEvent.objects.filter(why, kind=Order.Status.CANCELED)
    answered = Decision.objects.delays().filter(
        Q(state=Decision.State.ANSWERED) | Q(state=Decision.State.LAPSED),
        answer=Decision.Answer.CANCEL,
    )
    for order in Order.objects.filter(
        Q(pk__in=ended.values("order")) | Q(pk__in=answered.values("order"))
    ):
        if order.status != Order.Status.CANCELED or order.amount_kept:
            yield f"order {order.pk}: {order.status}, keeps {order.amount_kept}"


INVARIANTS = (
    Invariant(21, "no waiting mail tells a dead window", news_that_waits_twice),
    Invariant(27, "every order knows its newest window", orders_behind_their_batch),
    Invariant(27, "no order knows a window to come", orders_ahead_of_their_batch),
    Invariant(27, "a batch promises what was said", windows_nobody_announced),
    Invariant(27, "who was told has the mail", tellings_without_their_mail),
    Invariant(27, "nobody is asked of dead windows", questions_about_dead_windows),
    Invariant(28, "silence counts after the mail", silence_nobody_could_break),
    Invariant(28, "a delay keeps no money", delays_that_kept_money),
)
