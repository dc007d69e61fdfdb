"""Whether enough was paid: decided by the rule that buyers read, told to each once."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.errors import InvalidTransition, MinimumUndecided
from campaigns.models import Batch
from config import sweep as round_of_all
from fulfillment import production
from orders import cancellation
from orders.minimum import emails as minimum_emails
from orders.minimum import news as minimum_news
from orders.minimum import verdict as minimum_verdict
from orders.minimum.verdict import Outcome
from orders.models import Message, Order
from orders.news import batch as batch_news
from payments.models import Refund
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    end_hold,
    finish,
    mails_of,
    make_offer,
    place_order,
    place_paid,
    refunds_of,
    rows_of_orders,
    sums_of,
)
from tests.fulfillment.goods import close

pytestmark = pytest.mark.django_db

Stage = Batch.Stage
DAY = timedelta(days=1)
JAKARTA = ZoneInfo("Asia/Jakarta")


def decide():
    return minimum_verdict.decide(Batch.objects.get().pk, actor=SYSTEM)


def events_of(batch):
    events = batch.events.order_by("pk")
    return [(event.kind, event.data) for event in events if "units" in event.data]


def roomy(**overrides):
    """A batch that may be extended by 3 days, with time for it before production."""
    today = database_now().date()
    dates = {
        "production_starts_on": today + 30 * DAY,
        "production_ends_on": today + 40 * DAY,
        "ships_from": today + 42 * DAY,
        "ships_until": today + 44 * DAY,
    }
    rule = {"minimum_units": 2, "minimum_rule": "extend", "extension_days": 3}
    return make_offer(**dates | rule | overrides)


# --- the decision


@pytest.mark.parametrize("rule", ["proceed", "extend", "cancel"])
def test_enough_paid_units_go_ahead_under_any_rule(rule):
    batch = roomy(minimum_units=3, minimum_rule=rule)
    place_paid(batch, units=[2])
    place_paid(batch)
    close(batch)

    verdict = decide()

    batch.refresh_from_db()
    assert (verdict.outcome, verdict.units, verdict.minimum) == ("goes_ahead", 3, 3)
    assert batch.stage == Stage.CLOSED
    assert batch.minimum_decided_at is not None
    assert events_of(batch) == [("minimum_reached", {"units": 3, "minimum": 3})]


def test_below_the_minimum_it_goes_ahead_where_the_rule_says_so():
    batch = make_offer(minimum_units=2, minimum_rule="proceed")
    place_paid(batch)
    close(batch)

    assert decide().outcome == Outcome.GOES_AHEAD

    batch.refresh_from_db()
    assert (batch.stage, batch.minimum_missed_at) == (Stage.CLOSED, None)
    assert events_of(batch) == [("minimum_waived", {"units": 1, "minimum": 2})]


def test_below_the_minimum_it_is_canceled():
    batch = make_offer(minimum_units=2)
    place_paid(batch)
    close(batch)

    assert decide().outcome == Outcome.MISSED

    batch.refresh_from_db()
    assert batch.stage == Stage.CANCELED
    assert None not in (batch.minimum_missed_at, batch.minimum_decided_at)
    counted = {"units": 1, "minimum": 2, "from": "closed", "reason": "minimum_missed"}
    assert events_of(batch) == [("canceled", counted)]


def test_below_the_minimum_it_is_extended_once():
    batch = close(roomy(closes_at=database_now() + 2 * DAY))

    verdict = decide()

    extended = Batch.objects.get()
    assert verdict.outcome == Outcome.EXTENDED
    assert (extended.stage, extended.closed_at) == (Stage.OPEN, None)
    assert extended.closes_at == verdict.closes_at == batch.closes_at + 3 * DAY
    assert extended.extended_at is not None
    assert extended.minimum_decided_at is None
    [(kind, noted)] = events_of(batch)
    assert (kind, noted["units"], noted["minimum"]) == ("minimum_extended", 0, 2)
    close(batch)
    assert decide().outcome == Outcome.MISSED
    assert Batch.objects.get().stage == Stage.CANCELED


@pytest.mark.parametrize(
    ("days_ago", "closes_in"), [(0, 3), (1, 2), (2.5, 1.5), (9.5, 1.5), (40.25, 1.75)]
)
def test_decided_late_the_hour_stays_and_a_day_is_left(days_ago, closes_in):
    now = database_now()
    batch = roomy(closes_at=now - days_ago * DAY)

    assert batch.extended_closing(now) - now == closes_in * DAY


def test_the_hour_on_the_sellers_wall_stays_where_the_clock_changes():
    batch = roomy()
    batch.campaign.seller.time_zone = "Europe/Berlin"
    berlin = database_now().replace(
        year=2027, month=3, day=27, hour=20, minute=0, second=0, microsecond=0
    )
    batch.closes_at = berlin  # 21:00 in Berlin, a night before summer time

    closes_at = batch.extended_closing(berlin)

    assert closes_at.isoformat(timespec="minutes") == "2027-03-30T21:00+02:00"


def test_holds_that_end_late_shorten_the_extension_and_do_not_cancel():
    tomorrow = timezone.localdate(database_now() + DAY, JAKARTA)
    batch = roomy(closes_at=database_now() - DAY, production_starts_on=tomorrow)
    place_paid_late(batch)

    verdict = decide()

    assert verdict.outcome == Outcome.EXTENDED
    assert verdict.closes_at == batch.closes_at + 2 * DAY


def test_an_extension_without_room_before_production_is_no_extension():
    today = database_now().date()
    batch = roomy(closes_at=database_now() - DAY, production_starts_on=today)
    place_paid_late(batch)

    assert decide().outcome == Outcome.MISSED


def place_paid_late(batch):
    """Paid in time, in a batch whose closing has passed since."""
    closes_at = batch.closes_at
    Batch.objects.update(closes_at=database_now() + DAY)
    order = place_paid(batch)
    Batch.objects.update(closes_at=closes_at)
    close(batch)
    return order


@pytest.mark.parametrize("stage", ["draft", "open", "production", "canceled"])
def test_only_a_closed_batch_is_decided(stage):
    make_offer(stage=stage, minimum_units=2)
    before = rows_of_orders()

    assert decide() is None
    assert minimum_verdict.decide_due() == 0
    assert rows_of_orders() == before


@pytest.mark.parametrize("none", [None, 0])
def test_a_batch_without_a_minimum_is_never_decided(none):
    make_offer(stage="closed", minimum_units=none)
    before = rows_of_orders()

    assert decide() is None
    assert minimum_verdict.decide_due() == 0
    assert rows_of_orders() == before


def test_nothing_is_decided_while_an_order_can_still_be_paid():
    batch = make_offer(minimum_units=2)
    place_paid(batch)
    unpaid = place_order(batch)
    close(batch)
    before = rows_of_orders()

    assert decide() is None
    assert minimum_verdict.decide_due() == 0
    assert rows_of_orders() == before

    finish(unpaid, "pay")
    assert minimum_verdict.decide_due() == 1
    assert Batch.objects.get().stage == Stage.CLOSED


def test_deciding_twice_changes_nothing():
    batch = make_offer(minimum_units=1)
    place_paid(batch)
    close(batch)
    decide()
    before = rows_of_orders()

    assert decide() is None
    assert rows_of_orders() == before
    with pytest.raises(InvalidTransition):
        Batch.objects.get().go_ahead(units=9, actor=SYSTEM)
    with pytest.raises(InvalidTransition):
        Batch.objects.get().extend(units=9, actor=SYSTEM)
    assert rows_of_orders() == before


def test_what_was_reached_stays_decided_when_it_is_reopened_and_buyers_leave():
    batch = make_offer(minimum_units=1)
    order = place_paid(batch)
    close(batch)
    decide()

    Batch.objects.get().reopen(closes_at=batch.closes_at, actor=SYSTEM)
    cancellation.cancel_as_shown(order.pk, shown=TOTAL)
    close(batch)

    assert minimum_verdict.decide_due() == 0
    assert production.freeze(batch.pk, actor=SYSTEM).lines.count() == 0
    assert Batch.objects.get().stage == Stage.PRODUCTION


def test_late_money_before_the_decision_counts():
    batch = make_offer(minimum_units=1)
    order = place_order(batch)
    end_hold(order)
    close(batch)
    finish(order, "pay_late")

    assert decide().outcome == Outcome.GOES_AHEAD

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert_invariants()


def test_late_money_after_the_end_comes_back():
    batch = make_offer(minimum_units=1)
    order = place_order(batch)
    end_hold(order)
    close(batch)

    assert decide().outcome == Outcome.MISSED
    finish(order, "pay_late")
    for _twice in range(2):
        round_of_all.run()

    assert sums_of(order) == ("expired", TOTAL, TOTAL, 0)
    assert refunds_of(order) == [("succeeded", TOTAL, "late")]
    assert_invariants()


def test_production_waits_for_the_decision():
    batch = make_offer(minimum_units=1)
    place_paid(batch)
    close(batch)
    before = rows_of_orders()

    with pytest.raises(MinimumUndecided):
        production.freeze(batch.pk, actor=SYSTEM)

    assert rows_of_orders() == before


# --- to the end


def test_a_missed_minimum_returns_everything_and_tells_everyone_once():
    batch = make_offer(minimum_units=9)
    orders = [place_paid(batch), place_paid(batch, units=[2])]
    Batch.objects.update(closes_at=database_now() - timedelta(seconds=1))

    done = round_of_all.run()
    assert done["minimums decided"] == 1
    assert done["refunds of canceled batches"] == 4
    for _more in range(3):
        round_of_all.run()

    for order in Order.objects.all():
        assert order.status == "canceled"
        assert order.amount_refunded == order.total == order.amount_paid
    assert set(Refund.objects.values_list("state", flat=True)) == {"succeeded"}
    assert Batch.objects.get().stage == Stage.CANCELED
    for order in orders:
        told = ["order_placed", "order_confirmed", "minimum_missed"]
        told += ["refund_started", "refund_sent"]
        assert mails_of(order) == told
    assert_invariants()


def test_many_are_told_in_chunks_of_a_constant_cost(
    monkeypatch, django_assert_num_queries
):
    batch = make_offer(capacity=300, minimum_units=300)
    for _n in range(30):
        place_paid(batch, units=[10])
    close(batch)
    decide()
    monkeypatch.setattr(batch_news, "CHUNK", 10)

    # A chunk: orders, lines; a transaction that locks, looks again and inserts.
    with django_assert_num_queries(3 * 7 + 1):
        assert minimum_news.tell_going_ahead() == 30
    with django_assert_num_queries(1):
        assert minimum_news.tell_going_ahead() == 0

    assert Message.objects.filter(kind="batch_confirmed").count() == 30


# --- who is told


def test_all_who_paid_are_told_that_it_goes_ahead_once():
    batch = make_offer(minimum_units=1)
    paid = place_paid(batch)
    expired = place_order(batch)
    end_hold(expired)
    close(batch)
    Order.objects.update(locale="en")

    for _twice in range(2):
        round_of_all.run()

    assert mails_of(paid) == ["order_placed", "order_confirmed", "batch_confirmed"]
    assert mails_of(expired) == ["order_placed", "order_expired"]
    told = Message.objects.get(kind="batch_confirmed")
    assert told.dedupe_key == f"batch_confirmed:{paid.number}:{batch.pk}"
    assert "Batch 1 goes ahead: your order will be made." in told.text
    assert_invariants()


def test_who_paid_before_an_extension_is_told_of_the_new_closing_once():
    batch = roomy(minimum_units=3)
    early = place_paid(batch)
    close(batch)
    Order.objects.update(locale="en")
    decide()
    later = place_paid(batch)

    for _twice in range(2):
        round_of_all.run()

    assert mails_of(early) == ["order_placed", "order_confirmed", "minimum_missed"]
    assert mails_of(later) == ["order_placed", "order_confirmed"]
    told = Message.objects.get(kind="minimum_missed")
    assert told.subject.startswith("The batch now closes ")
    assert "Fewer than 3 were paid when the batch closed" in told.text
    assert "That window did not change." in told.text


def test_an_extension_that_is_missed_again_is_told_as_the_end():
    batch = roomy(minimum_units=3)
    order = place_paid(batch)
    close(batch)
    Order.objects.update(locale="en")
    decide()
    round_of_all.run()
    close(batch)

    for _twice in range(2):
        round_of_all.run()

    told = ["minimum_missed", "minimum_missed", "refund_started", "refund_sent"]
    assert mails_of(order)[2:] == told
    first, last = Message.objects.filter(kind="minimum_missed").order_by("pk")
    assert first.dedupe_key != last.dedupe_key
    assert last.subject == f"Minimum missed: Rp 168.000 comes back – {order.number}"
    assert "Fewer than 3 were paid, so the batch is not made" in last.text
    assert_invariants()


def test_a_batch_the_seller_cancels_is_told_as_such():
    batch = make_offer(minimum_units=1)
    order = place_paid(batch)
    close(batch)
    decide()
    Batch.objects.get().cancel(actor=SYSTEM)

    round_of_all.run()

    told = ["batch_canceled", "refund_started", "refund_sent"]
    assert mails_of(order)[2:] == told


def test_a_chat_order_without_an_address_holds_nothing_up():
    batch = make_offer(minimum_units=1)
    place_paid(batch)
    Order.objects.update(email="", source="chat")
    close(batch)
    decide()

    assert minimum_news.tell_going_ahead() == 0
    assert not Message.objects.filter(kind="batch_confirmed").exists()


def test_who_left_while_the_mail_was_written_is_not_told(monkeypatch):
    batch = make_offer(minimum_units=1)
    stays, leaves = place_paid(batch), place_paid(batch)
    close(batch)
    decide()
    write = minimum_emails.batch_confirmed

    def write_while_one_leaves(order):
        if order == leaves:
            cancellation.cancel_as_shown(order.pk, shown=TOTAL)
        return write(order)

    monkeypatch.setattr(minimum_emails, "batch_confirmed", write_while_one_leaves)
    assert minimum_news.tell_going_ahead() == 1

    assert "batch_confirmed" in mails_of(stays)
    assert "batch_confirmed" not in mails_of(leaves)


# --- invariants


def test_a_batch_made_without_a_decision_is_found():
    batch = make_offer(minimum_units=9)
    place_paid(batch)
    Batch.objects.update(stage="production", production_at=database_now())

    with pytest.raises(SystemExit):
        assert_invariants()


def test_a_buyer_who_was_not_told_is_found():
    batch = make_offer(minimum_units=1)
    place_paid(batch)
    close(batch)
    decide()
    assert_invariants()
    long_ago = database_now() - timedelta(hours=1)
    Batch.objects.update(minimum_decided_at=long_ago)
    Order.objects.update(confirmed_at=long_ago)

    with pytest.raises(SystemExit):
        assert_invariants()
