"""How staff come in: by invitation, by password, and not by guessing."""

import re

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from campaigns.models import Membership
from config.lockout import FAILURES
from tests.config.admin_world import hire
from tests.factories import make_seller

pytestmark = [pytest.mark.django_db, pytest.mark.once(on="postgres")]

LOGIN = "/admin/login/"
NEW_PASSWORD = "tenun-ikat-biru-77"


@pytest.fixture(autouse=True)
def nobody_failed_yet():
    cache.clear()


@pytest.fixture
def seller():
    return make_seller(name="Nila & Co")


@pytest.fixture
def owner(client: Client, seller) -> Client:
    client.force_login(hire(seller, "owner"))
    return client


def invite(owner, seller, **data):
    url = reverse("admin:campaigns_seller_invite", args=[seller.pk])
    return owner.post(url, {"email": "Budi@example.com", "role": "packer"} | data)


def link_in(message):
    return re.search(r"http://127.0.0.1:8000(/admin/password/\S+)", message.body)[1]


def choose_password(link):
    """As a browser does: the token moves from the address into the session."""
    client = Client()
    form = client.get(link)
    sent = {"new_password1": NEW_PASSWORD, "new_password2": NEW_PASSWORD}
    return client.post(form.get("Location", link), sent)


def log_in(client, name, password):
    return client.post(LOGIN, {"username": name, "password": password})


# --- invitations


def test_invited_person_chooses_a_password_and_comes_in(owner, seller):
    answer = invite(owner, seller)

    assert answer.status_code == 302
    (message,) = mail.outbox
    assert message.subject.startswith("Nila & Co")
    assert message.to == ["Budi@example.com"]
    user = User.objects.get(username="budi@example.com")
    assert not user.has_usable_password()
    choose_password(link_in(message))
    visitor = Client()
    assert log_in(visitor, "budi@example.com", NEW_PASSWORD).status_code == 302
    assert visitor.get(reverse("admin:orders_order_changelist")).status_code == 200
    assert Membership.objects.get(user=user).role == "packer"


def test_link_works_once(owner, seller):
    invite(owner, seller)
    link = link_in(mail.outbox[0])
    choose_password(link)

    again = choose_password(link)

    assert again.context["validlink"] is False


def test_link_ends_after_some_days(owner, seller, settings):
    invite(owner, seller)
    settings.PASSWORD_RESET_TIMEOUT = -1

    assert choose_password(link_in(mail.outbox[0])).context["validlink"] is False


def test_inviting_twice_makes_one_member_and_keeps_the_role(owner, seller):
    invite(owner, seller)
    invite(owner, seller, email="budi@EXAMPLE.com", role="owner")

    member = Membership.objects.exclude(role="owner").get()
    assert member.role == "packer"
    assert len(mail.outbox) == 2


def test_inviting_somebody_of_another_seller_tells_nothing_about_them(owner, seller):
    other = hire(make_seller(), "owner")
    User.objects.filter(pk=other.pk).update(username="rahasia", email="x@example.com")

    answers = [
        invite(owner, seller, email=e) for e in ("x@example.com", "y@example.com")
    ]

    page = reverse("admin:campaigns_seller_change", args=[seller.pk])
    shown = owner.get(page).content.decode()
    assert [answer["Location"] for answer in answers] == [page, page]
    assert "rahasia" not in shown
    assert "x@example.com" in shown
    assert other.membership_set.count() == 2


def test_superuser_who_is_invited_stays_one(owner, seller):
    admin = User.objects.create_superuser("admin", "admin@example.com", "secret")

    invite(owner, seller, email="admin@example.com")

    admin.refresh_from_db()
    assert admin.is_superuser
    assert admin.check_password("secret")


