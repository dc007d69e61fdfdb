"""Money is looked at here, never entered."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns.models import Membership
from payments.models import GatewayEvent, LedgerEntry, Payment, Refund, SandboxPayment
from tests.orders.test_admin import an_order, text_of, url_of

pytestmark = pytest.mark.django_db

MODELS = (Payment, Refund, GatewayEvent, LedgerEntry, SandboxPayment)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.fixture
def payment():
    return Payment.objects.create(
        reference="PAY-1",
        order=an_order(),
        gateway="sandbox",
        amount=203_000,
        currency="IDR",
        state=Payment.State.CONFIRMED,
        amount_received=203_000,
        amount_refunding=50_000,
    )


@pytest.fixture
def rows(payment):
    refund = Refund.objects.create(
        reference="REF-1", payment=payment, amount=50_000, source="admin"
    )
    event = GatewayEvent.objects.create(
        gateway="sandbox",
        dedupe_key="evt-1",
        type="payment.paid",
        body=b'{"html": "<script>alert(1)</script>", "bytes": "\xff"}',
        payment=payment,
    )
    entry = LedgerEntry.objects.create(
        kind="payment",
        debit="gateway:sandbox",
        credit=f"customer:{payment.order.number}",
        amount=203_000,
        currency="IDR",
        order=payment.order,
        payment=payment,
    )
    sandbox = SandboxPayment.objects.create(
        reference="PAY-1", amount=203_000, currency="IDR"
    )
    return [payment, refund, event, entry, sandbox]


@pytest.mark.once
def test_every_page_opens_and_leads_to_the_order(staff, rows):
    order_url = url_of(rows[0].order)

    for row in rows:
        name = row._meta.label_lower.replace(".", "_")
        listed = text_of(staff.get(reverse(f"admin:{name}_changelist")))
        page = text_of(staff.get(url_of(row)))
        assert (order_url in listed) == (not isinstance(row, SandboxPayment))
        assert (order_url in page) == (not isinstance(row, SandboxPayment))


@pytest.mark.once
def test_nothing_can_be_added_changed_or_deleted(staff, rows):
    for row in rows:
        name = row._meta.label_lower.replace(".", "_")
        answers = [
            staff.get(reverse(f"admin:{name}_add")),
            staff.post(url_of(row), {"state": "failed", "amount_received": "0"}),
            staff.post(url_of(row, "delete"), {"post": "yes"}),
        ]
        assert [answer.status_code for answer in answers] == [403, 403, 403]

    stored = Payment.objects.get()
    assert stored.state == "confirmed"
    assert stored.amount_received == 203_000


@pytest.mark.once
def test_body_of_a_notification_is_text(staff, rows):
    page = text_of(staff.get(url_of(rows[2])))

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.once
def test_long_body_is_cut(staff, payment):
    event = GatewayEvent.objects.create(
        gateway="sandbox", dedupe_key="evt-2", body=b"a" * 10_000, payment=payment
    )

    assert "a" * 4_000 + "…" in text_of(staff.get(url_of(event)))


@pytest.mark.once
def test_order_page_shows_its_payments_refunds_and_ledger(staff, rows):
    page = text_of(staff.get(url_of(rows[0].order)))

    for row in rows[:2]:
        assert url_of(row) in page
    assert "gateway:sandbox" in page


@pytest.mark.once
def test_anonymous_is_sent_to_the_login(client, rows):
    for row in rows:
        assert client.get(url_of(row))["Location"].startswith(reverse("admin:login"))


@pytest.mark.once
def test_what_a_gateway_wrote_is_shown_to_the_operator_alone(staff, rows, payment):
    event = rows[2]
    owner = User.objects.create_user("owner", is_staff=True)
    seller = payment.order.batch.campaign.seller
    Membership.objects.create(seller=seller, user=owner, role="owner")
    at_the_desk = Client()
    at_the_desk.force_login(owner)

    seen_by_operator = staff.get(url_of(event)).content.decode()
    seen_by_owner = at_the_desk.get(url_of(event))

    assert "&lt;script&gt;alert(1)" in seen_by_operator
    assert seen_by_owner.status_code == 200
    assert "alert(1)" not in seen_by_owner.content.decode()
