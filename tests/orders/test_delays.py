"""A delay is answered, or silence answers it; who leaves gets everything back."""

from datetime import timedelta
from decimal import Decimal

import pytest

from campaigns.actors import SYSTEM
from campaigns.clock import Clock, database_now
from campaigns.errors import WindowChanged
from campaigns.models import Batch
from fulfillment import dispatch
from orders import cancellation, corrections
from orders.cancellation import NotCancelable
from orders.decisions import settling
from orders.decisions.settling import AlreadyDecided
from orders.delays import answers as delay_answers
from orders.delays import asking as delay_asking
from orders.delays import reminders as delay_reminders
from orders.delays import schedule_news
from orders.mail import outbox
from orders.models import Decision, Message, Order
from orders.reminders import ladders
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    end_hold,
    finish,
    make_offer,
    place_order,
    place_paid,
    refunds_of,
    rows_of_orders,
    send_refunds,
    sums_of,
)
from tests.fulfillment.goods import in_production, ship
from tests.orders import moving
from tests.orders.delaying import (
    CANCEL,
    WAIT,
    announce,
    answer,
    answer_by_passes,
    delay,
    make_staff,
    question_of,
    send,
)

pytestmark = pytest.mark.django_db

State = Decision.State
DAY = timedelta(days=1)
HALF_KEPT = {"free_cancellation": "never", "kept_percent": 50}


def everything():
    return rows_of_orders() | {"Decision": list(Decision.objects.values())}


def asked(days=14, **options):
    """A paid order of which half would be kept, asked about a delay."""
    batch = make_offer()
    order = place_paid(batch)
    Order.objects.update(rules=order.rules | HALF_KEPT)
    delay(batch, days, **options)
    return Order.objects.get(pk=order.pk)


def mails(order, kind):
    return list(order.messages.filter(kind=kind).order_by("pk"))


# Answers


def test_canceling_returns_everything_with_shipping_whatever_the_rule_keeps():
    order = asked()

    answer(order, CANCEL)
    send_refunds()

    assert sums_of(order) == ("canceled", TOTAL, TOTAL, Decimal(0))
    assert refunds_of(order) == [("succeeded", TOTAL, "buyer")]
    assert Batch.objects.get().taken == 0
    kinds = list(order.events.values_list("kind", flat=True))
    assert kinds[-2:] == ["delay_declined", "canceled"]
    assert_invariants()


def test_canceling_is_final_and_twice_is_once():
    order = asked()
    answer(order, CANCEL)
    before = everything()

    answer(order, CANCEL)
    with pytest.raises(AlreadyDecided):
        answer(order, WAIT)

    assert everything() == before


def test_waiting_changes_nothing_but_may_become_canceling():
    order = asked()

    answer(order, WAIT)
    answer(order, WAIT)

    assert sums_of(order) == ("confirmed", TOTAL, Decimal(0), Decimal(0))
    assert question_of(order).state == State.ANSWERED
    assert order.events.filter(kind="delay_accepted").count() == 1
    assert_invariants()
    answer(order, CANCEL)
    assert sums_of(order) == ("canceled", TOTAL, Decimal(0), Decimal(0))
    assert_invariants()


def test_who_waited_and_then_moved_leaves_by_the_rule_as_anybody_else():
    first, second = moving.two_batches()
    order = place_paid(first)
    Order.objects.update(rules=order.rules | HALF_KEPT)
    delay(first)
    waiting = answer(order, WAIT)
    moving.answer(moving.ask(order, second))
    moved = Order.objects.for_page().get(pk=order.pk)
    before = everything()

    with pytest.raises(AlreadyDecided):
        delay_answers.answer(waiting.pk, choice=CANCEL)

    assert everything() == before
    assert cancellation.quote(moved).kept == TOTAL / 2


def test_after_the_hour_waiting_is_final_and_canceling_costs_again():
    order = asked()
    decision = answer(order, WAIT)
    answer_by_passes(decision)

    with pytest.raises(AlreadyDecided):
        answer(order, CANCEL)

    order = Order.objects.select_related("batch__campaign").get()
    assert cancellation.quote(order).kept == TOTAL / 2


