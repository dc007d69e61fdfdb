"""No line of a log opens an order or names a buyer."""

import logging

import pytest
from django.test import Client

from config.logs import discreet
from tests.web import Browser, gunicorn

pytestmark = pytest.mark.once(on="postgres")

TOKEN = "k3yOf-An_Order-0123456789abcdefghi"


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        (f"Conflict: /o/{TOKEN}/cancellation/", "Conflict: /o/…/cancellation/"),
        (f"GET /o/{TOKEN}?a=1 HTTP/1.1", "GET /o/…?a=1 HTTP/1.1"),
        (f"https://x.id/waitlist/{TOKEN}", "https://x.id/waitlist/…"),
        (f"/unsubscribe/{TOKEN}/ gone", "/unsubscribe/…/ gone"),
        (f"/id/?next=%2Fo%2F{TOKEN}%2Fpay", "/id/?next=%2Fo%2F…"),
        (f"/admin/password/MQ/{TOKEN}/", "/admin/password/MQ/…/"),
        ("no mail to ani.w+x@example.co.id.", "no mail to …@…"),
        ("/id/?q=ani%40example.com", "/id/?q=…@…"),
        ("/id/c/kaos/ and /media/o.webp", "/id/c/kaos/ and /media/o.webp"),
    ],
)
def test_secrets_and_addresses_are_left_out(told, kept):
    assert discreet(told) == kept


def test_arguments_and_tracebacks_are_covered(lines):
    try:
        raise ValueError(f"ani@example.com at /o/{TOKEN}/")
    except ValueError:
        logging.getLogger("orders").exception("failed for %s", "budi@example.com")

    assert "Traceback" in lines.getvalue()
    for secret in (TOKEN, "ani@", "budi@"):
        assert secret not in lines.getvalue()


@pytest.mark.django_db
def test_django_itself_tells_no_token(lines):
    Client(enforce_csrf_checks=True).post(f"/o/{TOKEN}/cancellation/")
    Client().get(f"/o/{TOKEN}/")

    assert "django.security.csrf" in lines.getvalue()
    assert "Not Found: /o/…/" in lines.getvalue()
    assert TOKEN not in lines.getvalue()


@pytest.mark.parametrize("name", ["django", "django.server"])
def test_django_has_no_handlers_of_its_own(name):
    assert logging.getLogger(name).handlers == []
    assert logging.getLogger(name).propagate


def test_a_long_line_takes_no_time():
    assert discreet("a" * 100_000) == "a" * 100_000


@pytest.mark.django_db(transaction=True)
def test_the_access_log_tells_no_token(tmp_path):
    log = tmp_path / "access.log"
    settings = ["--config", "python:config.gunicorn", "--access-logfile", str(log)]

    with gunicorn("config.wsgi", *settings) as port:
        Browser(port).get(f"/o/{TOKEN}/")

    assert '"GET /o/…/ HTTP/1.1" 404' in log.read_text()
    assert TOKEN not in log.read_text()
