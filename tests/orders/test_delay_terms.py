"""What a new window means for one order: by its own promise, to the day."""

from datetime import date

import pytest

from orders.delays.terms import DelayTerms
from orders.models import Decision, Order
from tests.orders.delaying import CANCEL, WAIT

State, Kind = Decision.State, Decision.Kind
PROMISED = (date(2027, 1, 4), date(2027, 1, 8))
THIRTY_DAYS_LATER, A_DAY_MORE = date(2027, 2, 7), date(2027, 2, 8)


def promised(first=PROMISED[0], last=PROMISED[1]):
    return Order(promised_from=first, promised_until=last)


def asked(until, state=State.OPEN, answer="", pk=1, kind=Kind.DELAY):
    first = until and until.replace(day=1)
    window = {"ships_from": first, "ships_until": until}
    return Decision(pk=pk, kind=kind, state=state, answer=answer, **window)


def moved(until, pk=1):
    return asked(until, State.ANSWERED, "move", pk, Kind.MOVE)


@pytest.mark.parametrize(
    ("until", "is_delayed"),
    [
        (date(2027, 1, 9), True),
        (None, True),
        (date(2027, 1, 8), False),
        (date(2027, 1, 1), False),
    ],
)
def test_later_than_the_first_promise_is_asked(until, is_delayed):
    assert DelayTerms.of(promised(), []).is_delayed_by(until) == is_delayed


@pytest.mark.parametrize(
    ("until", "silence"),
    [(THIRTY_DAYS_LATER, WAIT), (A_DAY_MORE, CANCEL), (None, CANCEL)],
)
def test_silence_waits_for_thirty_days_and_not_for_one_more(until, silence):
    assert DelayTerms.of(promised(), []).silence_about(until) == silence


def test_the_slip_is_counted_from_the_promise_not_from_the_delay_waited_for():
    terms = DelayTerms.of(promised(), [asked(date(2027, 1, 30), State.ANSWERED, WAIT)])

    assert terms.agreed[1] == date(2027, 1, 30)
    assert terms.is_delayed_by(date(2027, 1, 31))
    assert not terms.is_delayed_by(date(2027, 1, 30))
    assert terms.silence_about(date(2027, 1, 31)) == CANCEL


@pytest.mark.parametrize(
    ("state", "answer", "reached", "silence"),
    [
        (State.ANSWERED, WAIT, set(), CANCEL),
        (State.LAPSED, WAIT, set(), CANCEL),
        (State.WITHDRAWN, "", {1}, CANCEL),
        (State.OPEN, "", {1}, CANCEL),
        # Nobody read it: the next one is the first that is put to the buyer.
        (State.WITHDRAWN, "", set(), WAIT),
        (State.OPEN, "", set(), WAIT),
    ],
)
def test_a_delay_that_was_put_before_makes_silence_a_refund(
    state, answer, reached, silence
):
    before = [asked(date(2027, 1, 10), state, answer)]

    terms = DelayTerms.of(promised(), before, reached)

    assert terms.silence_about(date(2027, 1, 12)) == silence


def test_a_move_that_was_answered_is_a_promise_of_its_own():
    terms = DelayTerms.of(promised(), [moved(date(2027, 3, 8))])

    assert not terms.is_delayed_by(date(2027, 3, 8))
    assert terms.silence_about(date(2027, 4, 7)) == WAIT
    assert terms.silence_about(date(2027, 4, 8)) == CANCEL


def test_who_agreed_to_no_date_is_never_asked_again():
    terms = DelayTerms.of(promised(), [asked(None, State.ANSWERED, WAIT)])

    assert not terms.is_delayed_by(date(2029, 1, 1))
    assert not terms.is_delayed_by(None)


def test_an_order_that_was_promised_nothing_is_only_told():
    terms = DelayTerms.of(promised(None, None), [])

    assert not terms.is_delayed_by(date(2027, 1, 9))
