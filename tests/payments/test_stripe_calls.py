"""Calls to Stripe that fail, hang or answer twice: one object, never a guess."""

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from payments import attempts, gateways
from payments.closing import Pages
from payments.errors import Declined, Rejected, Unavailable, Unknown
from payments.gateways import calls, stripe_calls
from payments.gateways.base import PaymentIn
from payments.gateways.stripe import StripeGateway
from payments.gateways.stripe_pages import page_params
from payments.gateways.stripe_records import from_minor, to_minor
from payments.models import Payment
from tests.drafts import TOTAL, ledger_of, sums_of
from tests.stripe_orders import TOTAL_MINOR, hear, place_by_stripe

pytestmark = [pytest.mark.django_db, pytest.mark.once]

SESSIONS = "/v1/checkout/sessions"


@pytest.fixture
def impatient(monkeypatch):
    """A call is given up after a second."""
    monkeypatch.setattr(calls, "TIMEOUT", (1.0, 1.0))


def make_page(**changes):
    """What the adapter is told; started now, and not known to Stripe."""
    page = PaymentIn(
        reference="KQ7MWZ2P-1-ABCDEFGHJK",
        amount=TOTAL,
        currency="IDR",
        gateway_reference="",
        idempotency_key=str(uuid.uuid4()),
        description="KQ7MWZ2P",
        email="sri@example.com",
        locale="id",
        return_url="http://127.0.0.1:8000/o/token/pay/return/",
        expires_at=datetime.now(tz=UTC) + timedelta(hours=20),
        started_at=datetime.now(tz=UTC),
    )
    return replace(page, **changes)


def again(payment):
    """The buyer presses the button once more, minutes later."""
    earlier = payment.created_at - timedelta(minutes=5)
    Payment.objects.filter(pk=payment.pk).update(created_at=earlier)
    return attempts.begin(payment.order, wanted="")


@pytest.mark.parametrize("mode", ["hang_after", "error_after"])
def test_a_start_whose_answer_is_lost_finds_its_page_again(stripe, impatient, mode):
    stripe.fail("POST", SESSIONS, mode)
    payment = place_by_stripe()
    assert (payment.state, payment.gateway_reference) == ("created", "")

    payment = again(payment)

    [page] = stripe.records("checkout/sessions")
    assert (payment.state, payment.gateway_reference) == ("pending", page["id"])
    assert stripe.asked("POST", SESSIONS) == 1


def test_a_start_repeated_at_once_gets_the_page_of_its_key(stripe):
    page = make_page()

    first, second = StripeGateway().start(page), StripeGateway().start(page)

    assert first == second
    assert stripe.asked("POST", SESSIONS) == 1


def test_a_failure_stored_under_the_key_is_overcome_by_another_key(stripe):
    page = make_page()
    stripe.fail("POST", SESSIONS, "error")
    with pytest.raises(Unknown):
        StripeGateway().start(page)

    started = StripeGateway().start(page)

    [record] = stripe.records("checkout/sessions")
    assert started.gateway_reference == record["id"]
    assert stripe.asked("POST", SESSIONS) == 2


def test_a_page_is_looked_up_when_stripe_has_forgotten_the_key(stripe):
    page = make_page()
    started = StripeGateway().start(page)
    stripe.forget_keys()

    a_day_later = replace(page, started_at=page.started_at - timedelta(hours=25))
    again = StripeGateway().start(a_day_later)

    assert again.gateway_reference == started.gateway_reference
    assert len(stripe.records("checkout/sessions")) == 1


def test_the_same_key_for_another_amount_is_refused(stripe):
    page = make_page()
    StripeGateway().start(page)

    with pytest.raises(Rejected):
        StripeGateway().start(replace(page, amount=TOTAL + 1000))

    [record] = stripe.records("checkout/sessions")
    assert record["amount_total"] == TOTAL_MINOR


def test_a_refused_start_is_shown_to_a_human(stripe):
    stripe.fail("POST", SESSIONS, "status", status=400)

    payment = place_by_stripe()

    assert (payment.state, payment.needs_review) == ("failed", True)
    assert payment.review_reason == "InvalidRequestError 400"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Rejected),
        (401, Unavailable),
        (402, Declined),
        (403, Unavailable),
        (404, Rejected),
        (409, Unavailable),
        (429, Unavailable),
        (500, Unknown),
        (502, Unknown),
        (503, Unknown),
    ],
)
def test_each_answer_of_stripe_has_its_own_consequence(stripe, status, error):
    stripe.fail("POST", SESSIONS, "status", status=status)

    with pytest.raises(error):
        StripeGateway().start(make_page())


def test_a_stripe_that_cannot_be_reached_has_done_nothing(stripe, settings):
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    with pytest.raises(Unavailable):
        StripeGateway().start(make_page())


def test_a_stripe_that_never_answers_is_given_up_in_time(stripe, impatient):
    stripe.fail("POST", SESSIONS, "hang")

    with pytest.raises(Unknown):
        StripeGateway().start(make_page())

    assert stripe.records("checkout/sessions") == []


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_stripe_is_asked(stripe, monkeypatch):
    open_ones = []
    client = stripe_calls.client

    def watched():
        open_ones.append(connection.in_atomic_block)
        return client()

    monkeypatch.setattr("payments.gateways.stripe.client", watched)
    payment = place_by_stripe()
    stripe.pay(payment.gateway_reference)
    hear(stripe)

    assert open_ones
    assert not any(open_ones)


