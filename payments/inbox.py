"""The inbox: a notification is stored once, answered at once, and applied later."""

import logging
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F

from campaigns.busy import is_busy
from campaigns.clock import database_now
from campaigns.wakeup import wake_up
from payments import gateways, settlement
from payments.errors import GatewayError
from payments.gateways.base import Inbound
from payments.models import GatewayEvent, Payment
from payments.reconciliation import discrepancies
from payments.secrets import redacted

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=1)
GIVE_UP_AFTER = timedelta(hours=24)
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
# An event that breaks the code so often is given up; reconciliation still asks.
POISONED_AFTER = 10


def receive(gateway: str, notice: Inbound, raw: bytes) -> bool:
    """Store a verified notification; False for a repeat. Nothing is believed yet."""
    same = GatewayEvent.objects.filter(gateway=gateway, dedupe_key=notice.dedupe_key)
    if same.update(duplicates=F("duplicates") + 1):
        return False
    event = GatewayEvent(
        gateway=gateway,
        dedupe_key=notice.dedupe_key,
        type=notice.type[:60],
        reference=notice.reference[:120],
        transaction_reference=notice.transaction_reference[:120],
        our_reference=notice.our_reference[:40],
        body=raw,
    )
    try:
        _store(event)
    except IntegrityError:
        # Its twin came at the same moment and was quicker.
        if not same.update(duplicates=F("duplicates") + 1):
            raise
        return False
    return True


def _store(event: GatewayEvent) -> None:
    with transaction.atomic():
        event.save(force_insert=True)
        wake_up()


def process_due(limit: int = 200) -> int:
    """Apply what the inbox holds; returns how many events were taken up."""
    due = GatewayEvent.objects.due().defer("body").order_by("pk")[:limit]
    return sum(_process(event) for event in due if _lease(event))


def _lease(event: GatewayEvent) -> bool:
    """Take this event for one attempt; False when another worker has it."""
    rows = GatewayEvent.objects.due().filter(pk=event.pk, attempts=event.attempts)
    taken = rows.update(
        attempts=F("attempts") + 1, next_attempt_at=database_now() + LEASE
    )
    event.attempts += taken
    return bool(taken)


def _process(event: GatewayEvent) -> bool:
    """Fetch the truth outside any transaction, then apply it."""
    payment = _payment_of(event)
    if payment is None:
        _later(event, f"no payment has the reference {event.reference!r}")
        return True
    try:
        snapshot = gateways.get(payment.gateway).fetch(gateways.payment_in(payment))
        settlement.apply(payment, snapshot)
    except GatewayError as error:
        _later(event, str(error))
    except Exception as error:  # one poisoned event must not stop others
        logger.exception("event %s", event.pk)
        is_poisoned = event.attempts >= POISONED_AFTER and not is_busy(error)
        _later(event, redacted(repr(error)), give_up=is_poisoned)
    else:
        _finish(event, GatewayEvent.State.DONE, payment=payment)
    return True


def _payment_of(event: GatewayEvent) -> Payment | None:
    """By the gateway's reference, its transaction's, then ours."""
    payments = Payment.objects.filter(gateway=event.gateway).select_related("order")
    for column, value in (
        ("gateway_reference", event.reference),
        ("gateway_transaction_reference", event.transaction_reference),
        ("reference", event.our_reference or event.reference),
    ):
        if value and (payment := payments.filter(**{column: value}).first()):
            return payment
    return None


def _later(event: GatewayEvent, reason: str, *, give_up: bool = False) -> None:
    """Try again with growing pauses; give up after a day."""
    now = database_now()
    if give_up or now - event.received_at > GIVE_UP_AFTER:
        _bury(event, reason)
        return
    pause = min(FIRST_PAUSE * 2 ** min(event.attempts - 1, 10), LONGEST_PAUSE)
    GatewayEvent.objects.filter(pk=event.pk).update(
        state=GatewayEvent.State.RETRY, next_attempt_at=now + pause, error=reason
    )


def _bury(event: GatewayEvent, reason: str) -> None:
    """Given up, and listed for a human: money may stand behind it."""
    event.payment, event.error = _payment_of(event), reason
    with transaction.atomic():
        _finish(event, GatewayEvent.State.DEAD, payment=event.payment, error=reason)
        discrepancies.note(discrepancies.of_dead_event(event))


def _finish(
    event: GatewayEvent,
    state: GatewayEvent.State,
    *,
    payment: Payment | None = None,
    error: str = "",
) -> None:
    GatewayEvent.objects.filter(pk=event.pk).update(
        state=state, payment=payment, error=error
    )
