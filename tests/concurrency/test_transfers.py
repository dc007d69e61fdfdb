"""Transfers, proofs and statement lines at one moment: each counts once."""

from functools import partial

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from campaigns.actors import SYSTEM
from orders.models import Message, Order
from payments import attempts, expiry
from payments.checkout.placing import place
from payments.models import LedgerEntry, Payment, StatementLine, TransferProof
from payments.statements import booking as statement_booking
from payments.transfers import exact_amounts, proofs
from payments.transfers.proof_files import ProofFile
from tests.concurrency.racing import assert_invariants, race
from tests.drafts import (
    ledger_of,
    make_drafts,
    new_key,
    place_order,
    press,
    run_out,
    sums_of,
)
from tests.transfers import (
    make_transfer_offer,
    place_transfer,
    send_proof,
    transfer_of,
)

pytestmark = pytest.mark.django_db(transaction=True)
SELLERS = 8


@pytest.fixture(autouse=True)
def gateways_offered(settings):
    settings.PAYMENT_GATEWAYS = ["sandbox", "bank_transfer"]


def order_by_transfer(draft):
    return place(draft, gateway="bank_transfer", submit_key=new_key())


def line_of(order):
    payment = transfer_of(order)
    return StatementLine.objects.create(
        account=payment.bank_account,
        fingerprint=order.number,
        booked_on=timezone.localdate(),
        amount=payment.amount,
    )


def accepting(proof):
    amount = proof.payment.amount
    return partial(
        proofs.accept, proof.pk, amount=amount, seen_received=0, actor=SYSTEM
    )


def confirming(line, order):
    payment = transfer_of(order).pk
    return partial(statement_booking.confirm, line.pk, payment, actor=SYSTEM)


def assert_paid_once(order):
    amount = transfer_of(order).amount
    assert sums_of(order) == ("confirmed", amount, 0, 0)
    assert ledger_of(order) == [("payment", amount)]
    assert Message.objects.filter(kind="order_confirmed").count() == 1
    assert_invariants()


def test_buyers_at_one_moment_are_asked_for_different_amounts(monkeypatch):
    monkeypatch.setattr(exact_amounts, "LARGEST_CODE", 20)
    monkeypatch.setattr(exact_amounts, "TRIES", 30)
    batch = make_transfer_offer(capacity=100)
    drafts = make_drafts(batch, 12)

    outcomes = race([partial(order_by_transfer, draft) for draft in drafts])

    amounts = list(Payment.objects.values_list("amount", flat=True))
    assert outcomes == {"ok": 12}
    assert len(amounts) == len(set(amounts)) == 12
    assert_invariants()


def test_control_without_another_try_buyers_meet_the_constraint(monkeypatch):
    batch = make_transfer_offer(capacity=100)
    monkeypatch.setattr(exact_amounts, "_free_code", lambda _payment, _due: 7)
    monkeypatch.setattr(exact_amounts, "_is_stored", stored_or_raise)
    drafts = make_drafts(batch, 4)

    outcomes = race([partial(order_by_transfer, draft) for draft in drafts])

    assert outcomes == {"ok": 1, "IntegrityError": 3}


def stored_or_raise(payment):
    payment.save(force_insert=True)
    return True


def test_two_tabs_that_press_pay_together_lead_to_one_page():
    order = place_order(make_transfer_offer())
    press(order.payments.get(), "fail")
    Payment.objects.update(state="failed")
    urls = []

    def begin():
        payment = attempts.begin(Order.objects.get(pk=order.pk), wanted="sandbox")
        urls.append(payment.redirect_url)

    outcomes = race([begin] * 8)

    assert outcomes == {"ok": 8}
    assert Payment.objects.open().count() == 1
    assert set(urls) == {Payment.objects.open().get().redirect_url}
    assert_invariants()


def test_control_without_its_look_under_the_lock_the_database_refuses(monkeypatch):
    order = place_order(make_transfer_offer())
    Payment.objects.update(state="failed")
    monkeypatch.setattr(attempts, "open_attempt", lambda _order: None)

    outcomes = race([lambda: attempts.next_attempt(order.pk, "sandbox")] * 4)

    assert outcomes == {"ok": 1, "IntegrityError": 3}


def test_tabs_that_switch_at_once_leave_one_open_attempt():
    order = place_order(make_transfer_offer())

    def switch(way):
        attempts.begin(Order.objects.get(pk=order.pk), wanted=way)

    ways = ["bank_transfer", "sandbox"] * 4
    outcomes = race([partial(switch, way) for way in ways])

    assert outcomes == {"ok": 8}
    assert Payment.objects.open().count() == 1
    assert_invariants()


