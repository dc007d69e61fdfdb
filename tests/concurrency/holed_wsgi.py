"""The shop's WSGI application with a guard taken out, for controls.

HOLE names the guard. Without it the race that it wins must be lost.
"""

# ruff: noqa: I001, B010  Django is set up before its imports; holes are made unasked
import os
import random
import threading
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from config.wsgi import application as application
from campaigns import capacity
from campaigns.capacity import Gate, Move
from campaigns.errors import Refused
from campaigns.models import Allotment, Batch
from orders.models import Order
from payments.checkout import placing
from payments import views
from payments.checkout.placing import Draft

page_read = threading.local()


def count_from_the_page() -> None:
    """The counters are written from what was read with the page."""
    move_of = placing._move_of

    def remember(draft: Draft, lines: Any) -> Move:
        page_read.batch = draft.batch
        page_read.allotments = {line.allotment.pk: line.allotment for line in lines}
        return move_of(draft, lines)

    def naive_shift(*moves: Move) -> None:
        [move] = moves
        batch, units = page_read.batch, sum(move.units.values())
        if batch.taken + units > batch.capacity:
            raise Refused
        for pk, wanted in move.units.items():
            taken = page_read.allotments[pk].taken + wanted
            Allotment.objects.filter(pk=pk).update(taken=taken)
        Batch.objects.filter(pk=batch.pk).update(taken=batch.taken + units)

    placing._move_of = remember
    capacity.shift = naive_shift


def take_units_at_any_time() -> None:
    """The page is asked whether the batch is open; the claim is not."""
    setattr(Gate, "new_order", lambda _version: capacity.ANY_TIME)


def consent_to_any_window() -> None:
    """The window of now is taken for the one the buyer read."""

    def place_all_the_same(draft: Draft, **options: Any) -> Order:
        seen = replace(draft, schedule_version=draft.batch.schedule_version)
        return placing.place(seen, **options)

    setattr(views, "place", place_all_the_same)


def lock_in_any_order() -> None:
    """Rows are not sorted before they are locked."""

    def shuffled(rows: Iterable[Any], **_key: Any) -> list[Any]:
        mixed = list(rows)
        random.shuffle(mixed)
        return mixed

    setattr(capacity, "sorted", shuffled)


def commit_row_by_row() -> None:
    """An order is written without a transaction around its rows and its units."""
    setattr(placing, "transaction", SimpleNamespace(atomic=nullcontext))


HOLES: dict[str, Callable[[], None]] = {
    "counter": count_from_the_page,
    "gate": take_units_at_any_time,
    "window": consent_to_any_window,
    "order": lock_in_any_order,
    "transaction": commit_row_by_row,
}
HOLES[os.environ["HOLE"]]()
