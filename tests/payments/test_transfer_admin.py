"""What sellers do about transfers in the admin, and who may not."""

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Membership
from orders.models import Message
from payments.models import BankAccount, LedgerEntry, StatementLine, TransferProof
from tests.concurrency.racing import assert_invariants
from tests.drafts import sums_of
from tests.factories import make_seller
from tests.forms import fields_of
from tests.transfers import (
    make_account,
    make_transfer_offer,
    place_transfer,
    send_proof,
    transfer_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]
QUEUE = "/admin/payments/transferproof/queue/"
IMPORT = "/admin/payments/statementline/import/"
REVIEW = "/admin/payments/statementline/review/"


@pytest.fixture(autouse=True)
def gateways_offered(settings):
    settings.PAYMENT_GATEWAYS = ["sandbox", "bank_transfer"]


@pytest.fixture
def order():
    return place_transfer()


def signed_in(client, seller, role):
    user = User.objects.create_user(f"{role}-{seller.slug}", is_staff=True)
    Membership.objects.create(seller=seller, user=user, role=role)
    client.force_login(user)
    return client


@pytest.fixture
def owner(client, order):
    return signed_in(client, order.batch.campaign.seller, "owner")


def step_url(row, step):
    name = f"admin:payments_{row._meta.model_name}_{step}"
    return reverse(name, args=[row.pk])


def written(amount, text="TRSF"):
    day = timezone.localdate().isoformat()
    return f"Tanggal;Keterangan;Jumlah\n{day};{text};{amount:.0f}\n"


def imported(client, order, amount, text="TRSF"):
    account = transfer_of(order).bank_account
    data = {"account": account.pk, "text": written(amount, text)}
    return client.post(IMPORT, data)


def test_the_queue_shows_picture_and_numbers_and_one_click_books(owner, order):
    proof = send_proof(order)
    payment = transfer_of(order)

    page = owner.get(QUEUE)
    shown = fields_of(page)
    answer = owner.post(
        step_url(proof, "accept"),
        {name: shown[name] for name in ("amount", "seen_received", "queue")},
    )

    proof.refresh_from_db()
    assert step_url(proof, "file") in page.content.decode()
    assert shown["amount"] == f"{payment.amount:.0f}"
    assert answer.url == QUEUE
    assert sums_of(order) == ("confirmed", payment.amount, 0, 0)
    assert (proof.decision, proof.reviewer.username[:5]) == ("accepted", "owner")
    assert b"No proof waits" in owner.get(QUEUE, HTTP_ACCEPT_LANGUAGE="en").content
    assert_invariants()


def test_a_rejection_needs_a_reason(owner, order):
    proof = send_proof(order)

    empty = owner.post(step_url(proof, "reject"), {"reason": " "})
    before = TransferProof.objects.get().decision
    owner.post(step_url(proof, "reject"), {"reason": "Belum masuk", "queue": "1"})

    proof.refresh_from_db()
    assert (empty.status_code, before) == (409, "")
    assert (proof.decision, proof.reason) == ("rejected", "Belum masuk")
    assert Message.objects.filter(kind="proof_rejected").count() == 1


@pytest.mark.parametrize("amount", ["", "0", "-1", "1.5", "abc", "NaN", "9" * 20])
def test_a_bad_amount_books_nothing(owner, order, amount):
    proof = send_proof(order)

    answer = owner.post(
        step_url(proof, "accept"), {"amount": amount, "seen_received": "0"}
    )

    assert answer.status_code == 409
    assert sums_of(order) == ("pending", 0, 0, 0)
    assert TransferProof.objects.get().decision == ""


def test_a_proof_decided_meanwhile_is_left_alone(owner, order):
    proof = send_proof(order)
    data = {"amount": "100000", "seen_received": "0"}
    owner.post(step_url(proof, "accept"), data)
    before = sums_of(order)

    owner.post(step_url(proof, "accept"), data)
    owner.post(step_url(proof, "reject"), {"reason": "x"})

    assert sums_of(order) == before


