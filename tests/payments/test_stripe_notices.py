"""What Stripe posts to the shop: its signature, its shapes, and what is not believed.

The bodies are Stripe's own example objects, signed as its SDK signs.
"""

import json
import time
from pathlib import Path

import pytest
from stripe import WebhookSignature

from payments import inbox
from payments.models import GatewayEvent, Payment
from tests.doubles import stripe_double
from tests.doubles.stripe_double import SECRET, post
from tests.drafts import mails_of, rows_of_orders, sums_of
from tests.stripe_orders import place_by_stripe

pytestmark = [pytest.mark.django_db, pytest.mark.once]

OBJECTS = Path(stripe_double.__file__).parent / "stripe" / "objects"


def example(name, **changes):
    return json.loads((OBJECTS / f"{name}.json").read_text()) | changes


def event(subject, kind, **changes):
    """Stripe's example event around this object."""
    frame = example("event", type=kind, id="evt_1", livemode=False)
    return frame | {"data": {"object": subject}} | changes


def send(body, *, secret=SECRET, moment=None, raw=None):
    text = raw or json.dumps(body)
    sign = WebhookSignature.generate_signature_header
    signature = sign(text, secret, int(moment or time.time()))
    return post({"body": text, "signature": signature})


def completed(payment, **changes):
    page = {"id": payment.gateway_reference, "status": "complete"}
    paid = {"payment_status": "paid", "client_reference_id": payment.reference}
    subject = example("checkout.session", **page | paid | changes)
    return event(subject, "checkout.session.completed")


def assert_nothing_happened(answer, before):
    assert answer.status_code == 400
    assert not GatewayEvent.objects.exists()
    assert rows_of_orders() == before


def test_a_signed_notification_is_stored_and_believed_only_after_asking(stripe):
    payment = place_by_stripe()

    answer = send(completed(payment))
    inbox.process_due()

    assert answer.status_code == 200
    assert GatewayEvent.objects.get().state == "done"
    assert sums_of(payment.order) == ("pending", 0, 0, 0)
    assert mails_of(payment.order) == ["order_placed"]


def test_a_wrong_secret_is_refused(stripe):
    payment, before = place_by_stripe(), rows_of_orders()

    assert_nothing_happened(send(completed(payment), secret="whsec_wrong"), before)


def test_a_missing_signature_is_refused(stripe):
    payment, before = place_by_stripe(), rows_of_orders()
    body = json.dumps(completed(payment))

    assert_nothing_happened(post({"body": body, "signature": ""}), before)


@pytest.mark.parametrize(
    "signature", ["t=1", "v1=00", "nonsense", "t=x,v1=00", ",", "t=1,v1=\u00e9"]
)
def test_an_odd_signature_is_refused(stripe, signature):
    payment, before = place_by_stripe(), rows_of_orders()
    body = json.dumps(completed(payment))

    assert_nothing_happened(post({"body": body, "signature": signature}), before)


def test_a_signature_older_than_five_minutes_is_refused(stripe):
    payment, before = place_by_stripe(), rows_of_orders()

    old = send(completed(payment), moment=time.time() - 301)

    assert_nothing_happened(old, before)
    assert send(completed(payment), moment=time.time() - 290).status_code == 200


def test_a_body_changed_after_signing_is_refused(stripe):
    payment, before = place_by_stripe(), rows_of_orders()
    text = json.dumps(completed(payment))
    signature = WebhookSignature.generate_signature_header(text, SECRET)

    changed = text.replace('"complete"', '"complete" ')

    assert_nothing_happened(post({"body": changed, "signature": signature}), before)


def test_a_body_written_anew_by_a_proxy_is_refused(stripe):
    payment, before = place_by_stripe(), rows_of_orders()
    text = json.dumps(completed(payment))
    signature = WebhookSignature.generate_signature_header(text, SECRET)

    same = json.dumps(json.loads(text), separators=(",", ":"))

    assert_nothing_happened(post({"body": same, "signature": signature}), before)


def test_two_secrets_are_taken_while_one_replaces_the_other(stripe, settings):
    payment, before = place_by_stripe(), rows_of_orders()

    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new"]
    assert_nothing_happened(send(completed(payment)), before)

    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", SECRET]
    assert send(completed(payment)).status_code == 200


@pytest.mark.parametrize("secrets", [[], [""], [" "]])
def test_without_a_secret_everything_is_refused(stripe, settings, secrets):
    payment, before = place_by_stripe(), rows_of_orders()
    settings.STRIPE_WEBHOOK_SECRETS = secrets

    assert_nothing_happened(send(completed(payment), secret=" "), before)


