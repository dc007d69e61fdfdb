"""What somebody might try on announcements, questions and news, and does not get."""

import itertools
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import Value
from django.db.models.functions import Concat
from django.test import Client

from campaigns.clock import database_now
from orders.mail import rows as mail_rows
from orders.models import Message, Subscriber
from orders.origins import Origin
from orders.subscriptions import emails as subscription_emails
from orders.subscriptions import wishes
from orders.subscriptions.wishes import Kind, Wish
from tests.factories import make_campaign, make_confirmed_order, make_shop
from tests.orders import delaying
from tests.orders.posts import make_update, send_out, subscribe
from tests.waiting import full_batch, wait

pytestmark = pytest.mark.django_db


def signed_in(order, role):
    """Somebody of the order's seller."""
    user = User.objects.create_user(role, is_staff=True)
    order.batch.campaign.seller.membership_set.create(user=user, role=role)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def delayed_order(**columns):
    order = make_confirmed_order(batch=make_shop(**columns))
    delaying.delay(order.batch)
    return order


@pytest.mark.parametrize(("role", "is_linked"), [("packer", False), ("manager", True)])
def test_who_packs_is_not_shown_the_buyer_s_own_link(role, is_linked):
    order = delayed_order()

    page = signed_in(order, role).get(f"/admin/orders/order/{order.pk}/change/")

    text = page.content.decode()
    assert "delay-heading" in text
    assert (order.token in text) is is_linked


# Mails to who never asked


def wish(campaign, *kinds):
    return Wish(
        campaign=campaign,
        email="ani@example.com",
        kinds=kinds,
        locale="id",
        origin=Origin(),
    )


def sets_of_kinds():
    return [kinds for n in (1, 2, 3) for kinds in itertools.combinations(Kind, n)]


@pytest.mark.parametrize("is_known", [False, True])
def test_a_mailbox_is_asked_to_confirm_a_few_times_a_day(is_known):
    campaigns = [make_campaign() for _n in range(3)]
    if is_known:
        for campaign in campaigns:
            for kind in Kind:
                subscribe(campaign, "ani@example.com", kind=kind)

    for campaign in campaigns:
        for kinds in sets_of_kinds():
            wishes.ask(wish(campaign, *kinds))

    assert Message.objects.count() == mail_rows.LINKS_A_DAY

    yesterday = database_now() - timedelta(days=1, minutes=1)
    earlier = Concat("dedupe_key", Value("0"))
    Message.objects.update(created_at=yesterday, dedupe_key=earlier)
    wishes.ask(wish(campaigns[0], Kind.UPDATES))
    assert Message.objects.count() == mail_rows.LINKS_A_DAY + 1


def test_one_question_sends_its_link_a_few_times_a_day(client):
    page = f"/en/c/{make_campaign().slug}/questions/"

    answers = set()
    for turn in range(mail_rows.LINKS_A_DAY + 3):
        answer = client.post(page, {"text": "Why?", "email": "ani@example.com"})
        answers.add(answer.content)
        # As if that had been ten minutes ago.
        earlier = Message.objects.latest("pk")
        earlier.dedupe_key += f"-{turn}"
        earlier.save(update_fields=["dedupe_key"])

    assert len(answers) == 1
    assert Message.objects.count() == mail_rows.LINKS_A_DAY


def test_the_link_of_a_place_is_sent_a_few_times_a_day():
    batch, _orders = full_batch()

    for turn in range(mail_rows.LINKS_A_DAY + 3):
        wait(batch, email="ani@example.com")
        earlier = Message.objects.latest("pk")
        earlier.dedupe_key += f"-{turn}"
        earlier.save(update_fields=["dedupe_key"])

    joined = Message.objects.filter(kind="waitlist_joined")
    assert joined.count() == mail_rows.LINKS_A_DAY


def failed_update(order):
    send_out(make_update(campaign=order.batch.campaign))
    return Message.objects.get(kind="update")


def failed_opening(order):
    campaign = order.batch.campaign
    subscriber = subscribe(campaign, order.email, kind=Subscriber.Kind.OPENING)
    mail_rows.queue(subscription_emails.opening(subscriber, order.batch))
    return Message.objects.get(kind="opening")


@pytest.mark.parametrize("make", [failed_update, failed_opening])
def test_what_its_reader_stopped_is_not_sent_again_by_hand(make):
    order = make_confirmed_order(batch=make_shop())
    mail = make(order)
    Message.objects.filter(pk=mail.pk).update(state="failed")
    manager = signed_in(order, "manager")
    again = f"/admin/orders/message/{mail.pk}/send-again/"
    Client().post(mail.unsubscribe_url.partition("8000")[2])

    answer = manager.post(again, follow=True)

    assert "wants no news" in answer.content.decode()
    mail.refresh_from_db()
    assert mail.state == "failed"

    Subscriber.objects.update(unsubscribed_at=None)
    manager.post(again)
    mail.refresh_from_db()
    assert mail.state == "queued"
