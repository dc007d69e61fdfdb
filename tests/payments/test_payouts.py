"""Refunds that no rail returns: an account, a list, and a reference for each."""

import csv
import io
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from campaigns.models import Membership
from orders import cancellation
from orders.models import Message, Order
from payments.gateways.base import RefundRule
from payments.gateways.sandbox import SandboxGateway
from payments.models import PayoutAccount, Refund
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    mails_of,
    make_offer,
    place_paid,
    refunds_of,
    rows_of_orders,
    send_refunds,
    sums_of,
)
from tests.payments.test_refunds import a_canceled_order, at_the_gateway

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ACCOUNT = {"bank": "BCA", "number": "0012 3456-7890", "holder": "Sri Wahyuni"}
LIST = "/admin/payments/refund/payouts/"
QUERIES = 5


@pytest.fixture(autouse=True)
def no_rail_pays_back(monkeypatch):
    rule = RefundRule(by_api=False)
    monkeypatch.setattr(SandboxGateway, "refund_rule", lambda *_args: rule)


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def an_order_to_pay_back():
    order = a_canceled_order()
    send_refunds()
    return order


def page_of(order):
    return f"/o/{order.token}/refund/"


def name(order, **changes):
    return Client().post(page_of(order), ACCOUNT | changes)


def text(response):
    return response.content.decode()


def refund_of(order):
    return Refund.objects.get(payment__order=order)


def hire(order, role):
    user = User.objects.create_user(role, is_staff=True)
    seller = order.batch.campaign.seller
    Membership.objects.create(seller=seller, user=user, role=role)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def exported(client):
    body = b"".join(client.get(f"{LIST}csv/").streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(body)))


def bring_back(client, body):
    data = body if isinstance(body, bytes) else body.encode()
    return client.post(f"{LIST}import/", {"file": SimpleUploadedFile("p.csv", data)})


def test_buyer_is_asked_for_an_account_and_the_gateway_is_not_called():
    order = an_order_to_pay_back()

    told = Message.objects.get(kind="payout_account")

    assert refunds_of(order) == [("manual", TOTAL, "buyer")]
    assert page_of(order) in told.text
    assert page_of(order) in text(Client().get(f"/o/{order.token}/"))
    assert at_the_gateway() == []


def test_an_account_is_kept_encrypted_shown_masked_and_told():
    order = an_order_to_pay_back()

    response = name(order)

    assert (response.status_code, response.url) == (303, page_of(order))
    account = PayoutAccount.objects.get()
    assert (account.bank, account.number) == ("BCA", "001234567890")
    assert refund_of(order).payout_account == account
    with connection.cursor() as cursor:
        cursor.execute("SELECT bank, number, holder FROM payments_payoutaccount")
        assert "1234567890" not in str(cursor.fetchone())
    page = text(Client().get(page_of(order)))
    assert "•••7890" in page
    assert "001234567890" not in page
    told = Message.objects.filter(kind="payout_account").latest("pk").text
    assert "•••7890" in told
    assert "001234567890" not in told


def test_a_change_is_told_again_and_the_same_account_twice_is_not():
    order = an_order_to_pay_back()
    name(order)
    name(order)
    assert mails_of(order).count("payout_account") == 2

    name(order, number="081234567890", bank="GoPay")

    assert mails_of(order).count("payout_account") == 3
    account = PayoutAccount.objects.get()
    assert (account.bank, account.number) == ("GoPay", "081234567890")
    assert account.changed_at
    assert order.events.filter(kind="payout_account").count() == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"bank": ""},
        {"bank": "B"},
        {"bank": "B" * 61},
        {"bank": "BCA\x00"},
        {"bank": "<script>"},
        {"number": ""},
        {"number": "1234"},
        {"number": "1" * 35},
        {"number": "BCA 123456"},
        {"number": "=1+1"},
        {"number": "１２３４５６７８"},
        {"number": "12345\x00678"},
        {"holder": ""},
        {"holder": "S" * 121},
        {"holder": "Sri\nWahyuni"},
    ],
)
def test_what_is_no_account_is_refused_and_the_form_is_kept(changes):
    order = an_order_to_pay_back()
    before = rows_of_orders()

    response = name(order, **changes)

    assert response.status_code == 422
    assert 'role="alert"' in text(response)
    assert rows_of_orders() == before
    assert not PayoutAccount.objects.exists()


def test_an_order_without_such_a_refund_takes_no_account():
    order = place_paid(make_offer())

    response = name(order)

    assert response.status_code == 409
    assert not PayoutAccount.objects.exists()


def test_after_it_was_paid_the_account_is_fixed(staff):
    order = an_order_to_pay_back()
    name(order)
    pay(staff, refund_of(order), "TRX 1")

    response = name(order, number="99999999")

    assert response.status_code == 409
    assert PayoutAccount.objects.get().number == "001234567890"


def pay(client, refund, reference):
    sent = {"refund": refund.reference, f"reference-{refund.reference}": reference}
    return client.post(LIST, sent)


def test_the_page_of_another_order_is_not_found():
    order = an_order_to_pay_back()

    assert Client().get(f"/o/{order.token[:-1]}x/refund/").status_code == 404
    assert Client().post("/o/x/refund/", ACCOUNT).status_code == 404
    assert Client().put(page_of(order)).status_code == 405


@pytest.mark.parametrize(
    ("role", "status"), [("owner", 200), ("manager", 200), ("packer", 403)]
)
def test_account_numbers_are_for_owner_and_manager(role, status):
    order = an_order_to_pay_back()
    name(order)
    client = hire(order, role)

    page, file = client.get(LIST), client.get(f"{LIST}csv/")

    assert (page.status_code, file.status_code) == (status, status)
    assert ("001234567890" in text(page)) == (status == 200)


