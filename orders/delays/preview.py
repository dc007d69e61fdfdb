"""What an announcement would mean for how many, and how its mail would read."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Exists, OuterRef

from campaigns.clock import database_now
from campaigns.models import Batch, ScheduleChange
from orders.delays.tellings import questions_of, telling
from orders.delays.terms import DelayTerms, reached_by_mail
from orders.models import Decision, Message, Order, OrderLine

CHUNK = 1000
READ = ("number", "status", "email", "promised_from", "promised_until", "batch")


@dataclass(kw_only=True)
class Counts:
    """Orders by what silence means for them; the last two are among the others."""

    waits: int = 0
    cancels: int = 0
    told: int = 0
    by_hand: int = 0
    unpaid: int = 0

    def add(self, order: Order, terms: DelayTerms, change: ScheduleChange) -> None:
        is_asked = not _is_shipped(order) and terms.is_delayed_by(change.new_until)
        if not is_asked:
            self.told += 1
        elif terms.silence_about(change.new_until) == Decision.Answer.WAIT:
            self.waits += 1
        else:
            self.cancels += 1
        self.by_hand += is_asked and not order.email
        self.unpaid += order.status == Order.Status.PENDING


@dataclass(frozen=True, kw_only=True)
class Preview:
    change: ScheduleChange
    counts: Counts = field(default_factory=Counts)
    mails: list[tuple[str, Message]] = field(default_factory=list)

    @property
    def is_asking(self) -> bool:
        return bool(self.counts.waits or self.counts.cancels)


def preview(change: ScheduleChange) -> Preview:
    """Of a change that is not stored; very many orders take some seconds."""
    counts = Counts()
    for chunk in _chunks(change.batch):
        asked = questions_of(chunk, Decision.objects.all())
        reached = reached_by_mail(d for of_order in asked.values() for d in of_order)
        for order in chunk:
            terms = DelayTerms.of(order, asked[order.pk], reached)
            counts.add(order, terms, change)
    return Preview(change=change, counts=counts, mails=list(_mails(change)))


def _chunks(batch: Batch) -> Iterator[list[Order]]:
    shipped = OrderLine.objects.filter(order=OuterRef("pk"), shipped__gt=0)
    orders = Order.objects.told_of_windows().filter(batch=batch).order_by("pk")
    rows, last = orders.annotate(is_shipped=Exists(shipped)).only(*READ), 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        yield chunk
        last = chunk[-1].pk


def _is_shipped(order: Order) -> bool:
    return bool(vars(order)["is_shipped"])


def _mails(change: ScheduleChange) -> Iterator[tuple[str, Message]]:
    """To an order that has this language, or else to another one."""
    orders = Order.objects.told_of_windows().filter(batch=change.batch).for_page()
    for code, language in settings.LANGUAGES:
        order = orders.filter(locale=code).first() or orders.first()
        if order is not None:
            order.locale = code
            yield str(language), _mail(order, change)


def _mail(order: Order, change: ScheduleChange) -> Message:
    asked = questions_of([order], Decision.objects.all())[order.pk]
    reached = reached_by_mail(asked)
    told = telling(order, change, asked, reached, now=database_now())
    if told.decision:
        # It has no number yet.
        told.decision.pk = 0
    return told.mail()
