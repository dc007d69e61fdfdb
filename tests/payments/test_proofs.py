"""A proof is a claim: it holds the place for a look, and is never money by itself."""

import io
from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from campaigns import images
from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from orders import cancellation
from orders.models import Message, Order
from payments import closing, expiry, grace, workdays
from payments.models import Payment, TransferProof
from payments.transfers import proofs
from payments.transfers.proof_files import MAX_BYTES, checked
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    ledger_of,
    mails_of,
    place_order,
    refunds_of,
    run_out,
    sums_of,
)
from tests.factories import make_campaign
from tests.transfers import (
    accept,
    make_transfer_offer,
    place_transfer,
    screenshot,
    send_proof,
    transfer_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def gateways_offered(settings):
    settings.PAYMENT_GATEWAYS = ["sandbox", "bank_transfer"]


def proof_url(order):
    return f"/o/{order.token}/proof/"


def fields(order, **entered):
    amount = f"{transfer_of(order).amount:.0f}"
    today = timezone.localdate().isoformat()
    return {"amount": amount, "on": today, "file": screenshot()} | entered


def uploaded(data, name="bukti.jpg", kind="image/jpeg"):
    return SimpleUploadedFile(name, data, content_type=kind)


def assert_refused(client, order, file, words):
    before = (order.expires_at, TransferProof.objects.count(), mails_of(order))

    answer = client.post(proof_url(order), fields(order, file=file))

    order.refresh_from_db()
    after = (order.expires_at, TransferProof.objects.count(), mails_of(order))
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert after == before


def english(order):
    Order.objects.filter(pk=order.pk).update(locale="en")
    order.refresh_from_db()
    return order


def next_workday():
    zone = transfer_of(Order.objects.latest("pk")).order.zone
    return workdays.after(database_now(), 1, zone)


def near(moment, other):
    return abs(moment - other) < timedelta(seconds=20)


def test_a_proof_sent_a_minute_before_the_end_holds_the_place_for_the_review(client):
    order = place_transfer()
    Order.objects.update(expires_at=database_now() + timedelta(minutes=1))

    answer = client.post(proof_url(order), fields(order))

    order.refresh_from_db()
    proof = TransferProof.objects.get()
    assert answer.url == f"/o/{order.token}/pay/"
    assert near(order.expires_at, next_workday())
    assert transfer_of(order).progress == "proof_uploaded"
    assert proof.claimed_amount == transfer_of(order).amount
    assert (proof.content_type, proof.decision) == ("image/webp", "")
    assert sums_of(order) == ("pending", 0, 0, 0)
    assert "hold_prolonged" in order.events.values_list("kind", flat=True)
    assert "proofs/" in proof.file.name
    assert "bukti" not in proof.file.name


def test_a_hold_that_is_longer_is_not_shortened():
    order = place_transfer()
    Order.objects.update(expires_at=database_now() + timedelta(days=10))
    order.refresh_from_db()

    send_proof(order)

    assert Order.objects.get().expires_at == order.expires_at


def test_a_rejection_tells_why_and_gives_a_working_day(client):
    order = place_transfer()
    proof = send_proof(order)
    Order.objects.update(expires_at=database_now() + timedelta(minutes=1))

    proofs.reject(proof.pk, reason="Uangnya belum masuk", actor=SYSTEM)

    order.refresh_from_db()
    mail = Message.objects.get(kind="proof_rejected")
    assert near(order.expires_at, next_workday())
    assert "Uangnya belum masuk" in mail.text
    assert transfer_of(order).progress == "action_required"
    assert sums_of(order) == ("pending", 0, 0, 0)
    page = client.get(f"/o/{order.token}/pay/").content.decode()
    assert "Uangnya belum masuk" in page


def test_accepting_books_the_exact_amount_and_gives_the_code_as_a_discount():
    order = place_transfer()
    payment = transfer_of(order)

    accept(send_proof(order))

    order.refresh_from_db()
    payment.refresh_from_db()
    assert sums_of(order) == ("confirmed", payment.amount, 0, 0)
    assert (order.total, order.deposit) == (payment.amount, payment.amount)
    assert order.discount == payment.code
    assert (payment.state, payment.progress) == ("confirmed", "")
    assert ledger_of(order) == [("payment", payment.amount)]
    entry = order.ledger_entries.get()
    assert (entry.debit, entry.credit) == ("bank", f"customer:{order.number}")
    assert not payment.needs_review
    assert mails_of(order)[-1] == "order_confirmed"
    assert refunds_of(order) == []
    assert_invariants()


def test_a_transfer_short_by_a_thousand_leaves_a_thousand_due(client):
    order = place_transfer()
    payment = transfer_of(order)

    accept(send_proof(order), payment.amount - 1000)
    first = sums_of(order)
    client.post(f"/o/{order.token}/pay/", {"payment": "bank_transfer"})

    rest = transfer_of(order)
    assert first == ("pending", payment.amount - 1000, 0, 0)
    assert (rest.amount, rest.code) == (1000, payment.code)
    order.refresh_from_db()
    accept(send_proof(order))
    assert sums_of(order) == ("confirmed", payment.amount, 0, 0)
    assert Order.objects.get().discount == payment.code
    assert_invariants()


def test_a_transfer_of_too_much_is_owed_back():
    order = place_transfer()
    payment = transfer_of(order)

    accept(send_proof(order), payment.amount + 5000)

    assert sums_of(order) == ("confirmed", payment.amount + 5000, 0, 0)
    assert refunds_of(order)[0][1] == 5000
    assert_invariants()


def test_the_round_amount_instead_of_the_exact_one_gives_the_code_back():
    order = place_transfer()
    payment = transfer_of(order)

    accept(send_proof(order), TOTAL)

    assert sums_of(order)[:2] == ("confirmed", TOTAL)
    assert refunds_of(order)[0][1] == payment.code
    assert_invariants()


def test_the_deposit_falls_by_the_code_and_the_balance_by_its_own(client):
    campaign = make_campaign(plan="deposit", deposit_percent=50)
    order = place_transfer(make_transfer_offer(campaign=campaign))
    first = transfer_of(order)

    accept(send_proof(order))
    client.post(f"/o/{order.token}/pay/", {"payment": "bank_transfer"})
    balance = transfer_of(order)
    accept(send_proof(order))

    order.refresh_from_db()
    paid = first.amount + balance.amount
    assert (first.purpose, balance.purpose) == ("deposit", "balance")
    assert sums_of(order) == ("confirmed", paid, 0, 0)
    assert order.total == paid == TOTAL - first.code - balance.code
    assert order.deposit == 84_000 - first.code
    assert refunds_of(order) == []
    assert_invariants()


def test_a_late_deposit_by_transfer_takes_the_order_back():
    campaign = make_campaign(plan="deposit", deposit_percent=50)
    order = place_transfer(make_transfer_offer(campaign=campaign))
    proof = send_proof(order)
    ends_undecided(order)
    assert sums_of(order)[0] == "expired"

    accept(proof)

    amount = transfer_of(order).amount
    assert sums_of(order) == ("confirmed", amount, 0, 0)
    assert_invariants()


def ends_undecided(order):
    run_out(order)
    Payment.objects.update(hold_until=database_now())
    assert expiry.expire_overdue() == 1


def test_an_undecided_proof_freezes_nothing_and_late_money_finds_its_place():
    batch = make_transfer_offer(capacity=1)
    order = place_transfer(batch)
    proof = send_proof(order)

    ends_undecided(order)
    closing.close_abandoned()
    place_order(batch)
    waiting = transfer_of(order).state
    accept(proof)

    amount = transfer_of(order).amount
    assert waiting == "pending"
    assert sums_of(order) == ("expired", amount, 0, 0)
    assert [source for _s, _a, source in refunds_of(order)] == ["late"]
    assert_invariants()


def test_a_no_after_the_end_closes_the_attempt():
    order = place_transfer()
    proof = send_proof(order)
    ends_undecided(order)

    proofs.reject(proof.pk, reason="Tidak ada", actor=SYSTEM)
    closing.close_abandoned()

    assert sums_of(order) == ("expired", 0, 0, 0)
    assert transfer_of(order).state == "canceled"
    assert Message.objects.filter(kind="proof_rejected").count() == 1


def test_money_for_a_canceled_order_is_owed_back():
    order = place_transfer()
    proof = send_proof(order)
    cancellation.cancel_as_shown(order.pk, shown=0)

    accept(proof)

    amount = transfer_of(order).amount
    assert sums_of(order) == ("canceled", amount, 0, 0)
    assert [money for _s, money, _src in refunds_of(order)] == [amount]
    assert Order.objects.get().discount == 0
    assert_invariants()


def test_a_transfer_holds_its_place_for_a_working_day_after_its_end():
    order = place_transfer()
    run_out(order)

    assert expiry.expire_overdue() == 0
    assert sums_of(order)[0] == "pending"
    payment = transfer_of(order)
    assert payment.state == "pending"
    assert payment.hold_until == workdays.after(order.expires_at, 1, order.zone)
    assert_invariants()

    Payment.objects.update(hold_until=database_now())
    assert expiry.expire_overdue() == 1
    assert transfer_of(order).state == "canceled"


def test_in_that_day_the_page_says_so_and_takes_a_proof(client):
    order = english(place_transfer())
    run_out(order)
    expiry.expire_overdue()

    page = client.get(f"/o/{order.token}/pay/").content.decode()
    answer = client.post(proof_url(order), fields(order))

    assert "Banks can take a working day" in page
    assert answer.status_code == 303
    order.refresh_from_db()
    assert near(order.expires_at, next_workday())


def test_a_hold_that_the_seller_ended_waits_for_no_bank():
    order = place_transfer()
    order.record("hold_ended", actor=SYSTEM)
    run_out(order)

    send_proof(order)
    order.refresh_from_db()

    assert order.expires_at < database_now()
    assert not grace.must_pass(transfer_of(order))


def test_a_proof_sent_before_keeps_the_place_until_somebody_looked():
    order = place_transfer()
    proof = send_proof(order)
    order.record("hold_ended", actor=SYSTEM)
    run_out(order)

    assert expiry.expire_overdue() == 0
    accept(proof)

    assert sums_of(order)[0] == "confirmed"


def test_without_a_proof_such_a_hold_ends_at_once():
    order = place_transfer()
    order.record("hold_ended", actor=SYSTEM)
    run_out(order)

    assert expiry.expire_overdue() == 1


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-26 10:00", "2026-11-27 10:00"),
        ("2026-11-27 21:00", "2026-11-30 21:00"),
        ("2026-11-28 10:00", "2026-12-01 00:00"),
        ("2026-11-29 23:59", "2026-12-01 00:00"),
        ("2026-11-27 00:00", "2026-11-28 00:00"),
    ],
)
def test_a_working_day_leaves_out_the_weekend(start, end):
    zone = Order(time_zone="Asia/Jakarta").zone
    moment = datetime.fromisoformat(start).replace(tzinfo=zone)

    assert f"{workdays.after(moment, 1, zone):%Y-%m-%d %H:%M}" == end


