"""The shop equals a model of it after every step of many random histories."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from campaigns import capacity
from orders import tallies
from tests.concurrency.machine_moving import MovingMachine

pytestmark = pytest.mark.django_db

QUICK = settings(
    max_examples=4,
    stateful_step_count=20,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(QUICK, max_examples=400, stateful_step_count=40, derandomize=False)
# The first failure is enough: nobody reads the shortest history to it.
UNTIL_FOUND = settings(QUICK, max_examples=200, phases=[Phase.generate])


def test_the_database_equals_the_model_after_every_step():
    run_state_machine_as_test(MovingMachine, settings=QUICK)


@pytest.mark.long
def test_database_and_model_stay_equal_and_nothing_breaks_in_long_histories(
    monkeypatch,
):
    monkeypatch.setattr(MovingMachine, "CHECKS_EACH_STEP", True)
    run_state_machine_as_test(MovingMachine, settings=LONG)


@pytest.mark.once
def test_control_a_release_that_forgets_the_allotment_is_found(monkeypatch):
    shift_allotment = capacity._shift_allotment

    def forgetful(allotment_id, units, gate):
        if units > 0:
            shift_allotment(allotment_id, units, gate)

    monkeypatch.setattr(capacity, "_shift_allotment", forgetful)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(MovingMachine, settings=UNTIL_FOUND)


@pytest.mark.long
def test_control_a_move_that_gives_nothing_back_is_found(monkeypatch):
    shift = capacity.shift
    monkeypatch.setattr(capacity, "shift", lambda *moves: shift(moves[-1]))

    with pytest.raises(AssertionError):
        run_state_machine_as_test(MovingMachine, settings=UNTIL_FOUND)


@pytest.mark.long
def test_control_a_release_that_forgets_the_tally_is_found(monkeypatch):
    monkeypatch.setattr(tallies, "release", lambda *_order, **_units: None)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(MovingMachine, settings=UNTIL_FOUND)
