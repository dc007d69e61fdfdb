"""What must always be true of campaigns. Each check names the rows that break it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from campaigns.models import Allotment, Batch


@dataclass(frozen=True)
class Invariant:
    """`number` is the one in docs/invariants.md; `violations` yields a line per row."""

    number: int
    says: str
    violations: Callable[[], Iterable[str]]


def caps_overrun() -> Iterable[str]:
    over = (
        Q(taken__gt=F("capacity"))
        | Q(orders_taken__gt=F("order_capacity"))
        | Q(goods_taken__gt=F("goods_capacity"))
    )
    for batch in Batch.objects.filter(over | Q(taken__lt=0)):
        yield f"batch {batch.pk}: {batch.taken} taken of {batch.capacity}"
    for allotment in Allotment.objects.filter(
        Q(taken__gt=F("capacity")) | Q(taken__lt=0)
    ):
        yield f"allotment {allotment.pk}: {allotment.taken} of {allotment.capacity}"


def allotments_not_adding_up() -> Iterable[str]:
    batches = Batch.objects.annotate(parts=Coalesce(Sum("allotments__taken"), 0))
    drifted = batches.exclude(taken=F("parts")).values_list("pk", "taken", "parts")
    for pk, taken, parts in drifted:
        yield f"batch {pk}: taken {taken}, allotments {parts}"


INVARIANTS = (
    Invariant(1, "no cap is overrun", caps_overrun),
    Invariant(3, "allotments add up to their batch", allotments_not_adding_up),
)
