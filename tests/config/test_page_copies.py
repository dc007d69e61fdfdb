"""A web process's own copy of a public page: for a second, never past a cut-off."""

import gzip
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from campaigns.models import Batch, Campaign
from config import page_copies
from config.page_copies import Copies, Copy
from tests.factories import checkout_data, make_shop

pytestmark = [pytest.mark.django_db, pytest.mark.once]

TITLES = ("Kaos lama", "Kaos baru")


@pytest.fixture
def now(monkeypatch):
    """The clock of the copies, which a test moves by hand."""
    moment = [1000.0]
    monkeypatch.setattr(page_copies, "monotonic", lambda: moment[0])
    return moment


@pytest.fixture
def client(settings, now):
    settings.PAGE_COPIES = True
    return Client()


@pytest.fixture
def path():
    campaign = make_shop().campaign
    Campaign.objects.update(title=TITLES[0])
    return f"/id/c/{campaign.slug}/"


def title(client, path, **headers):
    """After the seller has given another one: the old title tells of a copy."""
    Campaign.objects.update(title=TITLES[1])
    text = client.get(path, headers=headers).content.decode()
    [found] = [title for title in TITLES if title in text]
    return found


def test_a_page_is_kept_for_a_second_and_no_longer(client, path, now):
    client.get(path)

    now[0] += 0.99
    assert title(client, path) == "Kaos lama"
    now[0] += 0.01
    assert title(client, path) == "Kaos baru"


def test_control_without_copies_every_look_is_fresh(client, path, settings):
    settings.PAGE_COPIES = False
    client.get(path)

    assert title(client, path) == "Kaos baru"


def test_a_copy_costs_no_statement(client, path, django_assert_num_queries):
    client.get(path)

    with django_assert_num_queries(0):
        client.get(path)


def test_a_copy_is_the_page_but_for_a_cache_in_front(client, path):
    """Which would make two seconds of its one."""
    fresh, copy = client.get(path), client.get(path)

    assert copy.content == fresh.content
    assert fresh["Cache-Control"] == "public, max-age=1"
    assert copy["Cache-Control"] == "public, max-age=0"
    changed = {"Cache-Control"}
    assert {k: v for k, v in copy.items() if k not in changed} == {
        k: v for k, v in fresh.items() if k not in changed
    }
    assert "Content-Security-Policy" in copy.headers


def test_a_zipped_page_is_kept_zipped(client, path):
    fresh = client.get(path, headers={"accept-encoding": "gzip"})
    copy = client.get(path, headers={"accept-encoding": "gzip"})

    assert copy["Content-Encoding"] == "gzip"
    assert copy.content == fresh.content
    assert "Content-Encoding" not in client.get(path).headers


def test_nothing_is_kept_near_a_cut_off(client, path):
    Batch.objects.update(closes_at=timezone.now() + timedelta(seconds=1.9))
    client.get(path)

    assert title(client, path) == "Kaos baru"


def test_the_second_begins_before_the_page_is_read(client, path, now):
    """A page that took its time was read as long ago."""

    def slow(execute, *statement):
        now[0] += 0.05
        return execute(*statement)

    with connection.execute_wrapper(slow):
        client.get(path)
    assert 1000.3 < now[0] < 1001

    now[0] = 1001.0
    assert title(client, path) == "Kaos baru"


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/en/c/{slug}/"},
        {"path": "/id/c/{slug}/?batch=2"},
        {"headers": {"save-data": "on"}},
        {"headers": {"host": "localhost"}},
        {"headers": {"host": "testserver:81"}},
        {"headers": {"accept-encoding": "br, gzip"}},
        {"secure": True},
    ],
)
def test_who_asks_otherwise_gets_a_page_of_their_own(client, path, other):
    client.get(path)
    Campaign.objects.update(title=TITLES[1])

    asked = {"path": path} | other
    asked["path"] = asked["path"].format(slug=Campaign.objects.get().slug)

    answer = client.get(**asked)
    text = answer.content
    if "Content-Encoding" in answer.headers:
        text = gzip.decompress(text)
    assert TITLES[1] in text.decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"accept-encoding": "br"},
        {"accept-encoding": "br;q=0.123"},
        {"save-data": "off"},
        {"x-forwarded-host": "evil.example"},
        {"x-forwarded-for": "203.0.113.9"},
        {"x-original-url": "/evil/"},
        {"accept-language": "en"},
        {"accept": "text/plain"},
        {"cookie": "django_language=en; messages=evil; sessionid=evil"},
    ],
)
def test_a_header_that_changes_no_page_makes_no_copy_of_its_own(client, path, headers):
    first = client.get(path, headers=headers)
    Campaign.objects.update(title=TITLES[1])

    copy = client.get(path)

    assert copy.content == first.content
    assert TITLES[0] in copy.content.decode()
    assert "evil" not in copy.content.decode()
    assert not copy.cookies


