"""A batch and its minimum, for pages of apps that know no orders."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import template
from django.utils.translation import gettext as _

from campaigns import dates, wording
from campaigns.models import Batch
from orders.minimum import words as minimum_words

register = template.Library()


@register.inclusion_tag("orders/minimum.html")
def minimum_of(batch: Batch | None, now: datetime) -> dict[str, Any]:
    """For the public: the count once it is on sale, and what happens below it."""
    if batch is None or not batch.minimum_units:
        return {}
    is_ahead = batch.opens_at is None or batch.opens_at > now
    rule = wording.minimum(batch)
    return {"lines": [rule] if is_ahead else minimum_words.of_batch(batch)}


@register.inclusion_tag("orders/admin_minimum.html")
def minimum_panel(batch: Batch) -> dict[str, Any]:
    """For the staff: paid units against the minimum, the rule, and the decision."""
    if not batch.minimum_units:
        return {}
    return {"facts": list(_facts(batch))}


def _facts(batch: Batch) -> Iterator[tuple[str, str]]:
    if batch.stage != Batch.Stage.CANCELED:
        yield _("Now"), minimum_words.standing(batch)
    yield _("Buyers read"), wording.minimum(batch)
    if batch.extended_at:
        yield _("Extended"), dates.moment(batch.extended_at)
    yield _("Decision"), _decision(batch)


def _decision(batch: Batch) -> str:
    if batch.minimum_decided_at is None and batch.stage == Batch.Stage.CANCELED:
        return _("none: the batch was canceled")
    if batch.minimum_decided_at is None:
        return _("by itself, once it is closed and no order can still be paid")
    moment = dates.moment(batch.minimum_decided_at)
    words = _("missed and canceled") if batch.minimum_missed_at else _("goes ahead")
    return f"{words}, {moment}"
