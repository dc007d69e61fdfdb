"""The seller cancels an order with a reason, and puts its contact right."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns.models import Batch, Membership
from orders.mail import outbox
from orders.models import BuyerTally, Message, Order, OrderEvent
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    finish,
    mails_of,
    make_offer,
    place_order,
    place_paid,
    refunds_of,
    rows_of_orders,
    send_refunds,
    sums_of,
)
from tests.factories import make_campaign
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


def step_url(order, step):
    return reverse(f"admin:orders_order_{step}", args=[order.pk])


def post_step(staff, order, step, **entered):
    """The confirmation page, filled and sent as a browser would."""
    shown = fields_of(staff.get(step_url(order, step)))
    return staff.post(step_url(order, step), shown | entered)


def make_strict_offer():
    """Nothing is free; the rule keeps 30 percent."""
    campaign = make_campaign(free_cancellation="never", cancellation_kept_percent=30)
    return make_offer(campaign=campaign)


# --- cancellation


def test_seller_cancels_and_everything_comes_back(staff):
    batch = make_offer()
    order = place_paid(batch, units=[2])

    page = staff.get(step_url(order, "cancel"))
    answer = post_step(staff, order, "cancel", reason="Kain habis")
    send_refunds()

    event = OrderEvent.objects.get(order=order, kind="canceled")
    paid = TOTAL + 150_000
    batch.refresh_from_db()
    assert f"Rp\xa0{paid:,}".replace(",", ".") in page.content.decode()
    assert answer.status_code == 302
    assert sums_of(order) == ("canceled", paid, paid, 0)
    assert event.data == {"from": "confirmed", "reason": "Kain habis"}
    assert (event.actor, str(event.user)) == ("staff", "admin")
    assert refunds_of(order) == [("succeeded", paid, "admin")]
    assert batch.taken == 0
    assert_invariants()


def test_reason_is_in_the_mail_and_on_the_page_of_the_buyer(staff, client):
    order = place_paid(make_offer())

    post_step(staff, order, "cancel", reason="Kain <b>habis</b>")

    mail = Message.objects.get(order=order, kind="order_canceled")
    page = client.get(order.get_absolute_url()).content.decode()
    assert "Kain <b>habis</b>" in mail.text
    assert "Kain &lt;b&gt;habis&lt;/b&gt;" in page


def test_seller_may_keep_what_the_rule_allows(staff):
    order = place_paid(make_strict_offer())

    post_step(staff, order, "cancel", reason="Diminta pembeli", kept="50400")
    send_refunds()

    assert sums_of(order) == ("canceled", TOTAL, TOTAL - 50_400, 50_400)
    assert_invariants()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("kept", "50401"),
        ("kept", "-1"),
        ("kept", "0.5"),
        ("kept", "50.400"),
        ("kept", "1e400"),
        ("kept", "NaN"),
        ("reason", " "),
        ("reason", "x" * 201),
        ("reason", "gnihton \u202e"),
        ("reason", "\u200b"),
    ],
)
def test_bad_cancellation_is_refused_and_changes_nothing(staff, name, text):
    order = place_paid(make_strict_offer())
    before = rows_of_orders()

    answer = post_step(staff, order, "cancel", **{"reason": "Alasan", name: text})

    assert answer.status_code == 409
    assert rows_of_orders() == before


def test_money_that_came_meanwhile_is_shown_before_it_is_returned(staff):
    order = place_order(make_offer())
    shown = fields_of(staff.get(step_url(order, "cancel")))
    finish(order, "pay")
    before = rows_of_orders()

    staff.post(step_url(order, "cancel"), shown | {"reason": "Tidak dibayar"})

    assert rows_of_orders() == before
    assert order.status == Order.Status.CONFIRMED


def test_canceling_twice_changes_nothing_more(staff):
    order = place_paid(make_offer())
    shown = fields_of(staff.get(step_url(order, "cancel"))) | {"reason": "Alasan"}
    staff.post(step_url(order, "cancel"), shown)
    before = rows_of_orders()

    staff.post(step_url(order, "cancel"), shown)

    assert rows_of_orders() == before


def test_packed_order_is_not_canceled(staff):
    order = place_paid(make_offer())
    Order.objects.filter(pk=order.pk).update(packed_at=order.placed_at)

    answer = staff.post(step_url(order, "cancel"), {"reason": "Alasan", "kept": "0"})

    assert answer.status_code == 302
    assert sums_of(order)[0] == "confirmed"


def test_from_production_on_the_rule_of_the_free_time_is_over(staff):
    batch = make_offer()
    order = place_paid(batch)
    Batch.objects.filter(pk=batch.pk).update(stage="production")

    post_step(staff, order, "cancel", reason="Rusak", kept=str(TOTAL))

    assert sums_of(order) == ("canceled", TOTAL, 0, TOTAL)


# --- contact


def test_new_address_gets_the_link_and_the_latest_news(staff):
    order = place_paid(make_offer())
    outbox.deliver_due()

    post_step(staff, order, "contact", email="benar@example.com")

    copies = Message.objects.filter(to="benar@example.com").order_by("pk")
    original = Message.objects.get(order=order, kind="order_confirmed", to=order.email)
    order.refresh_from_db()
    assert order.email == "benar@example.com"
    assert [mail.kind for mail in copies] == ["order_link", "order_confirmed"]
    assert copies[1].text == original.text
    assert copies[1].message_id != original.message_id
    assert order.get_absolute_url() in copies[0].text
    assert_invariants()


def test_unsent_mails_go_to_the_new_address(staff):
    order = place_order(make_offer())
    Message.objects.filter(order=order).update(state="failed", attempts=1)

    post_step(staff, order, "contact", email="benar@example.com")

    mails = Message.objects.filter(order=order).order_by("pk")
    assert [(mail.kind, mail.to, mail.state) for mail in mails] == [
        ("order_placed", "benar@example.com", "queued"),
        ("order_link", "benar@example.com", "queued"),
    ]


def test_failed_mail_that_was_overtaken_is_withdrawn(staff):
    order = place_paid(make_offer())
    Message.objects.filter(order=order).update(state="failed")

    post_step(staff, order, "contact", email="benar@example.com")

    states = Message.objects.filter(order=order).order_by("pk")
    assert list(states.values_list("kind", "state")) == [
        ("order_placed", "aborted"),
        ("order_confirmed", "queued"),
        ("order_link", "queued"),
    ]


def test_history_keeps_both_values_where_erasure_finds_them(staff):
    order = place_order(make_offer())
    before = order.phone

    post_step(staff, order, "contact", phone="0812 9999 0000")

    event = OrderEvent.objects.get(order=order, kind="contact_corrected")
    page = staff.get(reverse("admin:orders_order_change", args=[order.pk]))
    assert event.data == {}
    assert event.personal == {"phone": {"from": before, "to": "+6281299990000"}}
    assert f"{before} → +6281299990000" in page.content.decode()
    assert mails_of(order) == ["order_placed", "order_changed"]


def test_limit_stays_with_the_contact_of_the_order(staff):
    campaign = make_campaign(buyer_limit=2)
    order = place_order(make_offer(campaign=campaign), units=[2])
    tallies = list(BuyerTally.objects.order_by("pk").values())

    post_step(staff, order, "contact", email="lain@example.com")

    assert list(BuyerTally.objects.order_by("pk").values()) == tallies
    assert Order.objects.get().limit_keys == order.limit_keys
    assert_invariants()


def test_same_contact_again_changes_nothing(staff):
    order = place_order(make_offer())
    before = rows_of_orders()

    post_step(staff, order, "contact")

    assert rows_of_orders() == before


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("email", ""),
        ("email", "bukan surel"),
        ("email", "a@b.id\nBcc: c@d.id"),
        ("email", f"{'a' * 250}@b.id"),
        ("phone", ""),
        ("phone", "123"),
        ("phone", "=1+1"),
    ],
)
def test_bad_contact_is_refused_and_changes_nothing(staff, name, text):
    order = place_order(make_offer())
    before = rows_of_orders()

    answer = post_step(staff, order, "contact", **{name: text})

    assert answer.status_code == 409
    assert rows_of_orders() == before


def test_order_taken_by_chat_may_lose_its_address(staff):
    order = place_order(make_offer())
    Order.objects.filter(pk=order.pk).update(source="chat")

    post_step(staff, order, "contact", email="")

    assert Order.objects.get().email == ""
    assert Message.objects.get().state == Message.State.ABORTED


def test_steps_need_the_right_to_change(client):
    order = place_order(make_offer())
    user = User.objects.create_user("packer", is_staff=True)
    seller = order.batch.campaign.seller
    Membership.objects.create(seller=seller, user=user, role="packer")
    client.force_login(user)
    before = rows_of_orders()

    answers = [
        client.post(step_url(order, "cancel"), {"reason": "x", "kept": Decimal(0)}),
        client.post(step_url(order, "contact"), {"email": "x@example.com"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]
    assert rows_of_orders() == before
