"""No secret of this installation is kept, logged or shown, whoever quotes it."""

import io
import logging

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from config.logs import DiscreetFormatter
from orders.models import Order
from payments import inbox, secrets
from payments.errors import Rejected
from payments.models import (
    GatewayEvent,
    Payment,
    PayoutAccount,
    Refund,
    SavedMethod,
    TransferProof,
)
from payments.urls import secret
from tests.drafts import (
    TOTAL,
    make_offer,
    payment_of,
    place_order,
    place_paid,
    press,
    rows_in,
    rows_of_orders,
    send_refunds,
)
from tests.payments.test_refunds import a_canceled_order
from tests.silence import faulty
from tests.transfers import place_transfer, send_proof

pytestmark = [pytest.mark.django_db, pytest.mark.once]

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


# --- the link of an order


def awaits_a_proof():
    order = place_transfer()
    send_proof(order)
    return order


def with_a_saved_card():
    order = place_paid(make_offer())
    SavedMethod.objects.create(
        order=order, gateway="stripe", label="Visa 4242", consent="Ya"
    )
    return order


def is_paid_back_by_hand():
    order = a_canceled_order()
    Payment.objects.filter(order=order).update(refundable_until=order.placed_at)
    send_refunds()
    return order


# Each with something on the page that is its buyer's alone.
ORDERS = {"proof": awaits_a_proof, "saved-card": with_a_saved_card}
ORDERS |= {
    "refund": is_paid_back_by_hand,
    "extension": lambda: place_order(make_offer()),
}
PAGES = [f"payment:{route.name}" for route in secret.urlpatterns]
PAGES += ["order:status", "order:cancellation"]
each_page = pytest.mark.parametrize("page", PAGES)
# Whatever one of the forms behind them asks for.
ENTERED = {"payment": "sandbox", "returned": TOTAL, "amount": "168000"}
ENTERED |= {
    "bank": "BCA",
    "number": "00123456789",
    "holder": "Budi",
    "on": "2026-11-26",
}


@pytest.fixture
def ways_to_pay(settings):
    settings.PAYMENT_GATEWAYS = ["sandbox", "bank_transfer"]


def order_of(page):
    return ORDERS.get(page.split(":")[1], lambda: place_paid(make_offer()))()


def all_rows():
    """With what only the forms behind these links write."""
    return rows_of_orders() | rows_in([TransferProof, SavedMethod, PayoutAccount])


def guesses(order, own):
    """What somebody may try who knows all about the order but its link."""
    last = "a" if order.token[-1] != "a" else "b"
    payment = order.payments.latest("pk")
    return [
        *(order.number, str(order.pk), payment.reference, str(payment.pk)),
        *(order.token[:-1], order.token[:-1] + last, order.token + last),
        *(order.token.swapcase(), own.token[:20] + order.token[20:], "x"),
    ]


@each_page
def test_no_guess_opens_a_page_of_another_order(ways_to_pay, page):
    order, own = order_of(page), place_paid(make_offer())
    before = all_rows()

    tried = [reverse(page, args=[guess]) for guess in guesses(order, own)]
    answers = [Client().get(url).status_code for url in tried]
    sent = [Client().post(url, ENTERED).status_code for url in tried]

    assert set(answers) <= {404, 405}
    assert set(sent) <= {404, 405}
    assert 404 in {*answers, *sent}
    assert all_rows() == before


@each_page
def test_the_link_of_one_order_shows_and_changes_no_other(ways_to_pay, page):
    other, own = order_of(page), order_of(page)
    url = reverse(page, args=[own.token])
    payment = other.payments.latest("pk")
    named = {"order": other.pk, "number": other.number, "token": other.token}
    named |= {"payment_id": payment.pk, "reference": payment.reference}
    before = rows_of(other)

    answers = [Client().get(url, named), Client().post(url, ENTERED | named)]

    assert {answer.status_code for answer in answers} <= {200, 303, 405, 409, 422}
    assert {answer.status_code for answer in answers} != {405}
    for answer in answers:
        told = f"{answer.content.decode(errors='replace')} {answer.headers}"
        assert not [text for text in (other.email, other.name) if text in told]
        assert f"/o/{other.token}" not in told
    assert rows_of(other) == before


def rows_of(order):
    """Its own row, and all that points to it or to its payments."""
    payments = [payment.pk for payment in order.payments.all()]
    its_refunds = list(Refund.objects.filter(payment__in=payments).values())
    rows = [
        list(Order.objects.filter(pk=order.pk).values()),
        list(order.payments.order_by("pk").values()),
        list(order.events.order_by("pk").values()),
        list(order.messages.order_by("pk").values()),
        list(TransferProof.objects.filter(payment__in=payments).values()),
        list(SavedMethod.objects.filter(order=order).values()),
        list(PayoutAccount.objects.filter(order=order).values()),
    ]
    return [*rows, its_refunds]
