"""A batch goes from stage to stage: once, audited, and never back."""

import pytest

from campaigns.actors import SYSTEM
from campaigns.errors import InvalidTransition
from campaigns.models import Batch
from tests.factories import make_batch

pytestmark = pytest.mark.django_db

Stage = Batch.Stage
STEPS = {
    "start_production": (Stage.PRODUCTION, {Stage.CLOSED}),
    "start_shipping": (Stage.SHIPPING, {Stage.PRODUCTION}),
    "complete": (Stage.COMPLETED, {Stage.SHIPPING}),
    "cancel": (
        Stage.CANCELED,
        {Stage.DRAFT, Stage.OPEN, Stage.CLOSED, Stage.PRODUCTION},
    ),
}
ALLOWED = [
    (name, target, origin)
    for name, (target, origins) in STEPS.items()
    for origin in sorted(origins)
]
REFUSED = [
    (name, origin)
    for name, (_target, origins) in STEPS.items()
    for origin in Stage
    if origin not in origins
]


@pytest.mark.parametrize(("name", "target", "origin"), ALLOWED)
def test_a_step_stamps_and_is_noted(name, target, origin):
    batch = make_batch(stage=origin)

    getattr(batch, name)(actor=SYSTEM)

    stored = Batch.objects.get()
    event = stored.events.get()
    assert (stored.stage, batch.stage) == (target, target)
    assert getattr(stored, f"{target}_at") is not None
    assert (event.kind, event.actor) == (target, "system")
    assert event.data == {"from": origin}


@pytest.mark.parametrize(("name", "origin"), REFUSED)
def test_a_step_from_another_stage_changes_nothing(name, origin):
    batch = make_batch(stage=origin)
    before = Batch.objects.values().get()

    with pytest.raises(InvalidTransition):
        getattr(batch, name)(actor=SYSTEM)

    assert Batch.objects.values().get() == before
    assert not batch.events.exists()