def test_the_same_file_sent_twice_is_one_proof():
    order = place_transfer()

    first, second = send_proof(order, shade=7), send_proof(order, shade=7)

    assert first == second
    assert TransferProof.objects.count() == 1


def test_five_proofs_are_enough(client):
    order = english(place_transfer())
    for shade in range(5):
        send_proof(order, shade=shade)

    page = client.get(proof_url(order))
    answer = client.post(proof_url(order), fields(order, file=screenshot(99)))

    assert answer.status_code == 409
    assert TransferProof.objects.count() == 5
    for shown in (page, answer):
        assert "No more proofs can be sent" in shown.content.decode()


def test_the_same_file_on_two_orders_is_flagged():
    batch = make_transfer_offer()
    first, second = [place_transfer(batch) for _n in range(2)]

    send_proof(first, shade=3)
    send_proof(first, shade=4)
    send_proof(second, shade=3)

    marked = TransferProof.objects.with_twins().order_by("pk")
    assert [proof.has_twin for proof in marked] == [True, False, True]


def test_a_pdf_is_kept_as_it_is(client):
    order = place_transfer()

    client.post(proof_url(order), fields(order, file=uploaded(PDF, "a.html")))

    proof = TransferProof.objects.get()
    with proof.file.open() as kept:
        assert (proof.content_type, kept.read()) == ("application/pdf", PDF)
    assert proof.file.name.endswith(".pdf")