def test_two_sellers_who_accept_at_once_book_once():
    order = place_transfer()
    proof = send_proof(order)

    outcomes = race([accepting(proof)] * SELLERS)

    assert outcomes == {"ok": 1, "AlreadyDecided": SELLERS - 1}
    assert_paid_once(order)


def test_two_proofs_of_one_transfer_accepted_at_once_book_once():
    order = place_transfer()
    both = [send_proof(order) for _n in range(2)]

    outcomes = race([accepting(proof) for proof in both])

    assert outcomes == {"ok": 1, "AlreadyDecided": 1}
    assert_paid_once(order)


def test_control_without_the_compare_and_set_sellers_book_twice(monkeypatch):
    order = place_transfer()
    proof = send_proof(order)
    monkeypatch.setattr(proofs, "_decide", lambda *_args, **_more: None)
    monkeypatch.setattr(proofs, "_locked", locked_but_stale(proof))

    outcomes = race([accepting(proof)] * 2)

    assert outcomes == {"ok": 2}
    assert sums_of(order)[1] == 2 * transfer_of(order).amount


def locked_but_stale(proof):
    """What the proof and its payment say by now is not asked."""
    locked = proofs._locked

    def look(proof_id):
        proof, order, payment = locked(proof_id)
        payment.amount_received = 0
        return proof, order, payment

    return look


def test_the_same_line_confirmed_twice_is_booked_once():
    order = place_transfer()
    line = line_of(order)

    outcomes = race([confirming(line, order)] * SELLERS)

    assert outcomes == {"ok": 1, "LineDecided": SELLERS - 1}
    assert_paid_once(order)


def test_one_line_for_two_orders_is_one_orders_money():
    batch = make_transfer_offer()
    orders = [place_transfer(batch) for _n in range(2)]
    line = line_of(orders[0])
    assigning = [
        partial(statement_booking.assign, line.pk, order.number, actor=SYSTEM)
        for order in orders
    ]

    outcomes = race(assigning * 2)

    assert outcomes == {"ok": 1, "LineDecided": 3}
    assert LedgerEntry.objects.get().amount == line.amount
    assert_invariants()


def test_control_without_the_lines_state_the_ledgers_constraint_is_met(monkeypatch):
    order = place_transfer()
    line = line_of(order)
    monkeypatch.setattr(statement_booking, "_decide", lambda *_args, **_more: None)

    outcomes = race([confirming(line, order)] * 2)

    assert outcomes == {"ok": 1, "IntegrityError": 1}


def test_a_proof_and_the_line_of_its_money_count_once():
    order = place_transfer()
    proof, line = send_proof(order), line_of(order)

    race([accepting(proof), confirming(line, order)] * 2)

    line.refresh_from_db()
    proof.refresh_from_db()
    assert (line.state, proof.decision) == ("matched", "accepted")
    assert_paid_once(order)


def test_money_at_the_moment_the_hold_ends_is_booked_one_way():
    batch = make_transfer_offer(capacity=20)
    orders = [place_transfer(batch) for _n in range(6)]
    proving = [send_proof(order) for order in orders]
    for order in orders:
        run_out(order)
    Payment.objects.update(hold_until=timezone.now())

    race([expiry.expire_overdue] * 4 + [accepting(proof) for proof in proving])

    assert Order.objects.filter(status="confirmed").count() == 6
    assert LedgerEntry.objects.filter(kind="payment").count() == 6
    assert_invariants()


def test_the_same_proof_sent_by_an_impatient_buyer_is_kept_once():
    order = place_transfer()
    claim = proofs.Claim(amount=transfer_of(order).amount, on=timezone.localdate())

    def submit():
        file = ProofFile(ContentFile(b"x", name="proof.webp"), "image/webp", "a" * 64)
        proofs.submit(order.pk, file=file, claim=claim)

    outcomes = race([submit] * 8)

    assert outcomes == {"ok": 8}
    assert TransferProof.objects.count() == 1


def test_no_more_than_five_proofs_however_fast_they_come():
    order = place_transfer()
    claim = proofs.Claim(amount=transfer_of(order).amount, on=timezone.localdate())

    def submit(n):
        file = ProofFile(ContentFile(b"x", name="proof.webp"), "image/webp", f"{n:064}")
        proofs.submit(order.pk, file=file, claim=claim)

    outcomes = race([partial(submit, n) for n in range(8)])

    assert outcomes == {"ok": 5, "TooManyProofs": 3}
