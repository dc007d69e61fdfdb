"""No secret of this installation is kept, logged or shown, whoever quotes it."""

import io
import logging

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from config.logs import DiscreetFormatter
from payments import inbox, secrets
from payments.errors import Rejected
from payments.models import GatewayEvent, Payment
from tests.drafts import make_offer, payment_of, place_order, place_paid, press
from tests.silence import faulty

pytestmark = pytest.mark.django_db

NAMES = [name for name in secrets.NAMES if name != "SECRET_KEY"]
# The longest first: one may begin like another.
SECRETS = [f"{name.lower()}-4711-0815-0042" for name in NAMES]


@pytest.fixture(autouse=True)
def told_everywhere(settings):
    """Each secret of the installation is set to a value of its own."""
    for name, value in zip(NAMES, SECRETS, strict=True):
        is_list = isinstance(getattr(settings, name), list | tuple)
        setattr(settings, name, [value] if is_list else value)


@pytest.fixture
def log(caplog):
    """What the shop's own formatter makes of every record."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(DiscreetFormatter())
    logging.root.addHandler(handler)
    yield written
    logging.root.removeHandler(handler)


def leaks(text):
    return [secret for secret in SECRETS if secret in text]


def everything_stored():
    models = (
        m for m in apps.get_models() if m._meta.app_label in ("payments", "orders")
    )
    rows = (row for model in models for row in model._default_manager.values())
    return "\n".join(str(row) for row in rows)


@pytest.mark.parametrize("quote", [Rejected, RuntimeError])
def test_an_error_that_quotes_secrets_leaves_none_behind(log, client, quote):
    order = place_order(make_offer())
    press(payment_of(order), "pay")
    error = quote(f"401 for {' '.join(SECRETS)}")

    with faulty(fetch=error, cancel=error):
        inbox.process_due()
        Payment.objects.update(fetched_at=None)
        client.raise_request_exception = False
        page = client.get(f"/o/{order.token}/pay/return/", follow=True)

    assert GatewayEvent.objects.get().state == "retry"
    assert "401 for … …" in everything_stored()
    assert "401 for … …" in log.getvalue()
    assert leaks(everything_stored()) == []
    assert leaks(log.getvalue()) == []
    assert leaks(page.content.decode()) == []


def test_no_page_of_the_admin_shows_one(log):
    order = place_paid(make_offer())
    staff = Client()
    staff.force_login(User.objects.create_superuser("admin"))
    pages = [
        reverse("admin:index"),
        reverse("admin:payments_payment_changelist"),
        reverse("admin:payments_payment_change", args=[payment_of(order).pk]),
        reverse("admin:payments_gatewayevent_changelist"),
        reverse("admin:payments_discrepancy_changelist"),
        reverse("admin:payments_reconciliationrun_changelist"),
        reverse("admin:orders_order_change", args=[order.pk]),
    ]

    answers = [staff.get(page) for page in pages]

    assert [answer.status_code for answer in answers] == [200] * len(pages)
    assert leaks("".join(answer.content.decode() for answer in answers)) == []


def test_control_without_redaction_a_quoted_secret_is_kept(monkeypatch):
    monkeypatch.setattr(secrets, "configured", lambda: iter(()))
    order = place_order(make_offer())
    press(payment_of(order), "pay")

    with faulty(fetch=Rejected(SECRETS[0])):
        inbox.process_due()

    assert leaks(everything_stored()) == SECRETS[:1]


def test_the_link_of_one_order_opens_no_other():
    one, other = (place_order(make_offer()) for _n in range(2))
    forged = one.token[:-1] + ("a" if one.token[-1] != "a" else "b")

    for page in ("pay/", "pay/return/", ""):
        assert Client().get(f"/o/{forged}/{page}").status_code == 404
        assert Client().get(f"/o/{other.number}/{page}").status_code == 404
