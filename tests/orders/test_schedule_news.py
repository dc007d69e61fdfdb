"""Every order hears of the newest window once: asked, or only told."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.clock import database_now
from campaigns.models import Batch
from campaigns.schedule import USUAL_TIME
from orders.delays import schedule_news
from orders.mail import rows as mail_rows
from orders.models import Decision, Message, Order, OrderEvent, WaitlistEntry
from orders.waitlist import offers as waitlist_offers
from tests.concurrency.racing import assert_invariants
from tests.drafts import end_hold, make_offer, place_order, place_paid, rows_of_orders
from tests.fulfillment.goods import in_production, ship
from tests.orders.delaying import (
    CANCEL,
    REASON,
    WAIT,
    announce,
    answer,
    delay,
    later,
    question_of,
    send,
)
from tests.orders.moving import answer as answer_to_move
from tests.orders.moving import ask, two_batches

pytestmark = pytest.mark.django_db

State = Decision.State
# Of a chunk of two hundred: SQLite inserts fewer rows with one statement.
QUERIES = {"postgresql": 13, "sqlite": 13}


def everything():
    return rows_of_orders() | {"Decision": list(Decision.objects.values())}


def mails_about(order):
    mails = Message.objects.filter(order=order, kind="schedule_change")
    return mails.order_by("pk")


def test_a_paid_order_is_asked_once_with_one_mail_and_told_the_version():
    batch = make_offer()
    order = place_paid(batch)
    change = announce(batch)

    told = [schedule_news.tell_all(), schedule_news.tell_all()]

    decision, mail = Decision.objects.get(), mails_about(order).get()
    assert told == [1, 0]
    assert (decision.kind, decision.silence, decision.state) == ("delay", WAIT, "open")
    assert (decision.ships_from, decision.ships_until) == later(batch, 0)
    assert decision.answer_by == change.answer_by
    assert mail.dedupe_key == f"schedule_change:{order.number}:2"
    assert (mail.priority, mail.schedule_version) == (Message.Priority.BULK, 2)
    assert f"/o/{order.token}/decision/{decision.pk}/" in mail.text
    assert REASON in mail.text
    order.refresh_from_db()
    assert order.schedule_version == 2
    assert order.promised_until == batch.ships_until
    assert order.events.filter(kind="schedule_changed").count() == 1
    assert_invariants()


def test_an_unpaid_order_is_asked_too_and_a_finished_one_is_left_alone():
    batch = make_offer()
    pending, canceled = place_order(batch), place_paid(batch)
    Order.objects.filter(pk=canceled.pk).update(packed_at=database_now())
    announce(batch)

    assert schedule_news.tell_all() == 1
    assert Decision.objects.get().order == pending


def test_an_earlier_window_is_told_and_asks_nothing():
    batch = make_offer(production_starts_on=None, production_ends_on=None)
    order = place_paid(batch)

    delay(batch, -3)

    assert not Decision.objects.exists()
    text = mails_about(order).get().text
    assert f"/o/{order.token}/\n" in text
    assert "/decision/" not in text
    order.refresh_from_db()
    assert order.schedule_version == 2
    assert_invariants()


def test_the_second_announcement_replaces_the_first():
    batch = make_offer()
    order = place_paid(batch)
    announce(batch, 14)
    schedule_news.tell_all()
    first, old = question_of(order), mails_about(order).get()

    announce(batch, 3)
    schedule_news.tell_all()

    first.refresh_from_db()
    old.refresh_from_db()
    second = question_of(order)
    assert (first.state, old.state) == (State.WITHDRAWN, "aborted")
    # The first was never read, so this is the first delay put to the buyer.
    assert (second.schedule_version, second.silence) == (3, WAIT)
    assert mails_about(order).filter(state="queued").count() == 1
    assert_invariants()


def test_who_read_the_first_question_is_asked_a_second_time_at_another_price():
    batch = make_offer()
    order = place_paid(batch)
    delay(batch, 14)

    announce(batch, 3)
    schedule_news.tell_all()

    assert question_of(order).silence == CANCEL
    assert Decision.objects.open().count() == 1
    assert_invariants()


def test_two_announcements_before_anybody_was_told_are_one_question():
    batch = make_offer()
    order = place_paid(batch)
    announce(batch, 14)
    announce(batch, 3)

    schedule_news.tell_all()

    assert Decision.objects.get().schedule_version == 3
    assert mails_about(order).get().schedule_version == 3
    assert_invariants()


def test_back_to_the_promise_nothing_is_asked_any_more():
    batch = make_offer()
    order = place_paid(batch)
    delay(batch, 14)

    announce(batch, -14)
    schedule_news.tell_all()

    assert Decision.objects.get().state == State.WITHDRAWN
    assert mails_about(order).last().schedule_version == 3
    assert_invariants()


def test_who_waits_for_a_late_date_is_only_told_of_an_earlier_one():
    batch = make_offer()
    order = place_paid(batch)
    delay(batch, 14)
    answer(order, WAIT)

    announce(batch, -3)
    schedule_news.tell_all()

    assert Decision.objects.count() == 1
    assert mails_about(order).count() == 2
    assert_invariants()


def test_without_an_address_the_question_is_there_and_no_mail():
    batch = make_offer()
    order = place_paid(batch)
    Order.objects.update(email="", source="chat")

    delay(batch)

    assert question_of(order).is_open
    assert not mails_about(order).exists()
    assert Decision.objects.to_ask_by_hand().count() == 1
    assert_invariants()


def test_an_offer_of_the_waiting_list_takes_the_new_window_and_is_asked_nothing():
    batch = make_offer(capacity=1)
    taken = place_order(batch)
    WaitlistEntry.objects.create(
        batch=batch,
        variant=batch.campaign.variants.get(),
        quantity=1,
        email="wait@example.com",
        locale="id",
        identity="digest",
    )
    end_hold(taken)
    waitlist_offers.offer_freed()
    offer = Order.objects.get(source="waitlist")
    window = later(batch, 14)

    announce(batch, 14)
    schedule_news.tell_all()

    offer.refresh_from_db()
    assert (offer.promised_from, offer.promised_until) == window
    assert offer.schedule_version == 2
    assert not Decision.objects.exists()
    assert not mails_about(offer).exists()


def test_a_question_about_a_move_gives_way_with_its_mail():
    first, second = two_batches()
    order = place_paid(first)
    moving = ask(order, second)

    announce(first)
    schedule_news.tell_all()

    moving.refresh_from_db()
    assert moving.state == State.WITHDRAWN
    assert order.messages.get(kind="decision_asked").state == "aborted"
    assert question_of(order).is_delay
    assert_invariants()


def test_who_moved_may_meet_the_same_version_in_the_other_batch():
    first, second = two_batches()
    order = place_paid(first)
    delay(first)
    answer(order, WAIT)
    answer_to_move(ask(order, second))

    delay(second)

    keys = [mail.dedupe_key.split(":", 2)[2] for mail in mails_about(order)]
    assert keys == ["2", f"2-{second.pk}"]
    assert question_of(order).origin == second
    assert question_of(order).silence == CANCEL
    assert_invariants()


def test_a_question_about_a_move_stays_when_nothing_else_is_asked():
    first, second = two_batches(production_ends_on=None)
    Batch.objects.update(production_starts_on=None, production_ends_on=None)
    moving = ask(place_paid(first), second)

    delay(first, -2)

    moving.refresh_from_db()
    assert moving.is_open


def test_what_is_shipped_in_part_is_told_and_not_asked():
    batch, [order] = in_production([2])
    line = order.lines.get()
    ship(order, lines={line.pk: 1})

    delay(batch)

    assert not Decision.objects.exists()
    assert mails_about(order).count() == 1


def test_a_version_raised_without_a_word_tells_nobody():
    batch = make_offer()
    place_paid(batch)
    Batch.objects.update(schedule_version=2)
    before = everything()

    assert schedule_news.tell_all() == 0
    assert everything() == before
    assert_invariants()


def test_who_hears_late_gets_the_usual_time():
    batch = make_offer()
    order = place_paid(batch)
    announce(batch, answer_by=database_now() + timedelta(days=3))
    with connection.cursor() as cursor:
        past = database_now() + timedelta(hours=20)
        cursor.execute("UPDATE campaigns_schedulechange SET answer_by = %s", [past])

    schedule_news.tell_all()

    left = question_of(order).answer_by - database_now()
    assert abs(left - USUAL_TIME) < timedelta(minutes=1)


def clones(order, count):
    """So many orders like this one, without the way through checkout."""
    Order.objects.bulk_create(
        [
            Order(
                **{
                    field.attname: getattr(order, field.attname)
                    for field in Order._meta.fields
                    if field.attname
                    not in ("id", "number", "token", "submit_key", "placed_at")
                },
                submit_key=f"clone-{n}",
            )
            for n in range(count)
        ]
    )


class Killed(BaseException):
    """As kill -9 would end it."""


@pytest.mark.slow
def test_twelve_hundred_orders_are_told_in_chunks_and_a_death_in_between_loses_none(
    monkeypatch,
):
    batch = make_offer()
    clones(place_paid(batch), 1_199)
    announce(batch)
    stored, chunks = mail_rows.store, []

    def dying(mails):
        count = stored(mails)
        chunks.append(count)
        if len(chunks) == 3:
            raise Killed
        return count

    monkeypatch.setattr(mail_rows, "store", dying)
    with pytest.raises(Killed):
        schedule_news.tell_all()
    told = Order.objects.filter(schedule_version=2).count()
    halfway = (told, Message.objects.filter(kind="schedule_change").count())
    # Without the time that a sweep has, which a busy machine may overrun.
    rest = schedule_news.tell_batch(batch.pk)

    assert chunks == [50] * 25
    assert halfway == (100, 100)
    assert rest == 1_100
    assert Decision.objects.open().count() == 1_200
    assert Message.objects.filter(kind="schedule_change").count() == 1_200
    assert OrderEvent.objects.filter(kind="schedule_changed").count() == 1_200


def test_a_chunk_takes_as_many_queries_as_an_order(django_assert_num_queries):
    batch = make_offer()
    order = place_paid(batch)
    clones(order, 39)
    announce(batch)
    keys = list(Order.objects.order_by("pk").values_list("pk", flat=True))

    with CaptureQueriesContext(connection) as one:
        schedule_news.tell(batch.pk, keys[:1])
    with CaptureQueriesContext(connection) as many:
        schedule_news.tell(batch.pk, keys[1:])

    assert len(one) == len(many) == QUERIES[connection.vendor]


def test_one_order_that_cannot_be_told_stops_no_other(monkeypatch):
    batch = make_offer()
    orders = [place_paid(batch) for _n in range(3)]
    announce(batch)
    broken = orders[1].pk
    render = mail_rows.render

    def break_one(kind, order, **context):
        if order.pk == broken:
            raise ValueError("no words for it")
        return render(kind, order, **context)

    monkeypatch.setattr(mail_rows, "render", break_one)

    assert schedule_news.tell_all() == 2
    assert Order.objects.filter(schedule_version=1).get().pk == broken
    send()


YEAR = timezone.now().year + 1
ACROSS_YEARS = {"ships_from": f"{YEAR}-12-28", "ships_until": f"{YEAR + 1}-01-04"}
PROMISED = f"28 December {YEAR} – 4 January {YEAR + 1}"


@pytest.mark.once
@pytest.mark.parametrize(
    ("days", "subject", "state"),
    [
        (
            7,
            f"Shipping delayed: 4–11 Jan {YEAR + 1}",
            f"Your order ships later than promised: 4–11 January {YEAR + 1} instead of"
            f" {PROMISED} (estimated).",
        ),
        (
            -3,
            f"Ships earlier: 25 Dec {YEAR} – 1 Jan {YEAR + 1}",
            f"Your order ships earlier: 25 December {YEAR} – 1 January {YEAR + 1}"
            f" instead of {PROMISED} (estimated).",
        ),
        (
            None,
            "Shipping delayed, date not known yet",
            "Your order ships later than promised, and no date can be given yet. You"
            f" were promised {PROMISED} (estimated).",
        ),
    ],
)
def test_the_mail_tells_the_state_then_the_date_then_the_link(days, subject, state):
    batch = make_offer()
    order = place_paid(batch)
    Batch.objects.update(
        stage="shipping", production_starts_on=None, production_ends_on=None
    )
    Batch.objects.update(**ACROSS_YEARS)
    Order.objects.update(
        locale="en",
        promised_from=ACROSS_YEARS["ships_from"],
        promised_until=ACROSS_YEARS["ships_until"],
    )

    announce(batch, days)
    schedule_news.tell_all()

    mail = mails_about(order).get()
    first, second, third, *_rest = mail.text.split("\n\n")
    assert mail.subject == f"{subject} – {order.number}"
    assert len(mail.subject) <= 60
    assert first == state
    assert second.startswith("You decide by " if days != -3 else "There is nothing")
    assert third.startswith("http")