@pytest.mark.parametrize(
    ("key", "livemode"),
    [("sk_live_1", False), ("sk_test_1", True), ("rk_live_1", False)],
)
def test_an_event_of_another_mode_than_the_key_is_refused(
    stripe, settings, key, livemode
):
    payment, before = place_by_stripe(), rows_of_orders()
    settings.STRIPE_SECRET_KEY = key

    answer = send(completed(payment) | {"livemode": livemode})

    assert_nothing_happened(answer, before)


def test_an_event_that_names_no_mode_is_of_the_mode_of_its_object(stripe, settings):
    payment, before = place_by_stripe(), rows_of_orders()
    body = completed(payment)
    del body["livemode"]

    settings.STRIPE_SECRET_KEY = "sk_live_1"
    assert_nothing_happened(send(body), before)

    settings.STRIPE_SECRET_KEY = stripe_double.KEY
    assert send(body).status_code == 200


def test_a_thin_event_is_refused(stripe):
    before = rows_of_orders()
    thin = {
        "id": "evt_2",
        "object": "v2.core.event",
        "type": "v1.billing.meter.error_report_triggered",
        "livemode": False,
        "related_object": {"id": "meter_1", "type": "billing.meter"},
    }

    assert_nothing_happened(send(thin), before)


@pytest.mark.parametrize(
    "raw", ["[]", "null", "12", '"text"', "{", "\ufeff{}", '{"data": []}', "{}"]
)
def test_a_signed_body_that_is_no_event_is_refused(stripe, raw):
    assert_nothing_happened(send(None, raw=raw), rows_of_orders())


def test_a_body_that_is_no_text_is_refused(stripe):
    assert_nothing_happened(
        post({"body": b"\xff\xfe", "signature": "t=1,v1=00"}), rows_of_orders()
    )


def test_an_event_without_an_id_is_known_by_its_bytes(stripe):
    payment = place_by_stripe()
    body = completed(payment)
    bare = {"type": body["type"], "data": body["data"]}

    answers = [send(bare).status_code for _n in range(3)]
    other = send(bare | {"type": "checkout.session.async_payment_succeeded"})

    assert [*answers, other.status_code] == [200] * 4
    stored = GatewayEvent.objects.order_by("pk")
    assert [len(stored_event.dedupe_key) for stored_event in stored] == [64, 64]
    assert [stored_event.duplicates for stored_event in stored] == [2, 0]


def test_an_event_about_no_payment_is_answered_and_not_stored(stripe):
    plan = json.loads((OBJECTS / "event.json").read_text())

    assert send(plan | {"livemode": False}).status_code == 200
    assert not GatewayEvent.objects.exists()


@pytest.mark.parametrize(
    ("name", "kind", "changes"),
    [
        ("payment_intent", "payment_intent.succeeded", {"id": "pi_of_ours"}),
        ("charge", "charge.refunded", {"payment_intent": "pi_of_ours"}),
        ("refund", "refund.failed", {"payment_intent": "pi_of_ours"}),
        ("dispute", "charge.dispute.created", {"payment_intent": "pi_of_ours"}),
        ("dispute", "charge.dispute.closed", {"payment_intent": {"id": "pi_of_ours"}}),
    ],
)
def test_each_kind_of_object_finds_its_payment_by_the_intent(
    stripe, name, kind, changes
):
    payment = place_by_stripe()
    Payment.objects.update(gateway_transaction_reference="pi_of_ours")

    assert send(event(example(name, **changes), kind)).status_code == 200
    inbox.process_due()

    assert GatewayEvent.objects.get().payment == payment


@pytest.mark.parametrize(
    ("name", "metadata"),
    [
        ("payment_intent", "reference"),
        ("charge", "reference"),
        ("refund", "payment"),
    ],
)
def test_an_object_of_an_intent_not_known_yet_finds_its_payment_by_our_reference(
    stripe, name, metadata
):
    payment = place_by_stripe()
    subject = example(name, metadata={metadata: payment.reference})

    send(event(subject, f"{name}.updated"))
    inbox.process_due()

    assert GatewayEvent.objects.get().payment == payment


def test_a_page_of_another_shop_on_the_account_is_kept_and_tried_again(stripe):
    place_by_stripe()

    answer = send(event(example("checkout.session"), "checkout.session.completed"))
    inbox.process_due()

    assert answer.status_code == 200
    assert GatewayEvent.objects.get().state == "retry"


def test_a_notification_before_the_page_is_known_finds_its_payment(stripe):
    payment = place_by_stripe()
    stripe.pay(payment.gateway_reference)
    Payment.objects.update(gateway_reference="", state="created")

    stripe.deliver()
    inbox.process_due()

    payment.refresh_from_db()
    assert (payment.state, payment.gateway_reference[:3]) == ("confirmed", "cs_")