def test_last_owner_cannot_leave(owner, seller):
    member = Membership.objects.get()
    page = reverse("admin:campaigns_seller_change", args=[seller.pk])
    prefix = "membership_set"
    data = {
        f"{prefix}-TOTAL_FORMS": 1,
        f"{prefix}-INITIAL_FORMS": 1,
        f"{prefix}-0-id": member.pk,
        f"{prefix}-0-seller": seller.pk,
        f"{prefix}-0-role": "packer",
        "shipping_options-TOTAL_FORMS": 0,
        "shipping_options-INITIAL_FORMS": 0,
        "name": seller.name,
        "slug": seller.slug,
        "email": seller.email,
        "theme_color": seller.theme_color,
        "time_zone": seller.time_zone,
    }

    answers = [
        owner.post(page, data),
        owner.post(page, data | {f"{prefix}-0-role": "owner", f"{prefix}-0-DELETE": 1}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert Membership.objects.get().role == "owner"


# --- forgotten passwords


def test_login_leads_to_a_new_password(client, seller):
    user = hire(seller, "manager")
    assert reverse("admin_password_reset") in client.get(LOGIN).content.decode()

    client.post(reverse("admin_password_reset"), {"email": user.email.upper()})

    choose_password(link_in(mail.outbox[0]))
    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)


def test_unknown_address_gets_the_same_answer_and_no_mail(client, seller):
    user = hire(seller, "manager")
    url = reverse("admin_password_reset")

    known = client.post(url, {"email": user.email}, follow=True)
    unknown = client.post(url, {"email": "nobody@example.com"}, follow=True)

    assert known.content == unknown.content
    assert len(mail.outbox) == 1


def test_reset_mails_are_limited(client, seller, settings):
    settings.RATE_LIMITS = True
    user = hire(seller, "manager")
    url = reverse("admin_password_reset")

    answers = [client.post(url, {"email": user.email}).status_code for _i in range(12)]

    assert answers == [302] * 10 + [429] * 2
    assert len(mail.outbox) == 10


def test_weak_password_is_refused(owner, seller):
    invite(owner, seller)
    visitor = Client()
    form = visitor.get(link_in(mail.outbox[0]))

    answer = visitor.post(
        form["Location"], {"new_password1": "demo", "new_password2": "demo"}
    )

    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert not User.objects.get(username="budi@example.com").has_usable_password()


# --- guessing


def failures(client, name):
    answers = [log_in(client, name, "wrong") for _i in range(FAILURES + 1)]
    return [answer.context["form"].non_field_errors()[0] for answer in answers]


def test_guessing_is_stopped_with_the_same_words_for_every_name(client, seller):
    user = hire(seller, "owner", password="right-one-1")

    known, unknown = failures(client, user.username), failures(client, "nobody")

    assert known == unknown
    assert known[0] == known[-2] != known[-1]
    assert log_in(client, user.username, "right-one-1").status_code == 200


def test_pause_is_for_one_name_from_one_address(client, seller):
    user = hire(seller, "owner", password="right-one-1")
    failures(client, user.username)

    elsewhere = Client(REMOTE_ADDR="203.0.113.9")

    assert log_in(elsewhere, user.username, "right-one-1").status_code == 302


def test_coming_in_forgives_earlier_failures(client, seller):
    user = hire(seller, "owner", password="right-one-1")
    for _twice in range(2):
        for _i in range(FAILURES - 1):
            log_in(client, user.username, "wrong")
        assert log_in(client, user.username, "right-one-1").status_code == 302


def test_staff_come_in_while_the_cache_is_down(client, seller, monkeypatch):
    def broken(*args, **kwargs):
        raise ConnectionError

    user = hire(seller, "owner", password="right-one-1")
    monkeypatch.setattr(type(cache._connections["default"]), "add", broken)

    assert log_in(client, user.username, "right-one-1").status_code == 302


# --- sessions


def test_session_key_changes_with_the_login(client, seller):
    user = hire(seller, "owner", password="right-one-1")
    before = client.session
    before["seen"] = True
    before.save()

    log_in(client, user.username, "right-one-1")

    assert client.session.session_key != before.session_key


def test_logging_out_is_a_post(owner):
    url = reverse("admin:logout")

    assert owner.get(url).status_code == 405
    assert owner.post(url).status_code == 200
    assert owner.get(reverse("admin:index"))["Location"].startswith(LOGIN)
