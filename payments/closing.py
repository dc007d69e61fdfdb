"""Closes the gateways' pages, so that nobody pays for what is given back."""

import logging
from collections import Counter
from collections.abc import Callable

from campaigns.busy import is_busy
from campaigns.rounds import count_done, keys_of
from orders.models import Order
from payments import gateways, settlement
from payments.dues import balance_of
from payments.errors import Declined, GatewayError, Rejected
from payments.gateways.base import Gateway, PaymentIn, Snapshot
from payments.models import Payment

Call = Callable[[Gateway, PaymentIn], Snapshot]
logger = logging.getLogger(__name__)

# A gateway that was silent so often in a row is left alone until the next round.
PATIENCE = 3


class Pages:
    """The pages of one round: a gateway that is down costs three calls, not thousands.

    Each call may wait for its timeout, and the round also has mails to send.
    """

    def __init__(self) -> None:
        self._silences: Counter[str] = Counter()

    def close(self, payment: Payment) -> bool:
        """Whether nobody can pay there any more, by the gateway's own word."""
        return self._ask(payment, lambda gateway, page: gateway.cancel(page))

    def look(self, payment: Payment) -> bool:
        """The same, without asking for anything but the truth."""
        return self._ask(payment, lambda gateway, page: gateway.fetch(page))

    def _ask(self, payment: Payment, call: Call) -> bool:
        snapshot = self._answer(payment, call)
        if snapshot is None:
            return False
        settlement.apply(payment, snapshot)
        # A payment can be under way at the gateway, which then closes nothing.
        return snapshot.state not in Payment.OPEN

    def _answer(self, payment: Payment, call: Call) -> Snapshot | None:
        if self._silences[payment.gateway] >= PATIENCE:
            return None
        try:
            page = gateways.payment_in(payment)
            snapshot = call(gateways.get(payment.gateway), page)
        except Exception as error:
            if is_busy(error):
                raise
            self._note(payment, error)
            return None
        self._silences[payment.gateway] = 0
        return snapshot

    def _note(self, payment: Payment, error: Exception) -> None:
        """An adapter that breaks must keep no units for ever, as one that is silent."""
        is_foreseen = isinstance(error, GatewayError)
        if is_foreseen and not isinstance(error, Declined | Rejected):
            self._silences[payment.gateway] += 1
        words = "payment %s could not be closed: %s"
        logger.warning(words, payment.reference, error, exc_info=not is_foreseen)


def close_abandoned() -> int:
    """Close the pages of orders that ended otherwise, also of gateways long silent."""
    rows = Payment.objects.open().exclude(order__status=Order.Status.PENDING)
    pages = Pages()

    def close_if_settled(payment_id: int) -> bool:
        payment = Payment.objects.select_related("order").get(pk=payment_id)
        return not balance_of(payment.order).due and pages.close(payment)

    return count_done(keys_of(rows), close_if_settled)
