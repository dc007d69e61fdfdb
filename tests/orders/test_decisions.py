"""A question to the buyer: who may be asked, what each answer does, how it ends."""

from datetime import timedelta

import pytest
from django.db import IntegrityError

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.errors import BatchClosed, InvalidTransition, SoldOut, WindowChanged
from campaigns.models import Allotment, Batch
from fulfillment import production
from orders import cancellation, sweep
from orders.decisions import settling
from orders.mail import outbox
from orders.models import BuyerTally, Decision, Message, Order
from orders.moves import questions as move_questions
from orders.moves.moving import NotMovable, Reason
from tests import invariants
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    end_hold,
    mails_of,
    make_offer,
    place_order,
    place_paid,
    rows_of_orders,
    sums_of,
)
from tests.factories import make_batch
from tests.fulfillment.goods import close, in_production, ship
from tests.orders.moving import (
    MOVE,
    STAY,
    answer,
    ask,
    counters_of,
    soon,
    time_is_over,
    two_batches,
)

pytestmark = pytest.mark.django_db

State = Decision.State


def everything():
    return rows_of_orders() | {"Decision": list(Decision.objects.values())}


# Asking


def test_asking_changes_nothing_but_tells_the_buyer():
    first, second = two_batches()
    order = place_paid(first, units=[2])
    before = counters_of(first, second)

    decision = ask(order, second)

    mail = order.messages.get(kind="decision_asked")
    assert decision.state == State.OPEN
    assert counters_of(first, second) == before
    assert Order.objects.get().batch == first
    assert f"/o/{order.token}/decision/{decision.pk}/" in mail.text
    assert "The cloth ran out." in mail.text
    assert order.events.last().data["batch"] == {"from": 1, "to": 2}
    assert_invariants()


def pending(first):
    return place_order(first)


def expired(first):
    order = place_order(first)
    end_hold(order)
    return order


def packed(first):
    order = place_paid(first)
    Order.objects.update(packed_at=database_now())
    return order


def of_a_completed_batch(first):
    order = place_paid(first)
    Batch.objects.filter(pk=first.pk).update(stage="completed")
    return order


def asked_already(first):
    order = place_paid(first)
    ask(order, make_batch(campaign=first.campaign, number=3))
    return order


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (pending, Reason.NOT_CONFIRMED),
        (expired, Reason.NOT_CONFIRMED),
        (packed, Reason.PACKED),
        (of_a_completed_batch, Reason.BATCH_OVER),
        (asked_already, Reason.ASKED),
    ],
)
def test_an_order_that_cannot_move_is_not_asked(make, reason):
    first, second = two_batches()
    order = make(first)
    before = everything()

    with pytest.raises(NotMovable) as refusal:
        ask(order, second)

    assert refusal.value.reason == reason
    assert everything() == before


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"stage": "closed"}, Reason.CLOSED),
        ({"stage": "draft"}, Reason.CLOSED),
        ({"ships_until": None}, Reason.NO_WINDOW),
        ({"capacity": 1}, Reason.FULL),
        ({"order_capacity": 0}, Reason.NO_MORE_ORDERS),
        ({"goods_capacity": 1}, Reason.NO_MORE_VALUE),
    ],
)
def test_a_batch_that_cannot_receive_the_order_is_not_offered(columns, reason):
    first, second = two_batches()
    order = place_paid(first, units=[2])
    Batch.objects.filter(pk=second.pk).update(**columns)
    before = everything()

    with pytest.raises(NotMovable) as refusal:
        ask(order, second)

    assert refusal.value.reason == reason
    assert everything() == before


def test_a_batch_past_its_cut_off_is_not_offered_before_anybody_closed_it():
    first, second = two_batches()
    order = place_paid(first)
    Batch.objects.filter(pk=second.pk).update(
        opens_at=database_now() - timedelta(days=3), closes_at=database_now()
    )

    with pytest.raises(NotMovable) as refusal:
        ask(order, second)

    assert refusal.value.reason == Reason.CLOSED


@pytest.mark.parametrize("sale", ["stopped", None])
def test_a_batch_without_the_variant_is_not_offered(sale):
    first, second = two_batches()
    order = place_paid(first)
    if sale:
        second.allotments.update(sale=sale)
    else:
        second.allotments.all().delete()

    with pytest.raises(NotMovable) as refusal:
        ask(order, second)

    assert refusal.value.reason == Reason.LACKS_VARIANT