def clockless(page):
    """Without the moment it was rendered at: the countdown starts from there."""
    return re.sub(r'data-server-now="[^"]+"', "", page.content.decode())


def test_what_staff_sees_beside_a_page_is_in_no_copy(client, path):
    staff = Client()
    staff.force_login(User.objects.create_superuser("admin"))
    seen = staff.get(path)

    copy = client.get(path)

    assert clockless(copy) == clockless(seen)
    assert "csrfmiddlewaretoken" not in copy.content.decode()
    assert "/admin/" not in copy.content.decode()


def test_who_asks_for_the_head_alone_leaves_the_page_to_others(client, path):
    assert client.head(path).content == b""

    assert TITLES[0] in client.get(path).content.decode()


def test_a_visitor_with_cookies_gets_the_copy_and_no_cookie(client, path):
    client.get(path)
    client.cookies["sessionid"] = "k" * 32

    assert title(client, path) == "Kaos lama"
    assert not client.get(path).cookies


def test_a_page_that_is_not_there_is_looked_for_each_time(client, path):
    Campaign.objects.update(published_at=None)
    assert client.get(path).status_code == 404

    Campaign.objects.update(published_at=timezone.now())

    assert client.get(path).status_code == 200


def test_a_host_that_is_not_ours_gets_no_copy(client, path):
    client.get(path)

    assert client.get(path, headers={"host": "evil.example"}).status_code == 400


def test_what_is_sent_is_judged_fresh(client, path):
    client.get(path)
    data = checkout_data(Batch.objects.get())
    Batch.objects.update(closes_at=timezone.now())

    assert client.post(f"{path}checkout/", data).status_code == 409
    assert client.post(path).status_code == 405


def test_pages_of_one_buyer_are_never_kept(client, path):
    data = checkout_data(Batch.objects.get())

    pages = [client.get(f"{path}checkout/", data) for _look in range(2)]

    keys = {page.context["form"]["submit_key"].value() for page in pages}
    assert len(keys) == 2


def copy_of(size):
    return Copy(content=b"x" * size, headers={}, expires=page_copies.monotonic() + 1)


def test_copies_are_bounded_in_number_and_the_newest_stay(now):
    copies = Copies()

    for n in range(page_copies.MOST_COPIES + 1):
        copies.keep((str(n),), copy_of(1))

    assert copies.find(("0",)) is None
    assert copies.find(("1",))
    assert copies.find((str(page_copies.MOST_COPIES),))


def test_copies_are_bounded_in_bytes_and_none_takes_all_the_room(now):
    copies = Copies()
    most = page_copies.MOST_BYTES_OF_ONE

    copies.keep(("first",), copy_of(1))
    copies.keep(("too large",), copy_of(most + 1))
    assert copies.find(("first",))
    assert copies.find(("too large",)) is None

    for n in range(page_copies.MOST_BYTES // most):
        copies.keep((str(n),), copy_of(most))
    assert copies.find(("first",)) is None
    assert copies.find(("0",))


def test_a_copy_made_twice_counts_once(now):
    copies = Copies()

    for _turn in range(20):
        copies.keep(("page",), copy_of(page_copies.MOST_BYTES_OF_ONE))
    copies.keep(("other",), copy_of(1))

    assert copies.find(("page",))


def test_a_flood_of_odd_addresses_does_not_keep_a_page_from_being_kept(client, path):
    for n in range(page_copies.MOST_COPIES):
        client.get(f"/robots.txt?{n}")
        client.get(f"/id/privacy/?{n}")

    client.get(path)

    assert title(client, path) == "Kaos lama"
