"""Differences the shop's own rows show, without asking a gateway."""

from collections.abc import Iterator

from django.db.models import F

from payments.invariants import drifted_sums
from payments.models import GatewayEvent, Payment, Refund
from payments.reconciliation import discrepancies
from payments.reconciliation.discrepancies import Finding, Kind

FOUND_HERE = (Kind.AMOUNT, Kind.PAID_TWICE, Kind.EVENT_DEAD)


def differences() -> Iterator[Finding]:
    yield from money_set_aside()
    yield from paid_twice()
    yield from dead_events()


def money_set_aside() -> Iterator[Finding]:
    """Money in another amount or currency than was asked for, not decided on yet."""
    for payment in Payment.objects.filter(amount_in_suspense__gt=0).order_by("pk"):
        came = f"{payment.amount_in_suspense} {payment.suspense_currency}"
        yield Finding(
            kind=Kind.AMOUNT,
            gateway=payment.gateway,
            reference=payment.reference,
            payment=payment,
            details={"here": f"{payment.amount} {payment.currency}", "there": came},
        )


def paid_twice() -> Iterator[Finding]:
    """Two payments for one due; gone once the seller has decided."""
    waiting = Refund.objects.unapproved()
    for refund in waiting.select_related("payment").order_by("pk"):
        yield Finding(
            kind=Kind.PAID_TWICE,
            gateway=refund.payment.gateway,
            reference=refund.reference,
            payment=refund.payment,
            refund=refund,
            details={"here": f"{refund.amount} {refund.payment.currency}"},
        )


def dead_events() -> Iterator[Finding]:
    """The latest of each reference."""
    given_up = GatewayEvent.objects.filter(state=GatewayEvent.State.DEAD)
    # A payment confirmed since has been found by another road.
    unsolved = given_up.exclude(payment__confirmed_at__gt=F("received_at"))
    rows = unsolved.defer("body").select_related("payment").order_by("pk")
    found = [discrepancies.of_dead_event(event) for event in rows]
    yield from {finding.key: finding for finding in found}.values()


def books_that_drifted() -> Iterator[Finding]:
    """Orders whose ledger is not what their payments and refunds add up to."""
    for order, says in drifted_sums():
        details = {"here": says}
        yield Finding(
            kind=Kind.LEDGER, gateway="", reference=order.number, details=details
        )