def test_neither_its_own_batch_nor_one_of_another_campaign_is_offered():
    first, _second = two_batches()
    order = place_paid(first)

    reasons = []
    for batch in (first, make_offer()):
        with pytest.raises(NotMovable) as refusal:
            ask(order, batch)
        reasons.append(refusal.value.reason)

    assert reasons == [Reason.SAME_BATCH, Reason.OTHER_CAMPAIGN]


def test_the_buyer_answers_in_the_future_and_before_the_other_batch_closes():
    first, second = two_batches()
    order = place_paid(first)

    reasons = []
    for moment in (database_now(), second.closes_at + timedelta(seconds=1)):
        with pytest.raises(NotMovable) as refusal:
            ask(order, second, answer_by=moment)
        reasons.append(refusal.value.reason)
    ask(order, second, answer_by=second.closes_at)

    assert reasons == [Reason.ANSWER_TOO_SOON, Reason.ANSWER_TOO_LATE]


def test_a_batch_that_opens_later_may_be_offered_and_moved_into():
    tomorrow = database_now() + timedelta(days=1)
    first, second = two_batches(opens_at=tomorrow)
    order = place_paid(first)

    answer(ask(order, second))

    assert Order.objects.get().batch == second
    assert_invariants()


def test_two_open_questions_are_refused_by_the_database():
    first, second = two_batches()
    decision = ask(place_paid(first), second)
    decision.pk = None

    with pytest.raises(IntegrityError):
        decision.save(force_insert=True)


# The answer


def test_moving_takes_all_counters_along_and_keeps_the_first_promise():
    first, second = two_batches(variants=2)
    order = place_paid(first, units=[2, 1])
    promised = (order.promised_from, order.promised_until)
    Batch.objects.filter(pk=second.pk).update(schedule_version=4)
    tallies = list(BuyerTally.objects.values())

    decision = answer(ask(order, second))

    order = Order.objects.get()
    assert counters_of(first, second) == [(0, 0, 0), (3, 1, 450_000)]
    assert (order.batch, order.schedule_version) == (second, 4)
    assert (order.promised_from, order.promised_until) == promised
    assert [line.allotment.batch for line in order.lines.all()] == [second] * 2
    assert list(order.lines.values_list("ordered", "quantity")) == [(2, 2), (1, 1)]
    assert list(Allotment.objects.order_by("pk").values_list("taken", flat=True)) == [
        *(0, 0),
        *(2, 1),
    ]
    assert sums_of(order) == ("confirmed", TOTAL + 300_000, 0, 0)
    assert list(BuyerTally.objects.values()) == tallies
    assert (decision.state, decision.answer) == (State.ANSWERED, MOVE)
    assert decision.schedule_version == 4
    assert_invariants()


def test_the_move_is_noted_with_both_windows_and_told_by_mail():
    first, second = two_batches()
    order = place_paid(first, units=[2])

    decision = answer(ask(order, second))

    event = order.events.get(kind="moved")
    variant = first.allotments.get().variant_id
    mail = order.messages.get(kind="order_changed")
    assert event.actor == "buyer"
    assert event.data == {
        "decision": decision.pk,
        "batch": {"from": 1, "to": 2},
        "window": {
            "from": f"{first.ships_from}/{first.ships_until}",
            "to": f"{second.ships_from}/{second.ships_until}",
        },
        "from": first.pk,
        "to": second.pk,
        "units_by_variant": {str(variant): 2},
        "after_freeze": False,
    }
    assert "kloter 2" in mail.text.lower() or "batch 2" in mail.text.lower()


def test_staying_changes_no_counter_and_sends_nothing():
    first, second = two_batches()
    order = place_paid(first)
    decision = ask(order, second)
    before = counters_of(first, second), mails_of(order)

    answer(decision, STAY)

    decision.refresh_from_db()
    assert (counters_of(first, second), mails_of(order)) == before
    assert (decision.state, decision.answer) == (State.ANSWERED, STAY)
    assert order.events.last().kind == "stayed"
    assert_invariants()


@pytest.mark.parametrize("choice", [MOVE, STAY])
def test_the_same_answer_again_changes_nothing(choice):
    first, second = two_batches()
    decision = ask(place_paid(first), second)
    answer(decision, choice)
    before = everything()

    again = answer(decision, choice)

    assert again.answer == choice
    assert everything() == before


@pytest.mark.parametrize(("choice", "other"), [(MOVE, STAY), (STAY, MOVE)])
def test_another_answer_to_a_decided_question_is_refused(choice, other):
    first, second = two_batches()
    decision = ask(place_paid(first), second)
    answer(decision, choice)
    before = everything()

    with pytest.raises(settling.AlreadyDecided):
        answer(decision, other)

    assert everything() == before


