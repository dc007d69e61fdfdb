"""Asking to be told: proved by mail, limited, forgotten; and stopping it again."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from campaigns.clock import database_now
from orders.models import Message, Subscriber
from orders.subscriptions import opening_reminders, wishes
from tests.factories import (
    make_batch,
    make_campaign,
    make_confirmed_order,
    make_shop,
    make_variant,
)
from tests.orders.posts import make_update, send_out, subscribe
from tests.waiting import full_batch, wait

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_limits_yet():
    cache.clear()


def page_of(campaign, language="id"):
    return f"/{language}/c/{campaign.slug}/reminder/"


def ahead(**columns):
    """Opens tomorrow."""
    at = timezone.now() + timedelta(days=1)
    batch = make_shop(**columns)
    batch.opens_at = at
    batch.save(update_fields=["opens_at"])
    return batch


def ask(client, campaign, *kinds, email="ani@example.com", language="id"):
    data = {"email": email, "kinds": kinds}
    return client.post(page_of(campaign, language), data)


def link_in(mail):
    [line] = [each for each in mail.text.splitlines() if "/subscription/" in each]
    return line[line.index("/subscription/") :]


def test_the_page_ticks_nothing_commercial(client):
    campaign = ahead().campaign

    response = client.get(page_of(campaign))

    assert response.context["form"]["kinds"].initial == ["opening"]
    assert response.content.decode().count(" checked") == 1
    assert "private" in response["Cache-Control"]
    assert page_of(campaign) in client.get(f"/id/c/{campaign.slug}/").content.decode()


def test_only_a_press_on_the_confirm_page_confirms(client):
    campaign = ahead().campaign

    answer = ask(client, campaign, "opening", "promotions")

    rows = list(Subscriber.objects.order_by("kind"))
    [mail] = Message.objects.all()
    assert (mail.kind, mail.to) == ("subscription_confirm", "ani@example.com")
    assert [row.token in answer.content.decode() for row in rows] == [False, False]
    for _look in range(2):
        assert client.get(link_in(mail)).status_code == 200
    assert not Subscriber.objects.live().exists()
    for _press in range(2):
        done = Client(enforce_csrf_checks=True).post(link_in(mail))
        assert done.status_code == 200
    assert Subscriber.objects.live().count() == 2
    assert set(Subscriber.objects.values_list("origin", "network")) == {("", "")}


def test_the_link_confirms_what_was_asked_in_its_mail_and_no_more(client):
    campaign = ahead().campaign
    ask(client, campaign, "opening")
    ask(client, campaign, "promotions")
    first, _second = Message.objects.order_by("pk")

    client.post(link_in(first))

    assert list(Subscriber.objects.live().values_list("kind", flat=True)) == ["opening"]


def test_the_answer_is_the_same_for_a_known_address(client):
    campaign = ahead().campaign
    subscribe(campaign, "known@example.com", kind="opening")

    answers = [
        ask(client, campaign, "opening", email=email).content
        for email in ("known@example.com", "new@example.com")
    ]

    assert answers[0] == answers[1]
    assert Subscriber.objects.get(email="known@example.com").confirmed_at


@pytest.mark.parametrize(
    ("kinds", "email"),
    [
        ([], "ani@example.com"),
        (["sms"], "ani@example.com"),
        (["opening"], "not an address"),
        (["opening"], ""),
        (["opening"], "a\n@example.com"),
    ],
)
def test_bad_input_is_refused_and_nothing_is_kept(client, kinds, email):
    campaign = ahead().campaign

    response = ask(client, campaign, *kinds, email=email)

    assert response.status_code == 422
    assert not Subscriber.objects.exists()
    assert not Message.objects.exists()


def test_a_forged_or_forgotten_link_is_not_found(client):
    campaign = ahead().campaign
    ask(client, campaign, "opening")
    link = link_in(Message.objects.get())
    forged = link[:-2] + "x/"

    pages = [client.get(forged), client.post(forged), client.get("/subscription/x/")]
    Subscriber.objects.update(created_at=database_now() - timedelta(days=31))
    forgotten = wishes.forget_unconfirmed()

    assert [page.status_code for page in pages] == [404, 404, 404]
    assert forgotten == 1
    assert client.get(link).status_code == 404


def test_the_confirmed_and_the_stopped_are_not_forgotten():
    campaign = make_campaign()
    subscribe(campaign, "a@example.com")
    subscribe(
        campaign, "b@example.com", confirmed_at=None, unsubscribed_at=database_now()
    )
    Subscriber.objects.update(created_at=database_now() - timedelta(days=400))

    assert wishes.forget_unconfirmed() == 0


def test_too_many_from_one_address_are_refused(client, settings):
    settings.RATE_LIMITS = True
    campaign = ahead().campaign
    for n in range(wishes.PER_ADDRESS):
        ask(client, campaign, "opening", email=f"a{n}@example.com")
    cache.clear()

    response = ask(client, campaign, "opening", email="last@example.com")

    assert response.status_code == 429
    assert response["Retry-After"]
    assert Subscriber.objects.count() == wishes.PER_ADDRESS


def test_a_flooded_mailbox_hears_nothing_more_and_nobody_is_told(client):
    campaigns = [ahead().campaign for _n in range(wishes.PER_MAILBOX + 1)]

    answers = [ask(client, campaign, "opening") for campaign in campaigns]

    assert {answer.status_code for answer in answers} == {200}
    assert Message.objects.count() == wishes.PER_MAILBOX
    assert Subscriber.objects.count() == wishes.PER_MAILBOX


# Openings


def test_an_opening_is_told_once_to_who_asked_before_it():
    campaign = ahead().campaign
    batch = campaign.batches.get()
    early = subscribe(campaign, "early@example.com", kind="opening")
    subscribe(campaign, "asked@example.com", kind="opening", confirmed_at=None)
    subscribe(campaign, "news@example.com")
    stopped = {"unsubscribed_at": database_now()}
    subscribe(campaign, "stopped@example.com", kind="opening", **stopped)
    before = opening_reminders.remind_of_openings()
    batch.opens_at = database_now()
    batch.save(update_fields=["opens_at"])
    late = {"created_at": database_now()}
    subscribe(campaign, "late@example.com", kind="opening", **late)

    told = [opening_reminders.remind_of_openings() for _round in range(2)]

    assert (before, told) == (0, [1, 0])
    [mail] = Message.objects.all()
    assert (mail.kind, mail.to, mail.priority) == ("opening", early.email, 9)
    assert f"/unsubscribe/{early.token}/" in mail.text
    assert mail.unsubscribe_url.endswith(f"/unsubscribe/{early.token}/")


def test_each_further_batch_is_an_opening_of_its_own_and_chunks_are_whole(monkeypatch):
    monkeypatch.setattr(opening_reminders, "CHUNK", 2)
    campaign = ahead().campaign
    for n in range(5):
        subscribe(campaign, f"a{n}@example.com", kind="opening")
    make_batch(campaign=campaign, opens_at=database_now())

    first = opening_reminders.remind_of_openings()
    make_batch(campaign=campaign, opens_at=database_now())
    second = opening_reminders.remind_of_openings()

    assert (first, second) == (5, 5)
    assert Message.objects.count() == 10


def test_who_waits_in_a_list_is_told_there():
    batch, _orders = full_batch()
    entry = wait(batch, email="ani@example.com")
    subscribe(batch.campaign, entry.email, kind="opening")
    make_batch(campaign=batch.campaign, opens_at=database_now())

    assert opening_reminders.remind_of_openings() == 0


# Stopping


def stop(mail, **data):
    path = mail.unsubscribe_url.partition("/unsubscribe/")[2]
    one_click = {"List-Unsubscribe": "One-Click"}
    client = Client(enforce_csrf_checks=True)
    return client.post(f"/unsubscribe/{path}", data or one_click)


def test_one_click_without_cookie_stops_news_and_nothing_else():
    order = make_confirmed_order()
    campaign = order.batch.campaign
    send_out(make_update(campaign=campaign))
    mail = Message.objects.get(kind="update")

    answers = [stop(mail) for _twice in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert not any(answer.cookies for answer in answers)
    mail.refresh_from_db()
    assert mail.state == "aborted"
    assert send_out(make_update(campaign=campaign)) == []
    row = Subscriber.objects.get()
    assert (row.kind, row.email, row.confirmed_at) == ("updates", order.email, None)
    kinds = set(Message.objects.values_list("kind", flat=True))
    assert {"order_placed", "order_confirmed"} <= kinds


def test_looking_stops_nothing_and_the_page_names_it(client):
    order = make_confirmed_order()
    send_out(make_update(campaign=order.batch.campaign))
    mail = Message.objects.get(kind="update")
    path = mail.unsubscribe_url[mail.unsubscribe_url.index("/unsubscribe/") :]

    response = client.get(path)

    html = response.content.decode()
    assert response.status_code == 200
    assert order.batch.campaign.title in html
    assert order.email not in html
    assert "csrfmiddlewaretoken" not in html
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert not Subscriber.objects.exists()


def test_it_can_be_taken_back(client):
    order = make_confirmed_order()
    campaign = order.batch.campaign
    send_out(make_update(campaign=campaign))
    mail = Message.objects.get(kind="update")
    path = mail.unsubscribe_url[mail.unsubscribe_url.index("/unsubscribe/") :]
    stop(mail)

    assert Client(enforce_csrf_checks=True).post(f"{path}undo/").status_code == 200

    assert send_out(make_update(campaign=campaign)) == [order.email]


def test_all_news_of_a_seller_stops_what_comes_later_too():
    order = make_confirmed_order()
    campaign = order.batch.campaign
    twin = make_campaign(seller=campaign.seller)
    other = make_confirmed_order(
        batch=make_batch(campaign=make_variant(campaign=twin).campaign),
        email=order.email,
    )
    subscribe(campaign, order.email, kind="promotions")
    send_out(make_update(campaign=campaign))

    stop(Message.objects.get(kind="update"), scope="all")

    later = other.batch.campaign
    assert send_out(make_update(campaign=later)) == []
    assert send_out(make_update(campaign=later, kind="promotion")) == []
    subscribe(later, order.email)
    assert send_out(make_update(campaign=later)) == [order.email]


def test_a_subscriber_s_own_link_works_and_ends_with_the_row(client):
    campaign = make_campaign()
    row = subscribe(campaign, "ani@example.com")
    path = f"/unsubscribe/{row.token}/"

    assert client.get(path).status_code == 200
    assert client.post(path).status_code == 200
    assert send_out(make_update(campaign=campaign)) == []
    row.delete()
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("token", ["nonsense", "a:b:c", "x" * 65, "WzEsMl0:1abc:def"])
def test_what_we_never_signed_is_not_found(client, token):
    assert client.get(f"/unsubscribe/{token}/").status_code == 404
    assert client.post(f"/unsubscribe/{token}/").status_code == 404
