"""Attempts to pay: at most one is open per order, and the database sees to it."""

import logging
import secrets
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import Q

from campaigns.busy import is_busy
from campaigns.clock import Clock, database_now
from campaigns.prepared import Prepared, given
from orders import lifecycle
from orders.models import Order
from orders.models.order import NUMBER_ALPHABET
from payments import gateways, recording, settlement
from payments.closing import Pages
from payments.dues import balance_of, due_now
from payments.errors import Declined, GatewayError, Rejected
from payments.models import Payment
from payments.transfers import emails as transfer_emails
from payments.transfers import exact_amounts

logger = logging.getLogger(__name__)

FETCH_AGAIN_AFTER = timedelta(seconds=10)
SECRET_LENGTH = 10
# Each is a page at a gateway, and by transfer a mail: nobody needs more of them.
MOST_PER_ORDER = 20
COUNTED_WITHIN = timedelta(hours=1)

NEWEST_PAYMENT = Prepared(
    lambda: Payment.objects.filter(order=given("order")).order_by("-pk")[:1]
)


def unsaved(order: Order, gateway: str, amount: Decimal, **columns: Any) -> Payment:
    """The next attempt of the order; one that is not placed yet has none before it."""
    number = order.payments.count() + 1 if order.pk else 1
    return Payment(
        order=order,
        reference=new_reference(order.number, number),
        gateway=gateway,
        purpose=_purpose(order),
        amount=amount,
        currency=order.currency,
        **columns,
    )


def insert(payment: Payment) -> bool:
    """Store a new attempt; False when its gateway has no way to ask for the money now.

    A transfer asks for an exact amount of its own, and tells its buyer by mail.
    """
    if payment.gateway != gateways.BANK_TRANSFER:
        payment.save(force_insert=True)
        return True
    if not exact_amounts.insert(payment):
        return False
    transfer_emails.instructions(payment)
    return True


def open_attempt(order: Order) -> Payment | None:
    return order.payments.open().first()


def begin(order: Order, *, wanted: str) -> Payment | None:
    """The attempt to go on with, started where its gateway answers.

    `wanted` names another way to pay than the open attempt's: that one is closed at its
    gateway first, and goes on if money is there or under way. An unknown name, or none,
    stays with what is open; so does who had too many attempts already.
    """
    due = due_now(order, balance_of(order))
    ways = gateways.offered(order.batch.campaign, due)
    attempt = open_attempt(order)
    if _had_too_many(order):
        ways = []
    if attempt and wanted in ways and wanted != attempt.gateway:
        attempt = None if Pages().close(attempt) else attempt
    if attempt is None and ways:
        gateway = wanted if wanted in ways else _last_used(order, ways)
        attempt = next_attempt(order.pk, gateway)
    needs_start = attempt and attempt.state == Payment.State.CREATED
    return start(attempt) if attempt and needs_start else attempt


def _had_too_many(order: Order) -> bool:
    since = database_now() - COUNTED_WITHIN
    return order.payments.filter(created_at__gt=since).count() >= MOST_PER_ORDER


def _last_used(order: Order, ways: list[str]) -> str:
    last = order.payments.filter(gateway__in=ways).order_by("-pk").first()
    return last.gateway if last else ways[0]


def next_attempt(order_id: int, gateway: str) -> Payment | None:
    """The open attempt, or a new one for what is due now; None when nothing is."""
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        amount = due_now(order, balance_of(order))
        if amount <= 0 or not _may_be_paid(order):
            return None
        if payment := open_attempt(order):
            return payment
        if _had_too_many(order):
            return None
        payment = unsaved(order, gateway, amount)
        return payment if insert(payment) else None


def new_reference(number: str, attempt: int) -> str:
    """Readable, and not to be guessed: who knows it can see the gateway's page."""
    secret = "".join(secrets.choice(NUMBER_ALPHABET) for _n in range(SECRET_LENGTH))
    return f"{number}-{attempt}-{secret}"


def _may_be_paid(order: Order) -> bool:
    if order.is_unfinished:
        return False
    if order.status == Order.Status.PENDING:
        return order.expires_at is not None and order.expires_at > database_now()
    return order.status in Order.HOLDING


def start_unless_busy(payment: Payment) -> None:
    """Start it, or leave that to its pay page where the database is busy.

    Its order stands already.
    """
    try:
        start(payment)
    except DatabaseError as error:
        if not is_busy(error):
            raise
        logger.warning("payment %s starts later: %s", payment.reference, error)


def start(payment: Payment) -> Payment:
    """Ask the gateway for its hosted page; outside any transaction, safe to repeat.

    When the gateway does not answer, the attempt stays `created` and can be started
    again with the same key; when it refuses, the next attempt has another.
    """
    try:
        started = gateways.get(payment.gateway).start(gateways.payment_in(payment))
    except GatewayError as error:
        logger.warning("payment %s could not start: %s", payment.reference, error)
        if isinstance(error, Declined | Rejected):
            _give_up(payment)
        if isinstance(error, Rejected):
            # It will be refused again: a human has to look.
            recording.flag(payment, str(error))
        return payment
    changes = {
        "state": Payment.State.PENDING,
        "gateway_reference": started.gateway_reference,
        "redirect_url": started.redirect_url,
        "expires_at": started.expires_at,
    }
    created = Payment.objects.filter(pk=payment.pk, state=Payment.State.CREATED)
    if created.update(**changes):
        for column, value in changes.items():
            setattr(payment, column, value)
    else:
        # Another tab was faster: both lead to the same page.
        payment.refresh_from_db()
    return payment


def _give_up(payment: Payment) -> None:
    created = Payment.objects.filter(pk=payment.pk, state=Payment.State.CREATED)
    if created.update(state=Payment.State.FAILED):
        payment.state = Payment.State.FAILED


def refresh(order: Order) -> Order:
    """Ask the gateway how the latest attempt stands, at most every ten seconds.

    Returns the order as it stands then.
    """
    payment = NEWEST_PAYMENT.first(order=order.pk)
    if payment is None or not _may_fetch(payment):
        return order
    payment.order = order
    try:
        snapshot = gateways.get(payment.gateway).fetch(gateways.payment_in(payment))
    except GatewayError as error:
        logger.warning("payment %s could not be fetched: %s", payment.reference, error)
        return order
    return settlement.apply(payment, snapshot)


def _may_fetch(payment: Payment) -> bool:
    """Claim the right to one fetch; two impatient taps make one call."""
    stale = Q(fetched_at__isnull=True) | Q(
        fetched_at__lte=database_now() - FETCH_AGAIN_AFTER
    )
    return bool(Payment.objects.filter(stale, pk=payment.pk).update(fetched_at=Clock()))


def _purpose(order: Order) -> Payment.Purpose:
    if order.status != Order.Status.PENDING:
        return Payment.Purpose.BALANCE
    is_full = order.deposit == order.total
    return Payment.Purpose.FULL if is_full else Payment.Purpose.DEPOSIT