@pytest.mark.parametrize("choice", [MOVE, STAY])
def test_an_answer_after_the_hour_is_refused_before_anybody_noticed(choice):
    first, second = two_batches()
    decision = ask(place_paid(first), second)
    time_is_over(decision)
    before = everything()

    with pytest.raises(settling.AlreadyDecided):
        answer(decision, choice)

    assert everything() == before


def fill(second):
    Batch.objects.filter(pk=second.pk).update(capacity=1)


def close_early(second):
    Batch.objects.get(pk=second.pk).close(actor=SYSTEM)


def announce(second):
    Batch.objects.filter(pk=second.pk).update(schedule_version=2)


def stop_sale(second):
    second.allotments.update(sale="stopped")


@pytest.mark.parametrize(
    ("happen", "refusal"),
    [
        (fill, SoldOut),
        (close_early, BatchClosed),
        (announce, WindowChanged),
        (stop_sale, SoldOut),
    ],
)
def test_what_happened_to_the_other_batch_leaves_the_question_open(happen, refusal):
    first, second = two_batches()
    decision = ask(place_paid(first, units=[2]), second)
    happen(second)
    before = everything()

    with pytest.raises(refusal):
        answer(decision, seen=1)

    assert everything() == before
    assert Decision.objects.get().is_open
    assert answer(decision, STAY).answer == STAY


def test_a_full_batch_says_how_many_are_left_and_may_be_tried_again():
    first, second = two_batches(capacity=3)
    decision = ask(place_paid(first, units=[2]), second)
    other = place_paid(second, units=[2])

    with pytest.raises(SoldOut) as refusal:
        answer(decision)
    cancellation.cancel_as_shown(other.pk, shown=TOTAL + 150_000)
    answer(decision)

    [variant, _batch] = refusal.value.shortages
    assert (variant.wanted, variant.left) == (2, 1)
    assert counters_of(second) == [(2, 1, 300_000)]


def test_a_newer_window_is_moved_into_once_it_was_read():
    first, second = two_batches()
    decision = ask(place_paid(first), second)
    later = second.ships_until + timedelta(days=9)
    Batch.objects.filter(pk=second.pk).update(schedule_version=2, ships_until=later)

    decision = answer(decision, seen=2)

    assert (decision.schedule_version, decision.ships_until) == (2, later)
    assert Order.objects.get().schedule_version == 2


def test_moving_leaves_a_frozen_sheet_as_it_is():
    first, [order, _other] = in_production([2, 1], [1])
    second = make_batch(campaign=first.campaign, capacity=50)

    answer(ask(order, second))

    assert counters_of(first, second) == [(1, 1, 150_000), (3, 1, 450_000)]
    assert order.events.get(kind="moved").data["after_freeze"] is True
    assert_invariants()


def test_a_moved_order_is_in_the_sheet_of_its_new_batch_only():
    first, second = two_batches()
    order = place_paid(first)
    place_paid(first)
    answer(ask(order, second))

    sheets = [production.freeze(close(b).pk, actor=SYSTEM) for b in (first, second)]

    assert [sheet.lines.get().ordered for sheet in sheets] == [1, 1]
    assert_invariants()


def test_an_order_may_be_moved_on_from_where_it_moved_to():
    first, second = two_batches()
    third = make_batch(campaign=first.campaign, capacity=50)
    order = place_paid(first)

    answer(ask(order, second))
    answer(ask(order, third))

    assert counters_of(first, second, third) == [(0, 0, 0), (0, 0, 0), (1, 1, 150_000)]
    assert_invariants()


def test_an_order_shipped_in_part_meanwhile_does_not_move():
    first, [order] = in_production([2])
    second = make_batch(campaign=first.campaign)
    decision = ask(order, second)

    ship(order, lines={order.lines.get().pk: 1})

    assert Decision.objects.get().state == State.WITHDRAWN
    with pytest.raises(settling.AlreadyDecided):
        answer(decision)
    assert_invariants()


# How a question ends without an answer


def test_silence_leaves_the_order_where_it_is():
    first, second = two_batches()
    order = place_paid(first)
    decision = ask(order, second)
    time_is_over(decision)

    done = [move_questions.lapse_due(), move_questions.lapse_due()]

    decision.refresh_from_db()
    assert done == [1, 0]
    assert (decision.state, decision.answer) == (State.LAPSED, STAY)
    assert counters_of(first, second) == [(1, 1, 150_000), (0, 0, 0)]
    assert order.events.last().kind == "decision_lapsed"
    assert_invariants()


