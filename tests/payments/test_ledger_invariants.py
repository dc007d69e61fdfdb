"""Each invariant of the books finds the row that breaks it, and only then."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db.models import F, QuerySet

from campaigns.clock import database_now
from orders.models import Order
from payments import gateways, settlement
from payments.gateways.base import DisputeSnapshot
from payments.ledger.invariants import INVARIANTS
from payments.models import (
    Discrepancy,
    Dispute,
    GatewayEvent,
    LedgerEntry,
    Payment,
    SandboxPayment,
)
from tests import invariants
from tests.concurrency.racing import assert_invariants
from tests.drafts import TOTAL, finish, make_offer, payment_of, place_order, place_paid

pytestmark = pytest.mark.django_db


def entries():
    """Past the model, which refuses to change what is booked."""
    return QuerySet(LedgerEntry)


def set_aside():
    order = place_order(make_offer())
    finish(order, "pay_less")


def disputed():
    order = place_paid(make_offer())
    payment = payment_of(order)
    truth = gateways.get("sandbox").fetch(gateways.payment_in(payment))
    dispute = DisputeSnapshot(
        gateway_reference="dp_1",
        amount=TOTAL,
        state=Dispute.State.OPEN,
        withdrawn=TOTAL,
    )
    settlement.apply(payment, replace(truth, disputes=(dispute,)))


def paid():
    place_paid(make_offer())


def end_in_silence():
    past = database_now().replace(year=2020)
    Order.objects.update(status="expired", expired_at=past)


def delete_events_payment():
    GatewayEvent.objects.update(payment=None)


def bury_in_silence():
    GatewayEvent.objects.update(state="dead")


def pay_in_dollars():
    Payment.objects.update(currency="USD")


CORRUPTIONS = {
    "an entry lost": (paid, lambda: entries().delete(), "amount_received 168000.00"),
    "an entry doubled": (
        paid,
        lambda: entries().update(amount=2 * F("amount")),
        "payment {payment}: amount_received 168000.00, ledger 336000.00",
    ),
    "more seen than booked": (
        paid,
        lambda: Payment.objects.update(amount_seen=TOTAL + 1),
        "payment {payment}: amount_seen 168001.00, ledger 168000.00",
    ),
    "suspense forgotten": (
        set_aside,
        lambda: Payment.objects.update(amount_in_suspense=0),
        "payment {payment}: amount_in_suspense 0.00, ledger 151200.00",
    ),
    "suspense hidden": (
        set_aside,
        lambda: Payment.objects.update(needs_review=False),
        "payment {payment}: money in suspense that nobody is shown",
    ),
    "suspense of an order that ended": (
        set_aside,
        end_in_silence,
        "payment {payment}: 151200.00 still in suspense",
    ),
    "a reversal forgotten": (
        disputed,
        lambda: Payment.objects.update(amount_reversed=0),
        "payment {payment}: amount_reversed 0.00, ledger 168000.00",
    ),
    "a dispute forgotten": (
        disputed,
        lambda: Dispute.objects.update(amount_withdrawn=0),
        "withdrawn 0.00, ledger 168000.00",
    ),
    "a fee nobody booked": (
        paid,
        lambda: Payment.objects.update(fee=71),
        "payment {payment}: fee 71.00, ledger 0",
    ),
    "another currency": (paid, pay_in_dollars, "payment {payment}: in USD"),
    "an entry in another currency": (
        paid,
        lambda: entries().update(currency="USD"),
        "of another order or currency than its account",
    ),
    "applied to nobody": (paid, delete_events_payment, "applied to no payment"),
    "given up in silence": (paid, bury_in_silence, "given up and not listed"),
}


def violations():
    rows = [row for invariant in INVARIANTS for row in invariant.violations()]
    assert len(invariants.broken(INVARIANTS)) == len(rows)
    return rows


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_what_breaks_the_books_is_found(name):
    make, corrupt, says = CORRUPTIONS[name]
    make()
    assert violations() == []

    corrupt()

    found = violations()
    wanted = says.format(payment=Payment.objects.get().pk)
    assert any(wanted in row for row in found), found


@pytest.mark.parametrize("make", [paid, set_aside, disputed])
def test_a_shop_at_work_breaks_none(make):
    make()

    assert violations() == []
    assert_invariants()


def test_a_dead_event_that_is_listed_is_in_order():
    paid()
    GatewayEvent.objects.update(state="dead")
    Discrepancy.objects.create(kind="event_dead", gateway="sandbox", reference="x")

    assert violations() == []
    assert SandboxPayment.objects.count() == 1
    assert Decimal(Payment.objects.get().amount_seen) == TOTAL