@pytest.mark.parametrize("stage", ["open", "closed"])
def test_the_page_of_cancellation_lets_go_as_freely_and_counts_as_the_answer(stage):
    order = asked()
    Batch.objects.update(stage=stage)
    shown = cancellation.quote(Order.objects.select_related("batch__campaign").get())

    cancellation.cancel_as_shown(order.pk, shown=shown.returned)

    assert shown.kept == 0
    assert question_of(order).answer == CANCEL
    assert sums_of(order)[3] == 0
    assert_invariants()


def test_in_production_a_delay_lets_go_and_the_sheet_still_adds_up():
    batch, [first, second] = in_production([1], [2])
    delay(batch)

    answer(second, CANCEL)

    assert Order.objects.get(pk=second.pk).status == "canceled"
    assert Order.objects.get(pk=first.pk).status == "confirmed"
    assert_invariants()


def test_what_is_packed_cannot_be_canceled_any_more():
    batch, [order] = in_production([1])
    delay(batch)
    answer(order, WAIT)
    ship(order)
    before = everything()

    with pytest.raises(NotCancelable):
        answer(order, CANCEL)

    assert everything() == before


def test_shipping_ends_the_question():
    batch, [order] = in_production([1])
    delay(batch)

    ship(order)

    assert question_of(order).state == State.WITHDRAWN
    assert_invariants()


@pytest.mark.parametrize("units", [1, 2])
def test_a_parcel_taken_back_leaves_the_buyer_the_question(units):
    batch, [order] = in_production([2])
    delay(batch)
    shipment = ship(order, lines={order.lines.get().pk: units})

    dispatch.undo(shipment.pk, actor=SYSTEM)

    decision = question_of(order)
    assert (decision.state, decision.silence) == (State.OPEN, WAIT)
    [_taken_back, asked] = mails(order, "schedule_change")
    assert (asked.state, f"/decision/{decision.pk}/" in asked.text) == ("queued", True)
    send()
    answer(order, CANCEL)
    assert Order.objects.get(pk=order.pk).status == "canceled"
    assert_invariants()


def test_a_parcel_taken_back_reopens_no_question_that_it_did_not_end():
    batch, [order] = in_production([1])
    delay(batch)
    settling.withdraw(question_of(order).pk, actor=SYSTEM)
    shipment = ship(order)

    dispatch.undo(shipment.pk, actor=SYSTEM)

    assert question_of(order).state == State.WITHDRAWN


def test_who_waits_for_no_date_may_leave_free_until_it_is_packed():
    batch, [order] = in_production([1])
    delay(batch, None)
    decision = answer(order, WAIT)
    answer_by_passes(decision)
    delay_again = Order.objects.select_related("batch__campaign").get()

    quote = cancellation.quote(delay_again)

    assert (quote.kept, quote.returned) == (0, TOTAL)
    Order.objects.update(packed_at=Clock())
    with pytest.raises(NotCancelable):
        cancellation.quote(Order.objects.select_related("batch__campaign").get())


def test_a_dead_date_cannot_be_waited_for_but_left():
    order = asked()
    announce(order.batch, 7)
    before = everything()

    with pytest.raises(WindowChanged):
        answer(order, WAIT)

    assert everything() == before
    answer(order, CANCEL)
    assert Order.objects.get().status == "canceled"


def test_an_unpaid_order_may_leave():
    batch = make_offer()
    order = place_order(batch)
    delay(batch)

    answer(order, CANCEL)

    assert sums_of(order) == ("canceled", Decimal(0), Decimal(0), Decimal(0))
    assert_invariants()


def test_who_pays_too_late_is_asked_still_and_who_never_pays_no_more():
    batch = make_offer()
    late, never = place_order(batch), place_order(batch)
    delay(batch)
    for order in (late, never):
        end_hold(order)
    settling.withdraw_pointless()

    finish(late, "pay_late")
    answer_by_passes(question_of(never))
    withdrawn = settling.withdraw_pointless()

    assert Order.objects.get(pk=late.pk).status == "confirmed"
    assert question_of(late).is_open
    assert (withdrawn, question_of(never).state) == (1, State.WITHDRAWN)
    answer(late, CANCEL)
    assert sums_of(late)[3] == 0
    assert_invariants()