def test_a_question_that_is_not_due_does_not_lapse():
    first, second = two_batches()
    ask(place_paid(first), second)

    assert move_questions.lapse_due() == 0
    assert Decision.objects.get().is_open


def test_canceling_withdraws_the_question_and_its_unsent_mail():
    first, second = two_batches()
    order = place_paid(first)
    ask(order, second)

    cancellation.cancel_as_shown(order.pk, shown=TOTAL)

    question = order.messages.get(kind="decision_asked")
    assert Decision.objects.get().state == State.WITHDRAWN
    assert question.state == Message.State.ABORTED
    assert not order.messages.filter(kind="order_changed").exists()
    assert_invariants()


def test_a_withdrawn_question_is_told_to_whoever_read_it():
    first, second = two_batches()
    read, unread = place_paid(first), place_paid(first)
    asked = ask(read, second)
    outbox.deliver_due()
    unsent = ask(unread, second)

    for decision in (asked, unsent):
        settling.withdraw(decision.pk, actor=SYSTEM)

    assert mails_of(read)[-2:] == ["decision_asked", "order_changed"]
    assert mails_of(unread)[-1] == "decision_asked"
    with pytest.raises(InvalidTransition):
        settling.withdraw(asked.pk, actor=SYSTEM)
    assert_invariants()


@pytest.mark.parametrize("stage", ["canceled", "production"])
def test_the_end_of_the_other_batch_withdraws_the_question(stage):
    first, second = two_batches()
    ask(place_paid(first), second)
    Batch.objects.filter(pk=second.pk).update(stage=stage)

    done = [settling.withdraw_pointless(), settling.withdraw_pointless()]

    assert done == [1, 0]
    assert Decision.objects.get().state == State.WITHDRAWN


def test_a_batch_closed_early_may_reopen_so_the_question_stays():
    first, second = two_batches()
    decision = ask(place_paid(first), second)
    close(second)

    assert settling.withdraw_pointless() == 0
    Batch.objects.get(pk=second.pk).reopen(closes_at=soon(), actor=SYSTEM)

    assert answer(decision).is_moved


def test_the_end_of_its_own_batch_withdraws_the_question():
    first, second = two_batches()
    ask(place_paid(first), second)
    Batch.objects.get(pk=first.pk).cancel(actor=SYSTEM)

    sweep.cancel_orders_of_canceled_batches()

    assert Decision.objects.get().state == State.WITHDRAWN
    assert Order.objects.get().status == "canceled"
    assert_invariants()


def test_an_order_that_moved_away_is_not_canceled_with_the_batch_it_left():
    first, second = two_batches()
    order = place_paid(first)
    answer(ask(order, second))
    Batch.objects.get(pk=first.pk).cancel(actor=SYSTEM)

    assert sweep.cancel_orders_of_canceled_batches() == 0
    assert Order.objects.get().status == "confirmed"


def test_whoever_moved_into_a_batch_may_cancel_free_until_that_one_closes():
    first, second = two_batches(opens_at=database_now() + timedelta(days=1))
    order = place_paid(first)
    rules = order.rules | {"free_cancellation": "until_close", "kept_percent": 50}
    Order.objects.update(rules=rules)

    answer(ask(order, second))

    assert cancellation.quote(Order.objects.for_page().get()).kept == 0


# What must always be true of questions


def not_where_it_moved_to(first, _second):
    Order.objects.update(batch=first)


def counted_elsewhere(first, _second):
    Order.objects.get().lines.update(allotment=first.allotments.get())


def nobody_closed(_first, _second):
    past = database_now() - timedelta(hours=1)
    Decision.objects.update(state="open", answer_by=past)


def settled_without_event(_first, _second):
    Order.objects.get().events.filter(kind="moved")._raw_delete("default")


def confirmed_after_its_first_batch_was_produced(first, _second):
    past = database_now() - timedelta(hours=1)
    Batch.objects.filter(pk=first.pk).update(production_at=past)


@pytest.mark.parametrize(
    ("corrupt", "says"),
    [
        (not_where_it_moved_to, "an order is where it moved to"),
        (counted_elsewhere, "lines are counted with their order"),
        (nobody_closed, "no question outlives its answer-by"),
        (settled_without_event, "each answer has its event"),
        (confirmed_after_its_first_batch_was_produced, "nothing confirmed after"),
    ],
)
def test_a_broken_invariant_of_a_question_is_named(corrupt, says):
    first, second = two_batches()
    answer(ask(place_paid(first), second))
    assert_invariants()

    corrupt(first, second)

    assert [row for row in invariants.broken() if row.startswith(says)]