def test_a_picture_loses_what_is_not_seen():
    picture = Image.new("RGB", (40, 30))
    exif = picture.getexif()
    exif[0x010E] = "secret place"
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif)

    file = checked(uploaded(buffer.getvalue()))

    assert b"secret place" in buffer.getvalue()
    assert b"secret place" not in file.content.read()


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "leer.png", "The file is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.svg", "not a readable"),
        (b"<!doctype html><script>alert(1)</script>", "a.png", "not a readable"),
        (b"MZ\x90\x00" + b"\0" * 400, "bukti.jpg", "not a readable"),
        (b"\x7fELF" + b"\0" * 400, "bukti.pdf", "not a readable"),
        (b"GIF89a" + b"\0" * 400, "bukti.gif", "not a readable"),
        (b"%PDF-1.4 cut off", "bukti.pdf", "damaged or not complete"),
        (b"PK\x03\x04" + b"\0" * 400, "bukti.png", "not a readable"),
    ],
)
def test_what_is_no_proof_is_refused(client, data, name, words):
    order = english(place_transfer())

    assert_refused(client, order, uploaded(data, name), words)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(client):
    order = english(place_transfer())
    buffer = io.BytesIO()
    Image.new("1", (9000, 9000)).save(buffer, "PNG")

    assert_refused(client, order, uploaded(buffer.getvalue()), "megapixels")
    assert images.MAX_PIXELS == 25_000_000