def test_the_seller_notes_what_the_buyer_said():
    user = make_staff()
    order = asked()

    delay_answers.answer(
        question_of(order).pk, choice=CANCEL, actor=settling.Actor.staff(user)
    )

    event = order.events.get(kind="delay_declined")
    assert (event.actor, event.user) == ("staff", user)
    assert sums_of(order)[0] == "canceled"


# Silence


def test_silence_about_a_first_short_slip_waits():
    order = asked(30)
    answer_by_passes(question_of(order))

    assert (delay_answers.lapse_due(), delay_answers.lapse_due()) == (1, 0)

    decision = question_of(order)
    assert (decision.state, decision.answer) == (State.LAPSED, WAIT)
    assert sums_of(order)[0] == "confirmed"
    assert_invariants()


@pytest.mark.parametrize("days", [31, None])
def test_silence_about_a_long_slip_or_no_date_returns_everything(days):
    batch, [order] = in_production([1])
    delay(batch, days)
    answer_by_passes(question_of(order))

    assert (delay_answers.lapse_due(), delay_answers.lapse_due()) == (1, 0)

    assert sums_of(order) == ("canceled", TOTAL, Decimal(0), Decimal(0))
    assert_invariants()


def test_silence_about_a_second_delay_returns_everything():
    order = asked(7)
    answer(order, WAIT)
    delay(order.batch, 7)
    answer_by_passes(question_of(order))

    assert delay_answers.lapse_due() == 1
    assert Order.objects.get().status == "canceled"
    assert_invariants()


def test_before_the_hour_silence_decides_nothing():
    asked()

    assert delay_answers.lapse_due() == 0


def test_a_newer_window_comes_before_silence():
    order = asked()
    announce(order.batch, 7)
    answer_by_passes(question_of(order))

    assert delay_answers.lapse_due() == 0
    schedule_news.tell_all()
    assert question_of(order).is_open
    assert_invariants()


@pytest.mark.parametrize("state", ["queued", "sending", "failed", "aborted"])
def test_a_question_that_was_not_sent_never_lapses(state):
    batch = make_offer()
    order = place_paid(batch)
    announce(batch, 60)
    schedule_news.tell_all()
    Message.objects.filter(kind="schedule_change").update(
        state=state, leased_until=database_now()
    )
    answer_by_passes(question_of(order))

    assert delay_answers.lapse_due() == 0
    assert question_of(order).is_open
    assert Order.objects.get().status == "confirmed"


def test_control_without_the_look_at_the_mail_an_unsent_question_cancels(monkeypatch):
    batch = make_offer()
    order = place_paid(batch)
    announce(batch, 60)
    schedule_news.tell_all()
    answer_by_passes(question_of(order))
    monkeypatch.setattr(Decision.objects._queryset_class, "sent", lambda rows: rows)
    monkeypatch.setattr(delay_asking, "is_fairly_asked", lambda _decision: True)

    delay_answers.lapse_due()

    assert Order.objects.get().status == "canceled"
    with pytest.raises(SystemExit):
        assert_invariants()


# Fair time


def test_what_waited_in_the_outbox_is_asked_again_with_a_later_hour():
    batch = make_offer()
    order = place_paid(batch)
    announce(batch)
    schedule_news.tell_all()
    answer_by_passes(question_of(order), days=6)

    assert (delay_asking.ask_again_due(), delay_asking.ask_again_due()) == (1, 0)

    old, new = mails(order, "schedule_change")
    left = question_of(order).answer_by - database_now()
    assert (old.state, new.state) == ("aborted", "queued")
    assert new.dedupe_key == f"schedule_change:{order.number}:2:2"
    assert 6 * DAY < left < 8 * DAY
    assert_invariants()