def test_a_shop_without_a_key_asks_nobody(stripe, settings):
    settings.STRIPE_SECRET_KEY = ""

    with pytest.raises(Unavailable):
        StripeGateway().start(make_page())


def test_what_goes_wrong_is_told_in_codes_not_in_words(stripe):
    stripe.fail("POST", SESSIONS, "status", status=400)

    with pytest.raises(Rejected) as caught:
        StripeGateway().start(make_page(email="private@example.com"))

    assert str(caught.value) == "InvalidRequestError 400"


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        (Decimal(9_999), "IDR"),
        (Decimal("0.49"), "USD"),
        (Decimal("1.99"), "MYR"),
        (Decimal(10_000_000_000), "IDR"),
        (Decimal(1_000_000), "SGD"),
        (Decimal(500), "THB"),
    ],
)
def test_an_amount_stripe_does_not_take_is_refused_before_it_is_asked(
    stripe, amount, currency
):
    with pytest.raises(Rejected):
        StripeGateway().start(make_page(amount=amount, currency=currency))

    assert stripe.asked("POST", SESSIONS) == 0


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        (Decimal(150_000), "IDR", 15_000_000),
        (Decimal(1_250_000_000), "IDR", 125_000_000_000),
        (Decimal("12.34"), "USD", 1234),
        (Decimal("0.50"), "EUR", 50),
    ],
)
def test_amounts_go_to_stripe_in_hundredths_and_come_back(amount, currency, minor):
    assert to_minor(amount, currency) == minor
    assert from_minor(minor, currency.lower()) == amount


def test_half_a_rupiah_is_an_error_in_either_direction():
    with pytest.raises(ValueError, match="finer"):
        to_minor(Decimal("150000.50"), "IDR")
    with pytest.raises(ValueError, match="finer"):
        from_minor(15_000_050, "idr")


@pytest.mark.parametrize(
    ("hold", "page"),
    [
        (timedelta(minutes=5), timedelta(minutes=35)),
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(days=3), timedelta(hours=24)),
        (timedelta(hours=-1), timedelta(hours=24)),
        (None, timedelta(hours=24)),
    ],
)
def test_a_page_ends_with_its_hold_within_what_stripe_allows(hold, page):
    now = datetime(2026, 11, 26, 14, 0, tzinfo=UTC)
    ends = now + hold if hold else None

    params = page_params(make_page(expires_at=ends), now)

    assert params["expires_at"] == (now + page).timestamp()


def test_a_page_keeps_the_card_only_with_a_consent():
    now = datetime.now(tz=UTC)

    plain = page_params(make_page(), now)
    saving = page_params(make_page(saves_method=True), now)

    assert "setup_future_usage" not in plain["payment_intent_data"]
    assert "customer_creation" not in plain
    assert saving["payment_intent_data"]["setup_future_usage"] == "off_session"
    assert saving["customer_creation"] == "always"


def test_a_buyer_without_an_address_is_asked_for_none():
    assert "customer_email" not in page_params(
        make_page(email=""), datetime.now(tz=UTC)
    )


def test_an_open_page_is_closed(stripe):
    payment = place_by_stripe()

    assert Pages().close(payment)

    payment.refresh_from_db()
    assert payment.state == "expired"
    assert [page["status"] for page in stripe.records("checkout/sessions")] == [
        "expired"
    ]


def test_closing_a_page_that_was_paid_finds_the_money(stripe):
    payment = place_by_stripe()
    stripe.pay(payment.gateway_reference)

    assert Pages().close(payment)

    assert ledger_of(payment.order) == [("payment", TOTAL)]
    assert sums_of(payment.order)[0] == "confirmed"


def test_a_page_nobody_heard_of_can_be_given_up(stripe, impatient):
    stripe.fail("POST", SESSIONS, "hang")
    payment = place_by_stripe()

    assert Pages().close(payment)

    payment.refresh_from_db()
    assert payment.state == "canceled"


def test_a_lost_page_is_found_and_closed(stripe, impatient):
    stripe.fail("POST", SESSIONS, "hang_after")
    payment = place_by_stripe()

    assert Pages().close(payment)

    payment.refresh_from_db()
    assert payment.state == "expired"
    assert [page["status"] for page in stripe.records("checkout/sessions")] == [
        "expired"
    ]


def test_a_lost_page_changes_nothing_before_it_is_found(stripe, impatient):
    stripe.fail("POST", SESSIONS, "hang")
    payment = place_by_stripe()

    assert not Pages().look(payment)

    payment.refresh_from_db()
    assert payment.state == "created"


def test_the_history_tells_every_page_and_every_payment_once(stripe):
    paid, unpaid = place_by_stripe(), place_by_stripe()
    stripe.pay(paid.gateway_reference)
    now = datetime.now(tz=UTC)

    told = list(
        gateways.get("stripe").history(
            now - timedelta(hours=1), now + timedelta(hours=1)
        )
    )

    assert [(seen.reference, seen.state, seen.received) for seen in told] == [
        (unpaid.reference, "pending", 0),
        (paid.reference, "confirmed", TOTAL),
    ]


def test_the_history_of_another_time_is_empty(stripe):
    place_by_stripe()
    now = datetime.now(tz=UTC)

    told = gateways.get("stripe").history(
        now - timedelta(days=2), now - timedelta(days=1)
    )

    assert list(told) == []
