"""More time to pay: once, on request, while the hold still lives."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from campaigns.actors import BUYER
from campaigns.clock import database_now
from campaigns.models import Batch, Campaign
from orders import lifecycle
from orders.lifecycle import NotExtendable
from orders.models import Message, Order, OrderEvent
from orders.reminders.payment import remind_of_payment
from payments import expiry, extension
from payments.models import Payment, SandboxPayment
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    finish,
    mails_of,
    make_offer,
    payment_of,
    place_order,
    place_paid,
    rows_of_orders,
    run_out,
    sums_of,
)
from tests.factories import make_order, make_shop
from tests.forms import fields_of
from tests.moments import is_since
from tests.silence import down

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def url_of(order):
    return f"/o/{order.token}/extension/"


def ask(order, client=None):
    return (client or Client()).post(url_of(order))


def text_of(response):
    body = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(body.replace("\xa0", " ").split())


def test_the_hold_lasts_as_long_again_and_its_history_says_so():
    began, order = database_now(), make_order()
    end = order.expires_at

    answer = ask(order)

    order.refresh_from_db()
    event = order.events.latest("pk")
    assert answer.status_code == 303
    assert answer["Location"] == f"/o/{order.token}/pay/"
    assert order.expires_at == end + 24 * HOUR
    assert is_since(began, order.extended_at)
    assert (event.kind, event.actor) == ("hold_extended", "buyer")
    assert set(event.data["pay_before"]) == {"from", "to"}
    assert mails_of(order) == ["order_placed"]
    assert_invariants()


@pytest.mark.parametrize(("minutes", "extra"), [(30, 30), (1440, 1440), (4320, 1440)])
def test_the_extra_time_is_what_was_agreed_and_a_day_at_most(minutes, extra):
    batch = make_shop()
    Campaign.objects.update(hold_minutes=minutes)
    order = make_order(batch=Batch.objects.get(pk=batch.pk))
    Campaign.objects.update(hold_minutes=5)
    end = order.expires_at

    ask(order)

    order.refresh_from_db()
    assert order.expires_at == end + timedelta(minutes=extra)


def test_the_pay_page_offers_it_and_then_shows_the_new_end(client):
    order = make_order()

    before = client.get(f"/o/{order.token}/pay/")
    client.post(url_of(order))
    after = client.get(f"/o/{order.token}/pay/")

    assert "Need more time? You can have it once, until" in text_of(before)
    assert f'action="{url_of(order)}"' in before.content.decode()
    assert "It cannot be extended again." in text_of(after)
    assert url_of(order) not in after.content.decode()


def test_its_own_page_tells_both_ends_and_changes_nothing(client):
    order = make_order()
    before = rows_of_orders()

    page = client.get(url_of(order))

    assert page.status_code == 200
    assert "Do you need more time to pay?" in text_of(page)
    assert "This is possible once" in text_of(page)
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert "csrfmiddlewaretoken" in fields_of(page)
    assert rows_of_orders() == before


def test_a_foreign_page_cannot_ask_for_it():
    order = make_order()
    before = rows_of_orders()

    answer = Client(enforce_csrf_checks=True).post(url_of(order))

    assert answer.status_code == 403
    assert rows_of_orders() == before


def refused(order, words):
    before = rows_of_orders()
    answer = ask(order)
    assert answer.status_code == 409
    assert words in text_of(answer)
    assert rows_of_orders() == before
    assert Client().get(url_of(order)).status_code == 200


def test_a_second_request_changes_nothing():
    order = make_order()
    ask(order)

    refused(order, "You have more time already")


def test_an_overdue_hold_is_not_extended():
    order = make_order()
    run_out(order)

    refused(order, "The time to pay was over before you asked.")


def test_a_paid_order_needs_no_time():
    order = place_paid(make_offer())
    Order.objects.update(locale="en")

    refused(order, "No payment is awaited")


@pytest.mark.once
@pytest.mark.parametrize(
    ("status", "words"),
    [("canceled", "This order is canceled"), ("expired", "was over before you asked")],
)
def test_an_order_that_ended_is_not_extended(status, words):
    order = make_order(status=status)

    refused(order, words)


@pytest.mark.parametrize("stage", ["canceled", "production"])
def test_a_batch_that_goes_on_gives_no_more_time(stage):
    order = make_order()
    Batch.objects.update(stage=stage)

    refused(order, "This batch waits for no more payments.")


def test_an_unknown_order_is_not_found(client):
    assert client.post("/o/unknown/extension/").status_code == 404


def test_a_hold_of_a_closed_batch_may_last_longer():
    order = make_order()
    Batch.objects.get().close(actor=BUYER)

    assert ask(order).status_code == 303

    finish(order, "pay")
    assert sums_of(order) == ("confirmed", order.total, 0, 0)


def test_an_order_taken_by_chat_may_be_extended_too():
    order = make_order(source="chat", email="")

    assert ask(order).status_code == 303


def test_a_page_without_an_end_of_its_own_stays_open():
    order = place_order(make_offer())
    ask(order)

    assert payment_of(order).state == "pending"
    finish(order, "pay")

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)


def test_a_page_that_ends_before_the_hold_is_closed_and_another_one_begun(client):
    order = place_order(make_offer())
    Payment.objects.update(expires_at=order.expires_at)

    client.post(url_of(order))
    answer = client.post(f"/o/{order.token}/pay/")

    first, second = order.payments.order_by("pk")
    assert (first.state, second.state) == ("expired", "pending")
    assert answer["Location"] == second.redirect_url
    assert sums_of(order) == ("pending", 0, 0, 0)


def test_money_found_while_closing_that_page_confirms_the_order():
    order = place_order(make_offer())
    Payment.objects.update(expires_at=order.expires_at)
    SandboxPayment.objects.update(state="paid", received=TOTAL)

    ask(order)

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)


def test_a_silent_gateway_keeps_nobody_from_more_time():
    order = place_order(make_offer())
    Payment.objects.update(expires_at=order.expires_at)

    with down():
        assert ask(order).status_code == 303

    assert payment_of(order).hold_until is None
    order.refresh_from_db()
    assert order.extended_at is not None


def test_the_new_end_is_an_end_like_any_other():
    order = place_order(make_offer())
    ask(order)
    run_out(order)

    assert expiry.expire_overdue() == 1

    assert sums_of(order) == ("expired", 0, 0, 0)
    assert_invariants()


def remindable(order, *, left):
    now = database_now()
    Order.objects.filter(pk=order.pk).update(
        placed_at=now - 18 * HOUR, expires_at=now + left
    )


def test_the_new_end_is_reminded_of_as_the_first_one_was():
    order = place_order(make_offer())
    remindable(order, left=5 * HOUR)
    assert remind_of_payment() == 1
    Message.objects.update(state="sent", attempts=1)
    ask(order)
    assert remind_of_payment() == 0
    Message.objects.update(created_at=database_now() - 22 * HOUR)
    Order.objects.update(
        extended_at=database_now() - 21 * HOUR, expires_at=database_now() + 5 * HOUR
    )

    assert [remind_of_payment(), remind_of_payment()] == [1, 0]

    assert mails_of(order) == ["order_placed", "payment_reminder", "payment_reminder"]


def test_who_just_asked_for_more_time_is_not_reminded_at_once():
    order = place_order(make_offer())
    remindable(order, left=2 * HOUR)
    Order.objects.update(rules={"hold_minutes": 60})

    ask(order)

    assert remind_of_payment() == 0


def test_a_reminder_of_the_old_end_that_nobody_sent_yet_is_withdrawn():
    order = place_order(make_offer())
    remindable(order, left=5 * HOUR)
    remind_of_payment()

    ask(order)

    reminder = Message.objects.get(kind="payment_reminder")
    assert reminder.state == "aborted"


def test_the_start_of_production_ends_an_extended_hold_as_well():
    order = place_order(make_offer())
    extension.extend(order.pk)
    order = lifecycle.locked(order.pk)

    assert lifecycle.end_hold(order, actor=BUYER)

    with pytest.raises(NotExtendable):
        extension.extend(order.pk)
    assert OrderEvent.objects.filter(kind="hold_extended").count() == 1
    assert expiry.expire_overdue() == 1