def test_a_mail_of_the_last_hours_does_not_make_silence_an_answer():
    order = asked(60)
    answer_by_passes(question_of(order))
    late = question_of(order).answer_by - timedelta(hours=23)
    Message.objects.filter(kind="schedule_change").update(sent_at=late)

    assert delay_answers.lapse_due() == 0

    assert question_of(order).answer_by > database_now() + 6 * DAY
    assert len(mails(order, "schedule_change")) == 2
    assert Order.objects.get().status == "confirmed"


def test_without_an_address_the_hour_moves_along_and_no_mail_is_written():
    batch = make_offer()
    order = place_paid(batch)
    Order.objects.update(email="", source="chat")
    delay(batch)
    answer_by_passes(question_of(order))

    assert delay_asking.ask_again_due() == 1

    assert question_of(order).answer_by > database_now() + 6 * DAY
    assert not mails(order, "schedule_change")
    assert_invariants()


def test_a_failed_address_is_asked_by_hand_until_it_is_mended():
    user = make_staff()
    order = asked()
    Message.objects.filter(kind="schedule_change").update(state="failed", sent_at=None)
    by_hand = Decision.objects.to_ask_by_hand()

    before = by_hand.count()
    corrections.correct_contact(
        order.pk,
        email="mended@example.com",
        phone=order.phone,
        actor=settling.Actor.staff(user),
    )
    send()

    assert (before, by_hand.count()) == (1, 0)
    mail = mails(order, "schedule_change")[0]
    assert (mail.to, mail.state) == ("mended@example.com", "sent")


# Reminders


def test_who_paid_since_and_has_another_address_is_asked_there():
    batch = make_offer()
    order = place_order(batch)
    delay(batch, 40)
    finish(order, "pay")
    send()
    before = question_of(order).answer_by

    corrections.correct_contact(
        order.pk, email="new@example.com", phone=order.phone, actor=SYSTEM
    )

    [_old, asked_there] = mails(order, "schedule_change")
    assert (asked_there.to, asked_there.state) == ("new@example.com", "queued")
    assert question_of(order).answer_by > before
    assert_invariants()


def reminders_of(order):
    return [m.dedupe_key.split(":")[-1] for m in mails(order, "delay_reminder")]


def test_reminders_come_on_their_days_and_before_the_hour():
    order = asked()
    found = []

    for _day in range(7):
        answer_by_passes(question_of(order), days=1)
        delay_reminders.remind_due()
        delay_reminders.remind_due()
        found.append(len(reminders_of(order)))

    assert found == [1, 1, 2, 2, 3, 4, 4]
    assert reminders_of(order)[:3] == ["day-1", "day-3", "day-5"]
    assert reminders_of(order)[3].startswith("last-")
    assert all(m.schedule_version == 2 for m in mails(order, "delay_reminder"))


def test_nobody_is_reminded_who_answered_or_was_never_asked():
    answered, unsent = asked(), place_paid(make_offer())
    answer(answered, WAIT)
    announce(unsent.batch)
    schedule_news.tell_all()
    for order in (answered, unsent):
        answer_by_passes(question_of(order), days=1)

    assert delay_reminders.remind_due() == 0


def test_an_answer_takes_back_the_reminder_that_waits():
    order = asked()
    answer_by_passes(question_of(order), days=1)
    delay_reminders.remind_due()

    answer(order, WAIT)

    assert [m.state for m in mails(order, "delay_reminder")] == ["aborted"]


def test_who_wants_none_gets_none():
    order = asked()
    answer_by_passes(question_of(order), days=1)

    ladders.turn(order.pk, ladders.Kind.ANSWER, stop=True)
    assert delay_reminders.remind_due() == 0

    ladders.turn(order.pk, ladders.Kind.ANSWER, stop=False)
    assert delay_reminders.remind_due() == 1


def test_the_outbox_sends_the_question():
    batch = make_offer()
    order = place_paid(batch)
    announce(batch)
    schedule_news.tell_all()

    outbox.deliver_due()

    assert mails(order, "schedule_change")[0].state == "sent"
