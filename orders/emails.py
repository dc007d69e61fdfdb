"""What happens to an order, by mail: a row, in the transaction it tells of.

Mails about what has a package of its own are in the `emails.py` there.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.urls import reverse

from campaigns.clock import database_now
from campaigns.models.minimum import MINIMUM_MISSED
from campaigns.web_addresses import absolute
from orders.balance_terms import BalanceTerms
from orders.mail.rows import copy_of, of_order, queue
from orders.models import Decision, Message, Order, OrderLine
from orders.models.line import LINES_OF_ORDER

PRODUCTION_STARTED = "production_started"
# Part of the key of an `order_changed` that tells of a correction.
OF_EVENT = "event-"
NOTICE, BULK = Message.Priority.NOTICE, Message.Priority.BULK


def order_placed(
    order: Order, lines: Iterable[OrderLine], *, by_transfer: bool = False
) -> Message:
    """Rendered before the order's transaction begins, and stored inside it.

    The exact amount of a transfer is not known yet: `payment_instructions` tells it.
    """
    return of_order(order, "order_placed", lines=lines, by_transfer=by_transfer)


def payment_instructions(order: Order, *, payment_key: str, **transfer: Any) -> None:
    """`transfer`: amount, amount_head and amount_tail, bank, number and holder."""
    queue(of_order(order, "payment_instructions", key=payment_key, **transfer))


def proof_rejected(order: Order, *, proof_key: str, reason: str, **news: Any) -> None:
    """`news`: whether the order still waits, and what it waits for."""
    queue(of_order(order, "proof_rejected", key=proof_key, reason=reason, **news))


def order_link(order: Order, *, request_key: str, corrected: bool = False) -> None:
    """`corrected`: not asked for by the buyer, but sent to an address put right."""
    queue(of_order(order, "order_link", key=request_key, corrected=corrected))


def order_confirmed(order: Order) -> None:
    # An order can expire and be confirmed again: each confirmation is told.
    key = _stamp(order.confirmed_at)
    lines = LINES_OF_ORDER.all(order=order.pk)
    queue(of_order(order, "order_confirmed", key=key, lines=lines))


def balance_due(order: Order, *, step: str, amount: Any, last_day: date | None) -> None:
    """`last_day`: until when it may still be paid although its day has passed."""
    terms = BalanceTerms.of(order)
    context = {"step": step, "amount": amount, "last_day": last_day, "terms": terms}
    key = balance_key(order, step)
    queue(of_order(order, "balance_due", key=key, priority=NOTICE, **context))


def balance_key(order: Order, step: str) -> str:
    """Each step is told once in each batch the order is in."""
    return f"{order.batch_id}-{step}"


def card_not_charged(order: Order, *, payment_key: str, amount: Any) -> None:
    """The balance could not be taken from the saved card: it is paid by hand now."""
    queue(of_order(order, "card_not_charged", key=payment_key, amount=amount))


def order_expired(order: Order) -> None:
    key = _stamp(order.expired_at)
    queue(of_order(order, "order_expired", key=key, was_ended=order.hold_was_ended))


def order_canceled(order: Order, *, reason: str = "") -> None:
    comes_back = order.amount_paid - order.amount_refunded - order.amount_kept
    queue(of_order(order, "order_canceled", comes_back=comes_back, reason=reason))


def order_shipped(
    order: Order, *, parcel_key: str, hold_back: timedelta, **parcel: Any
) -> None:
    """`parcel`: courier, tracking_number, tracking_url and contents, for the words.

    Held back for a while, in which `outbox.withdraw` can take it back.
    """
    message = of_order(order, "order_shipped", key=parcel_key, **parcel)
    message.next_attempt_at = database_now() + hold_back
    queue(message)


def batch_canceled(order: Order) -> None:
    _queue_ended(order, "batch_canceled")


def minimum_missed(order: Order) -> None:
    """The order was canceled with its batch."""
    _queue_ended(order, MINIMUM_MISSED)


def _queue_ended(order: Order, kind: str) -> None:
    """Not the buyer's doing: all that was paid comes back."""
    comes_back = order.amount_paid - order.amount_refunded
    queue(of_order(order, kind, priority=NOTICE, comes_back=comes_back))


def production_started(order: Order) -> Message:
    """What is made, until when, and what can no longer be changed; not stored yet.

    Written anew when the window moves before it is sent.
    """
    version = order.batch.schedule_version
    key = f"{order.batch_id}-{version}"
    message = of_order(order, PRODUCTION_STARTED, key=key, priority=BULK)
    message.schedule_version = version
    return message


def address_changed(order: Order, *, change_key: str, by_buyer: bool) -> None:
    """Told each time: the link can be passed on, and staff may put it right too."""
    _queue_corrected(order, change_key, by_buyer=by_buyer, is_address=True)


def contact_corrected(order: Order, *, change_key: str) -> None:
    """The seller put the phone right; who has a new e-mail gets `order_link`."""
    _queue_corrected(order, change_key, by_buyer=False, is_address=False)


def _queue_corrected(order: Order, change_key: str, **told: Any) -> None:
    key = f"{OF_EVENT}{change_key}"
    queue(of_order(order, "order_changed", key=key, words="order_corrected", **told))


def delivery_check(order: Order, *, shipped_at: datetime) -> Message:
    """Did it arrive? Once per order; not stored yet."""
    return of_order(order, "delivery_check", priority=BULK, shipped_at=shipped_at)


def decision_url(order: Order, decision: Decision) -> str:
    return absolute(reverse("order:decision", args=[order.token, decision.pk]))


def waitlist_offer(order: Order, *, claim_path: str) -> None:
    queue(of_order(order, "waitlist_offer", claim_url=absolute(claim_path)))


def late_payment(order: Order, *, payment_key: str, amount: Any) -> None:
    queue(of_order(order, "late_payment", key=payment_key, amount=amount))


def refund_started(
    order: Order, *, refund_key: str, amount: Any, note: str = ""
) -> None:
    mail = of_order(order, "refund_started", key=refund_key, amount=amount, note=note)
    queue(mail)


def refund_sent(
    order: Order, *, refund_key: str, amount: Any, by_hand: bool = False
) -> None:
    told = {"amount": amount, "by_hand": by_hand}
    queue(of_order(order, "refund_sent", key=refund_key, **told))


def payout_asked(
    order: Order,
    *,
    refund_key: str,
    amount: Any,
    came_back: bool,
    known: str,
    note: str = "",
) -> None:
    """The seller pays by hand: where to? `known` is the account named before."""
    told = {"amount": amount, "came_back": came_back, "known": known, "note": note}
    _queue_payout(order, refund_key, **told)


def payout_named(order: Order, *, change_key: str, account: str) -> None:
    """Told each time, as the link of the page can be passed on."""
    _queue_payout(order, change_key, named=account)


def _queue_payout(order: Order, key: str, **context: Any) -> None:
    url = absolute(reverse("payment:refund", args=[order.token]))
    queue(of_order(order, "payout_account", key=key, payout_url=url, **context))


def send_copy(sent: Message, *, to: str, key: str) -> None:
    """The same words once more, to another address."""
    queue(copy_of(sent, to=to, key=key))


def _stamp(moment: Any) -> str:
    return moment.isoformat() if moment else ""
