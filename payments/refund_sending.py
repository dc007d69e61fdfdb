"""Sends refunds: one gateway call each, outside any transaction, safe to repeat."""

import logging

from django.db import transaction

from campaigns.rounds import count_done
from orders import lifecycle
from payments import books, gateways, refunds, settlement
from payments.errors import Declined, GatewayError, Rejected, Unknown
from payments.gateways.base import Gateway, RefundIn, RefundSnapshot
from payments.models import Refund

logger = logging.getLogger(__name__)


def request_all_owed() -> int:
    """Write refunds for every ended order that still holds the buyer's money."""
    owed_back = refunds.orders_owed_back().order_by("pk").values_list("pk", flat=True)
    return count_done(list(owed_back), _request_owed)


def _request_owed(order_id: int) -> int:
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        return refunds.request_owed(order, books.locked_payments(order))


def send_due(limit: int = 200) -> int:
    """Send or look up what is due; returns how many gateway calls were made."""
    due = Refund.objects.due().select_related("payment__order").order_by("pk")
    return count_done((refund for refund in due[:limit] if refund.lease()), _attempt)


def _attempt(refund: Refund) -> bool:
    was_sent = refund.state != Refund.State.REQUESTED
    if not was_sent and not refund.advance(Refund.State.SENDING):
        return False
    try:
        answer = _ask(refund, look_up=was_sent)
    except (Declined, Rejected) as error:
        record(refund, state=Refund.State.FAILED, failure=str(error))
    except Unknown as error:
        record(refund, state=Refund.State.UNKNOWN, failure=str(error))
    except GatewayError as error:
        # Nothing happened there; the lease runs out and the refund is due again.
        logger.warning("refund %s: %s", refund.reference, error)
    else:
        record(refund, state=answer.state, seen=answer)
    return True


def _ask(refund: Refund, *, look_up: bool) -> RefundSnapshot:
    """What may have been sent before is looked up before it is repeated."""
    gateway = gateways.get(refund.payment.gateway)
    request = gateways.refund_in(refund)
    found = _looked_up(gateway, request) if look_up else None
    return found or gateway.refund(request)


def _looked_up(gateway: Gateway, request: RefundIn) -> RefundSnapshot | None:
    try:
        return gateway.fetch_refund(request)
    except (Declined, Rejected) as error:
        # A refused question says nothing about the refund itself.
        raise Unknown(str(error)) from error


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
        refunds.book(order, payment, refund, state=state, seen=seen, failure=failure)
        settlement.settle(order, payments)
