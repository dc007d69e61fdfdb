from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from campaigns.actors import SYSTEM
from campaigns.models import Batch, BatchEvent
from campaigns.sweep import close_batches
from tests.factories import make_batch

pytestmark = pytest.mark.django_db


def make_late_batch(**overrides):
    return make_batch(closes_at=timezone.now() - timedelta(minutes=1), **overrides)


def test_a_batch_past_its_cut_off_is_closed_once():
    batch = make_late_batch()

    assert [close_batches(), close_batches()] == [1, 0]
    batch.refresh_from_db()
    assert batch.stage == Batch.Stage.CLOSED
    assert batch.closed_at >= batch.closes_at
    assert BatchEvent.objects.get().actor == SYSTEM.kind


def test_others_are_left_alone():
    open_batch = make_batch()
    draft = make_late_batch(stage=Batch.Stage.DRAFT)

    assert close_batches() == 0
    open_batch.refresh_from_db()
    draft.refresh_from_db()
    assert (open_batch.stage, draft.stage) == (Batch.Stage.OPEN, Batch.Stage.DRAFT)


def test_one_reopened_meanwhile_stays_open(monkeypatch):
    batch = make_late_batch()
    look = Batch.objects.past_cut_off

    def reopen_after_the_look():
        monkeypatch.setattr(Batch.objects, "past_cut_off", look, raising=False)
        found = look().filter(pk=batch.pk)
        found_pks = list(found.values_list("pk", flat=True))
        later = timezone.now() + timedelta(days=1)
        Batch.objects.filter(pk=batch.pk).update(closes_at=later)
        return Batch.objects.filter(pk__in=found_pks)

    monkeypatch.setattr(
        Batch.objects, "past_cut_off", reopen_after_the_look, raising=False
    )

    assert close_batches() == 0
    batch.refresh_from_db()
    assert batch.stage == Batch.Stage.OPEN


def test_the_command_tells_how_many(capsys):
    make_late_batch()
    make_late_batch()

    call_command("close_batches")

    assert capsys.readouterr().out == "batches closed: 2\n"