@pytest.mark.parametrize("size", [MAX_BYTES + 1, 20 * 1024 * 1024])
def test_a_large_file_is_refused_and_not_kept(client, size):
    order = english(place_transfer())

    assert_refused(client, order, uploaded(PDF + b"\0" * size), "larger than 8 MB")


def test_without_a_file_the_form_asks_for_one(client):
    order = english(place_transfer())

    answer = client.post(proof_url(order), fields(order, file=""))

    assert answer.status_code == 422
    assert "Choose a picture or a PDF" in answer.content.decode()


@pytest.mark.parametrize("amount", ["", "0", "-5", "abc", "1.5", "9" * 30, "NaN"])
def test_an_amount_that_is_none_is_refused(client, amount):
    order = place_transfer()

    answer = client.post(proof_url(order), fields(order, amount=amount))

    assert answer.status_code == 422
    assert not TransferProof.objects.exists()


@pytest.mark.parametrize("written", ["202.877", "Rp 202.877", "202877", "202,877.00"])
def test_an_amount_is_read_as_people_write_it(client, written):
    order = place_transfer()

    client.post(proof_url(order), fields(order, amount=written))

    assert TransferProof.objects.get().claimed_amount == 202_877


@pytest.mark.parametrize("day", ["", "tomorrow", "2020-01-01", "2999-01-01"])
def test_a_day_that_cannot_be_is_refused(client, day):
    order = place_transfer()

    answer = client.post(proof_url(order), fields(order, on=day))

    assert answer.status_code == 422
    assert not TransferProof.objects.exists()


def test_an_order_that_awaits_no_transfer_takes_no_proof(client):
    order = english(place_order(make_transfer_offer()))
    data = {"amount": "1000", "on": "2026-01-01", "file": screenshot()}

    page = client.get(proof_url(order))
    answer = client.post(proof_url(order), data)

    assert "Choose bank transfer on the payment page first" in page.content.decode()
    assert answer.status_code == 409
    assert not TransferProof.objects.exists()


def test_deciding_twice_changes_nothing():
    order = place_transfer()
    proof = send_proof(order)
    accept(proof)
    before = sums_of(order), ledger_of(order), mails_of(order)

    with pytest.raises(proofs.AlreadyDecided):
        accept(proof)
    with pytest.raises(proofs.AlreadyDecided):
        proofs.reject(proof.pk, reason="x", actor=SYSTEM)

    assert (sums_of(order), ledger_of(order), mails_of(order)) == before


def test_two_proofs_of_one_transfer_are_counted_once():
    order = place_transfer()
    first, second = send_proof(order), send_proof(order)

    accept(first)

    second.refresh_from_db()
    assert second.decision == "accepted"
    with pytest.raises(proofs.AlreadyDecided):
        accept(second)
    assert sums_of(order)[1] == transfer_of(order).amount


def test_money_booked_since_the_page_was_drawn_is_not_booked_again():
    order = place_transfer()
    first, second = send_proof(order), send_proof(order)
    half = transfer_of(order).amount // 2
    accept(first, half)

    with pytest.raises(proofs.AlreadyDecided):
        proofs.accept(second.pk, amount=half, seen_received=0, actor=SYSTEM)

    assert sums_of(order)[1] == half
