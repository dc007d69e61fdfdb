"""Addresses that no mail reaches: the last one that was tried came back."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef

from orders.models import Message

State = Message.State


def unreachable(among: Iterable[str] | None = None) -> set[str]:
    """Of these addresses, or of all: whose latest finished mail failed."""
    later = Message.objects.filter(
        to=OuterRef("to"), state=State.SENT, pk__gt=OuterRef("pk")
    )
    failed = Message.objects.filter(~Exists(later), state=State.FAILED).order_by()
    if among is not None:
        failed = failed.filter(to__in=list(among))
    return set(failed.values_list("to", flat=True).distinct())
