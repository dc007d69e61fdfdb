"""Everything that can happen to a delay at once: answered, replaced, lapsed, packed."""

from functools import partial

import pytest

from campaigns.actors import SYSTEM
from campaigns.models import Batch, ScheduleChange
from fulfillment import dispatch, production
from orders import cancellation
from orders.decisions import settling
from orders.delays import answers as delay_answers
from orders.delays import schedule_news
from orders.models import Decision, Message, Order
from tests.concurrency.racing import assert_invariants, race
from tests.drafts import TOTAL, make_offer, place_paid
from tests.fulfillment.goods import close, in_production, make_carrier
from tests.orders.delaying import (
    CANCEL,
    WAIT,
    announce,
    answer_by_passes,
    delay,
    later,
    question_of,
)

pytestmark = pytest.mark.django_db(transaction=True)

BUYERS = 8
# What may come of an answer beside everything else; never an error of the database.
REFUSALS = {
    *("AlreadyDecided", "WindowChanged", "NotCancelable"),
    *("NotShippable", "NotAnnounceable", "NotDrained", "InvalidTransition"),
}


def say(order, choice):
    return partial(delay_answers.answer, question_of(order).pk, choice=choice)


def ship(order, number, carrier):
    return partial(
        dispatch.ship,
        order.pk,
        carrier=carrier,
        tracking_number=f"KK {number}",
        actor=SYSTEM,
    )


def assert_whole(orders):
    """Each order is live, shipped, or canceled with nothing kept; its units follow."""
    rows = Order.objects.filter(pk__in=[order.pk for order in orders])
    for order in rows:
        assert order.amount_kept == 0
        assert order.status in ("confirmed", "fulfilled", "canceled")
    held = rows.exclude(status="canceled").count()
    assert sum(Batch.objects.values_list("taken", flat=True)) == held
    assert_invariants()


def test_answers_news_silence_and_parcels_at_once_leave_no_order_in_between():
    batch, orders = in_production(*[[1] for _n in range(BUYERS)])
    delay(batch, 31)
    carrier = make_carrier()
    silent = orders[-2:]
    for order in silent:
        answer_by_passes(question_of(order))

    outcomes = race(
        [
            *(say(order, WAIT) for order in orders[:-2]),
            *(say(order, CANCEL) for order in orders[:-2]),
            *(ship(order, n, carrier) for n, order in enumerate(orders[:4])),
            *(delay_answers.lapse_due for _n in range(4)),
            *(schedule_news.tell_all for _n in range(4)),
            *(settling.withdraw_pointless for _n in range(4)),
            *(partial(announce, batch, days) for days in (3, 5, None, 7)),
        ]
    )
    schedule_news.tell_all()
    settling.withdraw_pointless()

    assert set(outcomes) <= {"ok", *REFUSALS}
    assert sum(outcomes.values()) == 32
    assert ScheduleChange.objects.count() == Batch.objects.get().schedule_version - 1
    assert_whole(orders)


def test_opposite_answers_at_once_end_in_one_and_the_money_follows():
    batch = make_offer()
    orders = [place_paid(batch) for _n in range(4)]
    delay(batch)

    outcomes = race([say(order, c) for order in orders for c in (WAIT, CANCEL) * 4])

    assert set(outcomes) <= {"ok", "AlreadyDecided"}
    canceled = Order.objects.filter(status="canceled")
    # Waiting may become canceling, never the other way round.
    assert canceled.count() == len(orders)
    assert Decision.objects.filter(answer=CANCEL, state="answered").count() == 4
    assert {order.amount_paid for order in canceled} == {TOTAL}
    assert_whole(orders)


def test_control_without_the_compare_and_set_both_answers_are_told(monkeypatch):
    batch = make_offer()
    order = place_paid(batch)
    delay(batch)
    say(order, CANCEL)()
    # As one would see it that read before the other wrote.
    Order.objects.update(status="confirmed")
    Decision.objects.update(state="open", answer="")

    say(order, WAIT)()

    assert Decision.objects.get().answer == WAIT
    with pytest.raises(SystemExit):
        assert_invariants()


def test_two_tellers_at_once_tell_each_order_once():
    batch = make_offer(capacity=100)
    orders = [place_paid(batch) for _n in range(12)]
    announce(batch)

    outcomes = race([partial(schedule_news.tell_batch, batch.pk)] * 8)

    mails = Message.objects.filter(kind="schedule_change")
    assert outcomes == {"ok": 8}
    assert mails.count() == Decision.objects.count() == len(orders)
    assert Order.objects.filter(schedule_version=2).count() == len(orders)
    assert_whole(orders)


def test_control_a_teller_that_does_not_look_again_asks_twice(monkeypatch):
    batch = make_offer()
    order = place_paid(batch)
    announce(batch)
    monkeypatch.setattr(schedule_news, "_is_behind", lambda _order, _batch: True)

    schedule_news.tell(batch.pk, [order.pk])
    with pytest.raises(Exception, match=r"(?i)unique"):
        schedule_news.tell(batch.pk, [order.pk])


def test_whoever_leaves_while_production_starts_is_in_the_sheet_or_gone():
    batch = make_offer(capacity=100)
    orders = [place_paid(batch) for _n in range(8)]
    delay(batch)
    close(batch)

    outcomes = race(
        [
            *(say(order, CANCEL) for order in orders),
            partial(production.freeze, batch.pk, actor=SYSTEM),
        ]
    )

    # One that met the freeze tried again by itself.
    assert outcomes == {"ok": 9}
    assert not Order.objects.exclude(status="canceled").exists()
    assert_whole(orders)


def test_the_newest_of_many_announcements_is_the_one_that_is_asked():
    batch = make_offer()
    orders = [place_paid(batch) for _n in range(3)]

    # Days later than now: told apart beforehand, so that none asks for what is so.
    windows = [later(batch, days) for days in range(1, 9)]
    outcomes = race([partial(announce, batch, window=window) for window in windows])
    schedule_news.tell_all()

    assert outcomes == {"ok": 8}
    assert Batch.objects.get().schedule_version == 9
    assert {d.schedule_version for d in Decision.objects.open()} == {9}
    assert_whole(orders)


@pytest.mark.postgres
def test_control_without_the_lock_two_announcements_want_one_version(monkeypatch):
    batch = make_offer()
    monkeypatch.setattr(Batch.objects, "locked", lambda key: Batch.objects.get(pk=key))

    outcomes = race([partial(announce, batch, days) for days in range(1, 17)])

    assert outcomes["IntegrityError"] > 0


def test_a_quote_and_an_answer_give_the_same_money():
    batch = make_offer()
    orders = [place_paid(batch) for _n in range(4)]
    delay(batch)

    outcomes = race(
        [
            call
            for order in orders
            for call in (
                say(order, CANCEL),
                partial(cancellation.cancel_as_shown, order.pk, shown=TOTAL),
            )
        ]
    )

    assert set(outcomes) <= {"ok", "AlreadyDecided", "NotCancelable"}
    assert Decision.objects.filter(answer=CANCEL).count() == len(orders)
    assert_whole(orders)
