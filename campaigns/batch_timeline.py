"""The schedule of one batch as a timeline."""

from collections.abc import Iterator
from datetime import datetime

from django.utils.translation import gettext as _

from campaigns.models import Batch
from campaigns.templatetags.shop import moment_tag
from campaigns.timeline import (
    PRODUCED,
    Earlier,
    Step,
    changes_of,
    marked,
    production,
    shipping,
)

Stage = Batch.Stage
BEFORE_CLOSE = (Stage.DRAFT, Stage.OPEN)


def steps(batch: Batch, now: datetime) -> list[Step]:
    return marked(_plan(batch, now), now)


def _plan(batch: Batch, now: datetime) -> Iterator[Step]:
    yield Step(
        title=_("Pre-order opens"),
        when_html=moment_tag(batch.opens_at),
        is_done=_has_passed(batch.opens_at, now),
    )
    yield Step(
        title=_("Pre-order closes"),
        when_html=moment_tag(batch.closed_at or batch.closes_at),
        is_done=batch.stage not in BEFORE_CLOSE or _has_passed(batch.closes_at, now),
    )
    yield production(batch, is_done=batch.stage in PRODUCED)
    if batch.addresses_lock_at:
        yield Step(
            title=_("Addresses lock"),
            when_html=moment_tag(batch.addresses_lock_at),
            is_done=_has_passed(batch.addresses_lock_at, now),
        )
    earlier = map(Earlier.of, changes_of(batch))
    yield shipping(batch, is_done=batch.stage == Stage.COMPLETED, earlier=earlier)


def _has_passed(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment <= now
