"""Too many POSTs from one address are told to wait; a forged header changes nothing."""

from http import HTTPStatus

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client, RequestFactory

from campaigns import throttle
from campaigns.throttle import client_address, throttled

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LIMIT, SECONDS = 3, 600


@pytest.fixture(autouse=True)
def limits(settings):
    settings.RATE_LIMITS = True
    cache.clear()
    yield
    cache.clear()


@throttled("test", limit=LIMIT, seconds=SECONDS)
def view(request):
    return HttpResponse("ok")


def post(address="203.0.113.7", *, to=view, **headers):
    request = RequestFactory().post("/", REMOTE_ADDR=address, headers=headers)
    return to(request)


def statuses(count, **options):
    return [post(**options).status_code for _n in range(count)]


def test_one_more_than_the_limit_is_told_when_to_come_again():
    assert statuses(LIMIT) == [200] * LIMIT

    refusal = post()

    assert refusal.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert refusal.headers["Retry-After"] == "600"


def test_another_address_is_not_concerned():
    statuses(LIMIT + 1)

    assert post("203.0.113.8").status_code == 200


def test_another_form_is_counted_by_itself():
    @throttled("other", limit=LIMIT, seconds=SECONDS)
    def other(request):
        return HttpResponse("ok")

    statuses(LIMIT + 1)

    assert post(to=other).status_code == 200


def test_reading_is_never_limited():
    statuses(LIMIT + 1)

    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7")

    assert view(request).status_code == 200


def test_without_rate_limits_all_are_let_in(settings):
    settings.RATE_LIMITS = False

    assert statuses(LIMIT + 5) == [200] * (LIMIT + 5)


def test_a_forged_address_does_not_help():
    forged = [{"X-Forwarded-For": f"198.51.100.{n}"} for n in range(LIMIT + 1)]

    answers = [post(**headers).status_code for headers in forged]

    assert answers == [200] * LIMIT + [429]


def test_behind_a_proxy_the_address_it_saw_counts(settings):
    settings.TRUSTED_PROXIES = 1
    proxy = "10.0.0.1"

    answers = [
        post(proxy, **{"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.7"}).status_code
        for n in range(LIMIT + 1)
    ]

    assert answers == [200] * LIMIT + [429]
    other = {"X-Forwarded-For": "203.0.113.7, 203.0.113.8"}
    assert post(proxy, **other).status_code == 200


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "198.51.100.1", "10.0.0.1"),
        (0, None, "10.0.0.1"),
        (1, "198.51.100.1", "198.51.100.1"),
        (1, "192.0.2.1, 198.51.100.1", "198.51.100.1"),
        (2, "192.0.2.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        (2, "198.51.100.1", "10.0.0.1"),
        (1, None, "10.0.0.1"),
        (1, " 2001:db8::1 ", "2001:db8::1"),
    ],
)
def test_the_client_is_whom_the_outermost_of_our_proxies_saw(
    settings, proxies, forwarded, address
):
    settings.TRUSTED_PROXIES = proxies
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}

    request = RequestFactory().get("/", REMOTE_ADDR="10.0.0.1", headers=headers)

    assert client_address(request) == address


def test_a_cache_that_is_away_stops_no_buyer(monkeypatch):
    class Gone:
        def add(self, *_args, **_options):
            raise ConnectionError

    monkeypatch.setattr(throttle, "cache", Gone())

    assert statuses(LIMIT + 1) == [200] * (LIMIT + 1)


def test_a_page_limits_the_posts_that_come_in():
    client = Client()
    form = {"number": "K7F3Q9M2", "contact": "ani@example.com"}

    answers = [client.post("/id/find/", form).status_code for _n in range(21)]

    assert answers == [200] * 20 + [429]
    assert client.get("/id/find/").status_code == 200
