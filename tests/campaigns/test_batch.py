"""The stages of a batch: allowed, refused, repeated, and written down."""

from datetime import timedelta

import pytest
from django.utils import translation

from campaigns import readiness
from campaigns.actors import SYSTEM, Actor
from campaigns.clock import database_now
from campaigns.errors import BatchNotReady, Gap, InvalidTransition
from campaigns.models import Allotment, Batch, BatchEvent
from tests.factories import make_batch, make_variant

pytestmark = pytest.mark.django_db

Stage = Batch.Stage
DAY = timedelta(days=1)
PAIRS = [(origin, target) for origin in Stage for target in Stage]
ALLOWED = [
    (origin, target)
    for origin, target in PAIRS
    if target in Batch.TRANSITIONS.get(origin, ())
]


def rows():
    return list(Batch.objects.values()), list(BatchEvent.objects.values())


def assert_refused(step, error=InvalidTransition):
    before = rows()
    with pytest.raises(error) as refusal:
        step()
    assert rows() == before
    return refusal.value


def in_days(days):
    return database_now() + days * DAY


def event():
    return BatchEvent.objects.get()


def test_the_stages_are_those_of_the_design():
    assert {(str(origin), str(target)) for origin, target in ALLOWED} == {
        ("draft", "open"),
        ("open", "closed"),
        ("closed", "open"),
        ("closed", "production"),
        ("production", "shipping"),
        ("shipping", "completed"),
        ("draft", "canceled"),
        ("open", "canceled"),
        ("closed", "canceled"),
        ("production", "canceled"),
    }


@pytest.mark.parametrize(("origin", "target"), ALLOWED)
def test_an_allowed_step_is_stamped_and_audited_once(origin, target):
    batch = make_batch(stage=origin)

    batch._move_to(target, SYSTEM)

    batch = Batch.objects.get()
    assert batch.stage == target
    assert timedelta(0) <= database_now() - getattr(batch, f"{target}_at") < DAY
    assert (event().kind, event().actor) == (target, "system")
    assert event().data == {"from": origin}


@pytest.mark.parametrize(("origin", "target"), sorted(set(PAIRS) - set(ALLOWED)))
def test_any_other_step_is_refused_and_changes_nothing(origin, target):
    batch = make_batch(stage=origin)

    assert_refused(lambda: batch._move_to(target, SYSTEM))


def test_an_opened_batch_has_a_row_for_every_variant():
    batch = make_batch(stage="draft")
    variants = [make_variant(campaign=batch.campaign) for _n in range(3)]

    batch.open(actor=SYSTEM)

    assert batch.stage == "open"
    assert {a.variant for a in Allotment.objects.all()} == set(variants)
    assert list(Allotment.objects.values_list("capacity", "taken")) == [(None, 0)] * 3


def test_opening_twice_opens_once():
    batch = make_batch(stage="draft")
    batch.open(actor=SYSTEM)

    assert_refused(lambda: batch.open(actor=SYSTEM))

    assert BatchEvent.objects.count() == 1


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage != "draft"])
def test_only_a_draft_is_opened(stage):
    batch = make_batch(stage=stage)

    assert_refused(lambda: batch.open(actor=SYSTEM))


@pytest.mark.parametrize(
    ("change", "gaps"),
    [
        ({"opens_at": None}, [Gap.OPENING]),
        ({"closes_at": None}, [Gap.CLOSING]),
        ({"ships_from": None}, [Gap.WINDOW]),
        ({"ships_until": None}, [Gap.WINDOW]),
        ({"minimum_units": 11}, [Gap.MINIMUM_ABOVE_CAPACITY]),
        (
            {"opens_at": None, "closes_at": None, "minimum_units": 11},
            [Gap.OPENING, Gap.CLOSING, Gap.MINIMUM_ABOVE_CAPACITY],
        ),
    ],
)
def test_what_is_missing_is_told_all_at_once(change, gaps):
    batch = make_batch(stage="draft")
    Batch.objects.update(**change)
    batch.refresh_from_db()

    refusal = assert_refused(lambda: batch.open(actor=SYSTEM), BatchNotReady)

    assert list(refusal.gaps) == gaps
    assert not Allotment.objects.exists()


def test_a_cut_off_in_the_past_is_not_opened():
    batch = make_batch(stage="draft", closes_at=in_days(-1))

    refusal = assert_refused(lambda: batch.open(actor=SYSTEM), BatchNotReady)

    assert refusal.gaps == (Gap.CLOSING_PASSED,)