def test_the_same_file_for_two_orders_is_flagged(owner, order):
    other = place_transfer(order.batch)
    send_proof(order, shade=1)
    send_proof(other, shade=1)

    page = owner.get(QUEUE).content.decode()

    assert page.count("badge is-bad") == 2


def test_the_file_is_handed_out_to_be_saved_and_runs_nothing(owner, order):
    proof = send_proof(order)

    answer = owner.get(step_url(proof, "file"))

    body = b"".join(answer.streaming_content)
    assert body[:4] == b"RIFF"
    assert answer["Content-Type"] == "image/webp"
    assert answer["Content-Disposition"].startswith("attachment; filename=")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    answer.close()


def test_a_file_that_is_lost_is_not_found(owner, order):
    proof = send_proof(order)
    proof.file.storage.delete(proof.file.name)

    assert owner.get(step_url(proof, "file")).status_code == 404


def test_the_queue_costs_these_statements(owner, order, django_assert_num_queries):
    for _n in range(2):
        send_proof(order)

    with django_assert_num_queries(6):
        owner.get(QUEUE)


@pytest.mark.parametrize("role", ["packer", "manager", "owner of another"])
def test_others_see_or_decide_nothing(client, order, role):
    proof = send_proof(order)
    seller = order.batch.campaign.seller
    if role == "owner of another":
        signed_in(client, make_seller(), "owner")
    else:
        signed_in(client, seller, role)
    page = client.get(QUEUE)
    file = client.get(step_url(proof, "file"))
    accepted = client.post(
        step_url(proof, "accept"), {"amount": "5", "seen_received": "0"}
    )
    taken = imported(client, order, 1000)

    seen = order.number in page.content.decode()
    assert seen == (role == "manager")
    assert file.status_code == (200 if role == "manager" else 404)
    assert accepted.status_code in (403, 404)
    assert taken.status_code in (403, 422)
    assert sums_of(order) == ("pending", 0, 0, 0)
    assert not StatementLine.objects.exists()
    file.close()


def test_an_account_is_the_sellers_own_and_fixed_once_told(client):
    seller = make_seller()
    signed_in(client, seller, "owner")
    add = "/admin/payments/bankaccount/add/"
    shown = fields_of(client.get(add))
    data = shown | {
        "seller": seller.pk,
        "currency": "IDR",
        "bank": "BCA",
        "number": "8800123",
        "holder": "Nila",
        "active": "on",
        "position": "0",
    }

    bad = client.post(add, data | {"number": "88-00"})
    client.post(add, data)

    account = BankAccount.objects.get()
    assert bad.status_code == 200
    assert (account.seller, account.number) == (seller, "8800123")


def test_an_account_that_buyers_were_told_keeps_its_number(owner, order):
    account = transfer_of(order).bank_account
    url = f"/admin/payments/bankaccount/{account.pk}/change/"
    data = fields_of(owner.get(url)) | {"number": "666", "holder": "Nila Baru"}

    owner.post(url, data)

    account.refresh_from_db()
    assert account.number != "666"
    assert account.holder == "Nila Baru"


def test_accounts_of_another_seller_are_not_there(owner):
    other = make_account(make_seller())

    page = owner.get(f"/admin/payments/bankaccount/{other.pk}/change/")

    assert page.status_code == 404
    assert (
        other.number not in owner.get("/admin/payments/bankaccount/").content.decode()
    )


def test_a_pasted_statement_is_imported_and_ticked_lines_booked(owner, order):
    payment = transfer_of(order)

    answer = imported(owner, order, payment.amount)
    page = owner.get(answer.url)
    data = {n: v for n, v in fields_of(page).items() if n.startswith("line-")}
    owner.post(answer.url, data)
    again = owner.post(answer.url, data)

    line = StatementLine.objects.get()
    assert data == {f"line-{line.pk}": str(payment.pk)}
    assert line.state == "matched"
    assert sums_of(order) == ("confirmed", payment.amount, 0, 0)
    assert LedgerEntry.objects.count() == 1
    assert again.status_code == 302
    assert_invariants()