def test_only_owners_note_what_was_paid():
    order = an_order_to_pay_back()
    manager = hire(order, "manager")

    response = pay(manager, refund_of(order), "TRX 1")

    assert response.status_code == 403
    assert refund_of(order).state == "manual"


def test_another_sellers_refunds_are_not_there():
    order, other = an_order_to_pay_back(), an_order_to_pay_back()
    client = hire(other, "owner")

    page = text(client.get(LIST))
    response = pay(client, refund_of(order), "TRX 1")

    assert refund_of(order).reference not in page
    assert refund_of(other).reference in page
    assert "no refund of yours" in text(response)
    assert refund_of(order).state == "manual"


def test_several_are_noted_with_their_references_at_once(staff):
    orders = [an_order_to_pay_back() for _n in range(3)]
    first, second, third = map(refund_of, orders)
    sent = {
        "refund": [first.reference, second.reference, third.reference],
        f"reference-{first.reference}": "BCA 1",
        f"reference-{second.reference}": " BCA 2 ",
        f"reference-{third.reference}": "",
    }

    response = staff.post(LIST, sent)

    assert response.status_code == 200
    assert "left out: it has no reference" in text(response)
    states = [refund_of(order).state for order in orders]
    assert states == ["succeeded", "succeeded", "manual"]
    assert refund_of(orders[1]).gateway_reference == "BCA 2"
    assert sums_of(orders[0]) == ("canceled", TOTAL, TOTAL, 0)
    assert mails_of(orders[0])[-1] == "refund_sent"
    assert_invariants()


def test_the_list_is_exact_and_holds_no_formula(staff):
    order = an_order_to_pay_back()
    name(order, bank="=HYPERLINK(1)", holder="@SUM")
    Order.objects.filter(pk=order.pk).update(name="+62 Sri")

    [row] = exported(staff)

    assert (row["amount"], row["currency"]) == ("168000", "IDR")
    assert row["number"] == "001234567890"
    assert (row["bank"], row["holder"]) == ("'=HYPERLINK(1)", "'@SUM")
    assert (row["buyer"], row["reference"]) == ("'+62 Sri", "")


def test_the_list_brought_back_pays_each_row_once(staff):
    orders = [an_order_to_pay_back() for _n in range(2)]
    rows = exported(staff)
    for number, row in enumerate(rows):
        row["reference"] = f"TRX {number}"
    body = written(rows)

    first, again = bring_back(staff, body), bring_back(staff, body)

    assert (first.status_code, again.status_code) == (200, 200)
    assert text(first).count("noted as paid back") == 2
    assert text(again).count("was noted before") == 2
    assert [refund_of(order).state for order in orders] == ["succeeded"] * 2
    assert [o.ledger_entries.filter(kind="refund").count() for o in orders] == [1, 1]
    assert_invariants()


def written(rows, delimiter=","):
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0].keys(), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def test_good_rows_are_noted_beside_bad_ones_with_a_verdict_each(staff):
    orders = [an_order_to_pay_back() for _n in range(4)]
    good, wrong_amount, wrong_currency, too_long = (
        refund_of(order).reference for order in orders
    )
    rows = [
        {"refund": good, "reference": "A", "amount": "168000.00", "currency": "IDR"},
        {"refund": wrong_amount, "reference": "B", "amount": "167999"},
        {"refund": wrong_currency, "reference": "C", "currency": "USD"},
        {"refund": too_long, "reference": "x" * 121},
        {"refund": "NONE-1", "reference": "D"},
        {"refund": good, "reference": "E"},
    ]
    body = written([{"amount": "", "currency": ""} | row for row in rows], ";")

    response = bring_back(staff, body)

    said = text(response)
    assert response.status_code == 409
    assert said.count("noted as paid back") == 1
    assert said.count("is over another amount") == 2
    assert said.count("the reference is too long") == 1
    assert said.count("no refund of yours") == 1
    assert said.count("not to be paid by hand any more") == 1
    paid = Refund.objects.filter(state="succeeded").values_list("reference", flat=True)
    assert list(paid) == [good]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"order,reference\n1,2",
        b"refund\nX",
        b"\xff\xfe\x00\x01",
        b"refund,reference\nA,\x00",
        b"refund,reference\n" + b"A,B\n" * 5001,
        b"refund,reference\n" + b"x" * 1024 * 1024,
    ],
    ids=["empty", "other", "half", "binary", "NUL", "long", "large"],
)
def test_what_is_no_list_is_refused_as_a_whole(staff, body):
    an_order_to_pay_back()
    before = rows_of_orders()

    response = bring_back(staff, body)

    assert response.status_code == 422
    assert rows_of_orders() == before


def test_a_list_of_many_costs_no_query_more(staff, django_assert_num_queries):
    for _n in range(3):
        name(an_order_to_pay_back())

    with django_assert_num_queries(QUERIES):
        assert staff.get(LIST).status_code == 200


def test_extra_money_is_on_the_list_only_once_approved(staff):
    order = an_order_to_pay_back()
    Refund.objects.update(approved_at=None, source="duplicate")

    assert refund_of(order).reference not in text(staff.get(LIST))


def test_amounts_of_a_list_are_those_of_the_refunds(staff):
    an_order_to_pay_back()

    assert sum(Decimal(row["amount"]) for row in exported(staff)) == TOTAL


def test_money_kept_by_the_rule_is_not_on_the_list(staff):
    order = place_paid(make_offer())
    Order.objects.filter(pk=order.pk).update(
        rules=order.rules | {"free_cancellation": "never", "kept_percent": 25}
    )
    cancellation.cancel_as_shown(order.pk, shown=TOTAL * 3 / 4)
    send_refunds()

    [row] = exported(staff)

    assert Decimal(row["amount"]) == TOTAL * 3 / 4