@pytest.mark.parametrize(
    "change",
    [
        {"production_starts_on": -1},
        {"production_ends_on": 0},
        {"ships_from": 5, "ships_until": 6},
    ],
    ids=lambda change: next(iter(change)),
)
def test_dates_out_of_order_are_not_promised(change):
    batch = make_batch(stage="draft")
    day = batch.closes_at.date()
    Batch.objects.update(**{name: day + n * DAY for name, n in change.items()})
    batch.refresh_from_db()

    assert_refused(lambda: batch.open(actor=SYSTEM), BatchNotReady)


def test_closing_twice_closes_once():
    batch = make_batch()
    batch.close(actor=SYSTEM)
    closed_at = batch.closed_at

    assert_refused(lambda: batch.close(actor=SYSTEM))

    assert Batch.objects.get().closed_at == closed_at


def test_reopening_moves_the_cut_off_and_keeps_the_close_in_its_audit():
    batch = make_batch()
    batch.close(actor=SYSTEM)
    closed_at, closes_at = batch.closed_at, in_days(1)

    batch.reopen(closes_at=closes_at, actor=SYSTEM)

    batch = Batch.objects.get()
    assert (batch.stage, batch.closed_at) == ("open", None)
    assert batch.closes_at == closes_at
    reopened = BatchEvent.objects.latest("pk")
    assert reopened.data == {"from": "closed", "closed_at": closed_at.isoformat()}


def test_a_close_read_too_early_is_kept_all_the_same():
    batch = make_batch()
    stale = Batch.objects.get()
    batch.close(actor=SYSTEM)

    stale.reopen(closes_at=in_days(1), actor=SYSTEM)

    reopened = BatchEvent.objects.latest("pk")
    assert reopened.data["closed_at"] == batch.closed_at.isoformat()


def test_reopening_needs_a_cut_off_ahead():
    batch = make_batch()
    batch.close(actor=SYSTEM)

    for closes_at in (database_now(), in_days(-1)):
        step = assert_refused(
            lambda at=closes_at: batch.reopen(closes_at=at, actor=SYSTEM),
            BatchNotReady,
        )
        assert step.gaps == (Gap.CLOSING_AHEAD,)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage != "closed"])
def test_only_a_closed_batch_is_reopened(stage):
    batch = make_batch(stage=stage)

    assert_refused(lambda: batch.reopen(closes_at=in_days(1), actor=SYSTEM))


def test_a_window_taken_away_since_the_batch_was_read_keeps_it_closed():
    batch = make_batch(stage=Stage.DRAFT)
    Batch.objects.update(ships_from=None, ships_until=None)

    with pytest.raises(BatchNotReady):
        batch.open(actor=SYSTEM)

    assert Batch.objects.get().stage == Stage.DRAFT


def test_the_cut_off_of_an_open_batch_moves_only_to_a_moment_ahead():
    batch = make_batch()
    before, after = batch.closes_at, in_days(2)

    batch.change_cut_off(after, actor=SYSTEM)

    assert Batch.objects.get().closes_at == batch.closes_at == after
    assert event().data == {"from": before.isoformat(), "to": after.isoformat()}
    past = in_days(-1)
    assert_refused(lambda: batch.change_cut_off(past, actor=SYSTEM), BatchNotReady)


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage != "open"])
def test_the_cut_off_of_another_batch_does_not_move(stage):
    batch = make_batch(stage=stage)

    assert_refused(
        lambda: batch.change_cut_off(in_days(1), actor=SYSTEM), BatchNotReady
    )


def test_who_did_it_is_written_down(django_user_model):
    ani = django_user_model.objects.create_user("ani")

    make_batch().close(actor=Actor.staff(ani))

    assert (event().actor, event().user) == ("staff", ani)


def test_the_audit_is_only_written():
    make_batch().close(actor=SYSTEM)

    for change in (
        event().save,
        event().delete,
        BatchEvent.objects.all().delete,
        lambda: BatchEvent.objects.update(kind="x"),
    ):
        with pytest.raises(TypeError):
            change()

    assert event().kind == "closed"


@pytest.mark.parametrize("language", ["en", "id"])
def test_every_gap_has_words_of_its_own(language):
    with translation.override(language):
        words = readiness.in_words(Gap)

    assert len(set(words)) == len(Gap)