def test_an_uploaded_file_works_as_well(owner, order):
    account = transfer_of(order).bank_account
    file = SimpleUploadedFile("m.csv", written(100_000).encode("utf-16"))

    owner.post(IMPORT, {"account": account.pk, "file": file})

    assert StatementLine.objects.get().amount == 100_000


def test_unknown_columns_are_asked_for_once(owner, order):
    account = transfer_of(order).bank_account
    day = timezone.localdate().isoformat()
    text = f"Hari;Apa;Berapa\n{day};TRSF;100.000\n"
    data = {"account": account.pk, "text": text}

    asked = owner.post(IMPORT, data)
    named = {"column-date": "Hari", "column-amount": "Berapa"}
    owner.post(IMPORT, data | named)
    owner.post(IMPORT, data | {"text": text.replace("100", "200")})

    assert asked.status_code == 422
    assert 'name="column-date"' in asked.content.decode()
    assert StatementLine.objects.count() == 2


@pytest.mark.parametrize(
    "data", [{}, {"text": "hello"}, {"text": "PK\x03"}, {"account": "x", "text": "a;b"}]
)
def test_a_statement_that_is_none_is_refused(owner, order, data):
    account = {"account": transfer_of(order).bank_account_id}

    answer = owner.post(IMPORT, account | data)

    assert answer.status_code == 422
    assert not StatementLine.objects.exists()


def test_lines_that_fit_nothing_are_decided_by_hand(owner, order):
    imported(owner, order, 55_555, "SETORAN")
    line = StatementLine.objects.get()

    wrong = owner.post(step_url(line, "assign"), {"number": "NICHTS"})
    before = LedgerEntry.objects.count()
    owner.post(step_url(line, "suspense"), {"note": "Siapa?"})
    owner.post(step_url(line, "assign"), {"number": order.number})

    line.refresh_from_db()
    assert (wrong.status_code, before) == (302, 0)
    assert line.state == "matched"
    assert sums_of(order)[1] == 55_555


def test_a_ticked_line_of_another_account_is_not_found(owner, order):
    foreign = place_transfer(make_transfer_offer())
    account = transfer_of(foreign).bank_account
    line = StatementLine.objects.create(
        account=account,
        fingerprint="x",
        booked_on=timezone.localdate(),
        amount=transfer_of(foreign).amount,
    )
    own = transfer_of(order).bank_account_id

    here = owner.post(
        f"{REVIEW}?account={own}", {f"line-{line.pk}": transfer_of(foreign).pk}
    )
    there = owner.get(f"{REVIEW}?account={account.pk}")

    assert (here.status_code, there.status_code) == (404, 404)
    assert sums_of(foreign) == ("pending", 0, 0, 0)


def test_the_review_costs_these_statements(owner, order, django_assert_num_queries):
    imported(owner, order, transfer_of(order).amount, order.number)
    imported(owner, order, 77_000, order.number)

    with django_assert_num_queries(9):
        owner.get(REVIEW)


def test_the_desk_counts_what_waits(owner, order):
    send_proof(order)
    imported(owner, order, 55_555)

    page = owner.get("/admin/").content.decode()

    assert "/admin/payments/transferproof/?decision__exact=" in page
    assert "/admin/payments/statementline/?state__exact=new" in page
    listed = owner.get("/admin/payments/transferproof/?decision__exact=")
    assert order.number in listed.content.decode()


def test_of_many_faults_the_first_are_told(owner, order):
    header, day = "Tanggal;Keterangan;Jumlah\n", timezone.localdate().isoformat()
    text = header + f"{day};TRSF;x\n" * 200
    account = transfer_of(order).bank_account

    page = owner.post(IMPORT, {"account": account.pk, "text": text}, follow=True)

    told = [str(message) for message in page.context["messages"]]
    assert len(told) == 22
    assert told[-1] == "…"
