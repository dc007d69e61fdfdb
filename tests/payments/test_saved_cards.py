"""The balance charged to a saved card: by consent, once, and never in a loop."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from campaigns.models import Batch
from orders.models import Message, Order
from payments import attempts, balances
from payments.cards import charging
from payments.gateways import calls
from payments.models import Payment, SavedMethod
from tests.concurrency.racing import assert_invariants
from tests.doubles.stripe_double import ASKS_OWNER, DECLINED, VISA
from tests.drafts import TOTAL, ledger_of, mails_of, sums_of
from tests.factories import checkout_data, make_shop
from tests.stripe_orders import (
    CONSENT,
    hear,
    look,
    make_balance_due,
    place_by_stripe,
    with_deposit,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]

HALF = TOTAL / 2
INTENTS = "/v1/payment_intents"


@pytest.fixture
def impatient(monkeypatch):
    """A call is given up after a second."""
    monkeypatch.setattr(calls, "TIMEOUT", (1.0, 1.0))


def paid_deposit(stripe, *, card=VISA, consent=CONSENT):
    """A confirmed order whose balance is due now; its card is `card` since then."""
    payment = place_by_stripe(consent=consent, **with_deposit())
    stripe.pay(payment.gateway_reference)
    hear(stripe)
    if card != VISA:
        saved = SavedMethod.objects.filter(order=payment.order)
        saved.update(method_reference=stripe.new_card(card))
    make_balance_due(payment.order)
    return Order.objects.get(pk=payment.order_id)


def let_time_pass(span):
    """Since the card was tried."""
    tried = Payment.objects.filter(method="saved_card")
    moments = {name: F(name) - span for name in ("created_at", "fetched_at")}
    tried.update(**moments)


def balance_payment(order):
    return order.payments.order_by("pk").last()


def test_a_card_is_remembered_with_the_words_its_owner_agreed_to(stripe):
    order = paid_deposit(stripe)

    saved = SavedMethod.objects.get()
    assert (saved.order, saved.gateway, saved.consent) == (order, "stripe", CONSENT)
    assert saved.customer_reference.startswith("cus_")
    assert saved.method_reference.startswith("pm_")
    assert saved.label == "Visa •••• 4242"
    assert saved.charged_at is None


def test_the_balance_is_charged_when_it_is_due(stripe):
    order = paid_deposit(stripe)

    assert charging.charge_due() == 1

    payment = balance_payment(order)
    assert (payment.state, payment.purpose, payment.amount) == (
        "confirmed",
        "balance",
        HALF,
    )
    assert payment.method == "card"
    assert payment.gateway_reference.startswith("pi_")
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert ledger_of(order) == [("payment", HALF), ("payment", HALF)]
    assert charging.charge_due() == 0
    hear(stripe)
    assert ledger_of(order) == [("payment", HALF), ("payment", HALF)]
    assert_invariants()


def test_the_balance_is_not_charged_before_its_day(stripe):
    order = paid_deposit(stripe)
    Batch.objects.update(stage="closed", production_at=None)

    assert charging.charge_due() == 0
    assert order.payments.count() == 1


def test_a_known_last_day_is_waited_for(stripe):
    order = paid_deposit(stripe)
    last_day = (timezone.now() + timedelta(days=3)).date()
    rules = order.rules | {"balance_due_on": last_day.isoformat()}
    Order.objects.update(rules=rules)
    assert charging.charge_due() == 0

    Order.objects.update(
        rules=rules | {"balance_due_on": (last_day - timedelta(days=4)).isoformat()}
    )
    assert charging.charge_due() == 1


def test_without_a_consent_nothing_is_saved_and_nothing_charged(stripe):
    order = paid_deposit(stripe, consent="")

    assert charging.charge_due() == 0

    assert not SavedMethod.objects.exists()
    assert order.payments.count() == 1
    [intent] = stripe.records("payment_intents")
    assert (intent["setup_future_usage"], intent["customer"]) == (None, None)


@pytest.mark.parametrize(
    ("card", "reason"),
    [(DECLINED, "card_declined"), (ASKS_OWNER, "authentication_required")],
)
def test_a_refused_card_ends_in_the_pay_link_and_is_left_alone(stripe, card, reason):
    order = paid_deposit(stripe, card=card)

    assert [charging.charge_due() for _n in range(3)] == [1, 0, 0]

    payment = balance_payment(order)
    assert (payment.state, payment.last_snapshot) == ("failed", {"declined": reason})
    assert sums_of(order) == ("confirmed", HALF, 0, 0)
    assert mails_of(order).count("card_not_charged") == 1
    mail = Message.objects.get(kind="card_not_charged")
    assert f"/o/{order.token}/pay/" in mail.text
    assert stripe.asked("POST", INTENTS) == 1
    assert_invariants()


def test_after_a_refusal_the_buyer_pays_on_the_page(stripe):
    order = paid_deposit(stripe, card=DECLINED)
    charging.charge_due()

    payment = attempts.begin(order, wanted="stripe")
    stripe.pay(payment.gateway_reference)
    hear(stripe)

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert SavedMethod.objects.get().charged_at is not None


@pytest.mark.parametrize("mode", ["hang_after", "error_after"])
def test_a_charge_whose_answer_is_lost_is_made_once(stripe, impatient, mode):
    order = paid_deposit(stripe)
    stripe.fail("POST", INTENTS, mode)
    assert charging.charge_due() == 1
    assert balance_payment(order).state == "created"

    assert charging.charge_due() == 0
    let_time_pass(timedelta(minutes=10))
    assert charging.charge_due() == 1

    assert balance_payment(order).state == "confirmed"
    assert ledger_of(order) == [("payment", HALF), ("payment", HALF)]
    assert len(stripe.records("payment_intents")) == 2
    assert "card_not_charged" not in mails_of(order)


def test_a_buyer_who_pays_while_the_answer_of_the_card_is_lost_pays_once(
    stripe, impatient
):
    order = paid_deposit(stripe)
    stripe.fail("POST", INTENTS, "hang_after")
    charging.charge_due()

    payment = attempts.begin(order, wanted="stripe")
    look(order)

    assert payment.gateway_reference.startswith("pi_")
    assert len(stripe.records("checkout/sessions")) == 1
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert ledger_of(order) == [("payment", HALF), ("payment", HALF)]


def test_a_charge_nobody_answered_for_a_day_is_given_up(stripe, impatient):
    order = paid_deposit(stripe)
    stripe.fail("POST", INTENTS, "hang")
    charging.charge_due()
    let_time_pass(timedelta(hours=24))

    charging.charge_due()

    assert balance_payment(order).state == "failed"
    assert len(stripe.records("payment_intents")) == 1
    assert mails_of(order).count("card_not_charged") == 1


def test_a_lost_charge_is_found_even_when_its_key_is_forgotten(stripe, impatient):
    order = paid_deposit(stripe)
    stripe.fail("POST", INTENTS, "hang_after")
    charging.charge_due()
    stripe.forget_keys()
    let_time_pass(timedelta(hours=24))

    charging.charge_due()

    assert balance_payment(order).state == "confirmed"
    assert len(stripe.records("payment_intents")) == 2


def test_a_buyer_on_the_pay_page_at_that_moment_pays_once(stripe):
    order = paid_deposit(stripe)
    page = attempts.begin(order, wanted="stripe")
    stripe.pay(page.gateway_reference)

    charging.charge_due()

    assert ledger_of(order) == [("payment", HALF), ("payment", HALF)]
    assert stripe.asked("POST", INTENTS) == 0


def test_an_open_page_is_closed_before_the_card_is_charged(stripe):
    order = paid_deposit(stripe)
    page = attempts.begin(order, wanted="stripe")

    assert charging.charge_due() == 1

    page.refresh_from_db()
    assert page.state == "expired"
    assert stripe.pay(page.gateway_reference) == 400
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)


def test_a_disputed_deposit_is_no_time_to_charge(stripe):
    order = paid_deposit(stripe)
    deposit = order.payments.get()
    stripe.dispute(deposit.gateway_transaction_reference, "needs_response")
    hear(stripe)

    assert charging.charge_due() == 0


def test_the_buyer_can_take_the_consent_back(stripe):
    order = paid_deposit(stripe)
    buyer = Client()
    page = buyer.get(order.get_absolute_url()).content.decode()
    assert "Visa •••• 4242" in page

    answer = buyer.post(f"/o/{order.token}/saved-card/")

    assert answer.url == order.get_absolute_url()
    assert not SavedMethod.objects.exists()
    assert order.events.filter(kind="card_forgotten", actor="buyer").count() == 1
    assert stripe.asked("POST", f"/v1/payment_methods/{card_of(stripe)}/detach") == 1
    assert charging.charge_due() == 0
    assert "Visa •••• 4242" not in buyer.get(order.get_absolute_url()).content.decode()


def card_of(stripe):
    [intent] = stripe.records("payment_intents")
    return intent["payment_method"]


def test_a_consent_that_was_used_cannot_be_taken_back(stripe):
    order = paid_deposit(stripe)
    charging.charge_due()

    Client().post(f"/o/{order.token}/saved-card/")

    assert SavedMethod.objects.get().charged_at is not None


def test_taking_back_works_while_stripe_does_not_answer(stripe):
    order = paid_deposit(stripe)
    stripe.fail("POST", "detach", "status", status=503)

    Client().post(f"/o/{order.token}/saved-card/")

    assert not SavedMethod.objects.exists()


def test_the_mail_that_asks_for_the_balance_says_the_card_pays_it(stripe):
    order = paid_deposit(stripe)

    balances.remind_due()

    text = Message.objects.get(kind="balance_due").text
    assert "Visa •••• 4242" in text
    assert order.number in text


def test_staff_can_read_what_a_buyer_agreed_to(
    stripe, admin_client, django_assert_num_queries
):
    order = paid_deposit(stripe)
    paid_deposit(stripe)

    with django_assert_num_queries(7):
        listed = admin_client.get("/admin/payments/savedmethod/").content.decode()
    pk = SavedMethod.objects.get(order=order).pk
    page = admin_client.get(f"/admin/payments/savedmethod/{pk}/change/")

    assert order.number in listed
    assert CONSENT in page.content.decode()
    assert "pm_" not in page.content.decode()


# The checkout page.


def checkout_page(batch, **query):
    variant = batch.campaign.variants.get()
    first = {"batch": batch.number, f"quantity-{variant.pk}": 1}
    answer = Client().get(f"/en/c/{batch.campaign.slug}/checkout/", first | query)
    return answer.content.decode()


def submit(batch, **changes):
    data = checkout_data(batch, **{"payment": "stripe", "save_card": "on"} | changes)
    answer = Client().post(f"/en/c/{batch.campaign.slug}/checkout/", data)
    assert answer.status_code == 303
    return Order.objects.get()


def test_a_deposit_by_card_asks_for_the_consent_and_keeps_its_words(stripe):
    batch = make_shop(**with_deposit())
    seller = batch.campaign.seller.name
    words = (
        f"{seller} may charge the balance of this order once, when it is due, to the"
        " card I pay the deposit with. Until then I can withdraw this on my order page."
    )
    assert words in checkout_page(batch)

    order = submit(batch)

    assert order.saved_method.consent == words
    assert order.saved_method.method_reference == ""
    payment = order.payments.get()
    assert payment.purpose == "deposit"
    stripe.pay(payment.gateway_reference)
    hear(stripe)
    assert SavedMethod.objects.get().label == "Visa •••• 4242"


def test_the_consent_is_kept_in_the_language_it_was_read_in(stripe):
    batch = make_shop(**with_deposit())
    data = checkout_data(batch, payment="stripe", save_card="on")

    Client().post(f"/id/c/{batch.campaign.slug}/checkout/", data)

    assert SavedMethod.objects.get().consent.startswith(batch.campaign.seller.name)
    assert Order.objects.get().locale == "id"


@pytest.mark.parametrize("changes", [{"payment": "sandbox"}, {"save_card": ""}])
def test_no_consent_comes_of_another_way_to_pay_or_an_empty_box(stripe, changes):
    order = submit(make_shop(**with_deposit()), **changes)

    assert not SavedMethod.objects.filter(order=order).exists()


def test_a_campaign_without_a_balance_asks_for_no_consent(stripe):
    batch = make_shop()

    assert "save_card" not in checkout_page(batch)
    submit(batch)
    assert not SavedMethod.objects.exists()


def test_a_shop_without_stripe_asks_for_no_consent(stripe, settings):
    settings.PAYMENT_GATEWAYS = ["sandbox"]

    assert "save_card" not in checkout_page(make_shop(**with_deposit()))


def test_a_link_cannot_tick_the_box(stripe):
    page = checkout_page(make_shop(**with_deposit()), save_card="on")

    [_before, box] = page.split('name="save_card"')
    assert "checked" not in box.partition(">")[0]
