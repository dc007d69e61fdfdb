"""What no browser sends is refused before a page, or PostgreSQL, trips over it."""

from io import BytesIO

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory

from config.charset import only_utf8
from config.middleware import MAX_ADMIN_BODY, MAX_BODY

pytestmark = [pytest.mark.django_db, pytest.mark.once]

FORM = "application/x-www-form-urlencoded"


class UnreadBody(BytesIO):
    def read(self, *_args):
        raise AssertionError("the body was read")


def post_of(path, length):
    body = {"CONTENT_LENGTH": str(length), "wsgi.input": UnreadBody()}
    return Client().generic("POST", path, CONTENT_TYPE=FORM, **body)


@pytest.fixture
def staff():
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.mark.parametrize(
    "path", ["/sandbox/%00/", "/o/%00/", "/media/%00", "/id/c/a%00b/", "/%00"]
)
def test_nothing_has_an_address_with_a_nul(path):
    assert Client().get(path).status_code == 404


def test_a_search_for_a_nul_is_refused():
    assert Client().get("/id/?q=%00").status_code == 400


def test_a_nul_in_a_filter_of_the_admin_is_refused(staff):
    answer = staff.get("/admin/orders/order/?status__in=%00")

    assert answer.status_code == 400


def test_a_session_key_with_a_nul_is_no_session():
    client = Client(headers={"cookie": r'sessionid="\000aaaaaaaa"; language=id'})

    answer = client.get("/admin/")

    assert answer.status_code == 302
    assert answer.url.startswith("/admin/login/")


@pytest.mark.parametrize(
    ("path", "length"), [("/id/find/", MAX_BODY), ("/admin/login/", MAX_ADMIN_BODY)]
)
def test_a_body_too_large_is_refused_unread(path, length):
    answer = post_of(path, length + 1)

    assert answer.status_code == 413
    assert f"{length // 1024**2} MB" in answer.content.decode()


def test_a_body_of_a_fit_size_is_read():
    with pytest.raises(AssertionError, match="was read"):
        post_of("/id/find/", 200_000)


@pytest.mark.parametrize("length", ["", "x", "-1"])
def test_a_length_that_is_none_is_no_failure(length):
    assert Client().get("/healthz", CONTENT_LENGTH=length).status_code == 200


def status_for(content_type):
    """As gunicorn would ask: Django makes its request inside the application."""
    statuses = []

    def application(environ, start_response):
        start_response("200 OK", [])
        return [b""]

    environ = RequestFactory()._base_environ(CONTENT_TYPE=content_type)
    list(only_utf8(application)(environ, lambda status, _: statuses.append(status)))
    return statuses[0]


@pytest.mark.parametrize(
    "parameter",
    [
        *("charset=rot13", "charset=idna", "charset=zlib", "charset=unicode_escape"),
        *("charset=utf-16", "charset=latin-1", "charset=", "charset=x\0"),
        *("charset*=bogus''x", "charset*=idna''x", "x*=idna''x"),
        r"charset*=unicode_escape''%5cud800",
    ],
)
def test_another_charset_is_refused(parameter):
    assert status_for(f"text/plain; {parameter}") == "400 Bad Request"


@pytest.mark.parametrize(
    "content_type",
    [
        *("", "application/json", "application/json; charset=UTF-8"),
        *("text/plain; charset=utf8", 'text/plain; charset="utf-8"'),
        "multipart/form-data; boundary=----x",
    ],
)
def test_utf8_or_none_passes(content_type):
    assert status_for(content_type) == "200 OK"


def test_the_shop_is_served_behind_that_door():
    from config.wsgi import application  # noqa: PLC0415  checks the settings

    statuses = []
    environ = RequestFactory()._base_environ(CONTENT_TYPE="text/plain; charset=rot13")

    list(application(environ, lambda status, _: statuses.append(status)))

    assert statuses == ["400 Bad Request"]
