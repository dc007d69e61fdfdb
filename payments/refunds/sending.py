"""Sends refunds: one gateway call each, outside any transaction, safe to repeat."""

import logging
from enum import Enum, auto

from django.db import transaction

from campaigns.clock import Clock, database_now
from campaigns.rounds import count_done, keys_of
from orders import lifecycle
from payments import gateways, recording, settlement
from payments.errors import Declined, GatewayError, Rejected, Unavailable, Unknown
from payments.gateways.base import Gateway, RefundIn, RefundSnapshot
from payments.ledger import books
from payments.models import Refund
from payments.refunds import owed as refunds_owed
from payments.refunds import rows as refund_rows

State = Refund.State
logger = logging.getLogger(__name__)


class Outcome(Enum):
    """What one attempt came to."""

    SKIPPED = auto()
    HANDED_OVER = auto()
    ACCEPTED = auto()
    REFUSED = auto()
    SILENT = auto()

    @property
    def is_failure(self) -> bool:
        return self in (Outcome.REFUSED, Outcome.SILENT)


def request_all_owed() -> int:
    """Write refunds for every ended order that still holds the buyer's money."""
    rows = (refunds_owed.orders_owed_back(), refunds_owed.orders_to_look_at())
    keys = (key for query in rows for key in keys_of(query))
    return count_done(keys, settle_ended)


def settle_ended(order_id: int) -> int:
    with transaction.atomic():
        return settlement.settle(lifecycle.locked(order_id))


def send_due(limit: int = 200) -> int:
    """Send or look up what is due; returns how many gateway calls were made."""
    due = Refund.objects.due_without_run().select_related("payment__order")
    return count_done(due.order_by("pk")[:limit], _was_attempted)


def _was_attempted(refund: Refund) -> bool:
    return attempt(refund) not in (Outcome.SKIPPED, Outcome.HANDED_OVER)


def attempt(refund: Refund) -> Outcome:
    """One call for a due refund, by whoever gets its lease."""
    if not refund.lease():
        return Outcome.SKIPPED
    was_sent = refund.state != State.REQUESTED
    if not was_sent and not refund_rows.rail_pays_back(refund.payment):
        return _hand_over(refund)
    # Known to be on its way before the gateway hears of it.
    if not was_sent and not refund.advance(State.SENDING, sent_at=Clock()):
        return Outcome.SKIPPED
    return _call(refund, look_up=was_sent)


def _call(refund: Refund, *, look_up: bool) -> Outcome:
    try:
        answer = _ask(refund, look_up=look_up)
    except (Declined, Rejected) as error:
        record(refund, state=State.FAILED, failure=str(error))
        return Outcome.REFUSED
    except Unknown as error:
        record(refund, state=State.UNKNOWN, failure=str(error))
        _pause(refund)
        return Outcome.SILENT
    except GatewayError as error:
        logger.warning("refund %s: %s", refund.reference, error)
        _pause(refund)
        return Outcome.SILENT
    record(refund, state=answer.state, seen=answer)
    return Outcome.REFUSED if answer.state == State.FAILED else Outcome.ACCEPTED


def _ask(refund: Refund, *, look_up: bool) -> RefundSnapshot:
    """What may have been sent before is looked up before it is repeated."""
    gateway = gateways.get(refund.payment.gateway)
    request = gateways.refund_in(refund)
    found = _looked_up(gateway, request) if look_up else None
    if found:
        return found
    if look_up:
        _refuse_to_repeat(refund)
    return gateway.refund(request)


def _refuse_to_repeat(refund: Refund) -> None:
    """The gateway has no such refund. Sent anew only while it still knows the key."""
    if refund.state == State.PENDING:
        raise Unavailable("the gateway does not find what it had accepted")
    if not refund.may_be_repeated(database_now()):
        raise Declined("the gateway has never heard of it; it is not repeated")


def _looked_up(gateway: Gateway, request: RefundIn) -> RefundSnapshot | None:
    try:
        return gateway.fetch_refund(request)
    except (Declined, Rejected) as error:
        # A refused question says nothing about the refund itself.
        raise Unknown(str(error)) from error


def _pause(refund: Refund) -> None:
    """Ask again later, each time after a longer pause; a human is told at last."""
    refund.refresh_from_db(fields=["state", "attempts"])
    if refund.state in Refund.IN_FLIGHT:
        refund.look_again(database_now() + refund.pause)
    if refund.attempts >= Refund.MOST_ATTEMPTS:
        reason = f"refund {refund.reference}: no answer after {refund.attempts} tries"
        recording.flag(refund.payment, reason)


def _hand_over(refund: Refund) -> Outcome:
    with transaction.atomic():
        order = lifecycle.locked(refund.payment.order_id)
        books.locked_payment(refund.payment_id)
        refund.refresh_from_db(fields=["state"])
        done = refund_rows.hand_over(order, refund)
    return Outcome.HANDED_OVER if done else Outcome.SKIPPED


def record(
    refund: Refund,
    *,
    state: Refund.State,
    seen: RefundSnapshot | None = None,
    failure: str = "",
) -> None:
    """Book the gateway's answer, then let the money rule look again."""
    with transaction.atomic():
        order = lifecycle.locked(refund.payment.order_id)
        payments = books.locked_payments(order)
        payment = books.one_of(payments, refund.payment_id)
        refund.refresh_from_db(fields=["state"])
        refund_rows.book(
            order, payment, refund, state=state, seen=seen, failure=failure
        )
        settlement.settle(order, payments)
