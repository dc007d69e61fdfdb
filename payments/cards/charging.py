"""Charges the balance to the card its buyer agreed to: once, when it is due.

A refusal is final: the buyer is sent the pay link then, and the card is left alone.
Only a call whose answer was lost is repeated, under the same key, while the key lives.
"""

import logging
from datetime import datetime, timedelta
from typing import cast

from django.db import transaction
from django.db.models import Q

from campaigns.actors import BUYER
from campaigns.clock import Clock, database_now
from campaigns.rounds import count_done, keys_of
from orders import emails, lifecycle
from orders.balance_terms import BalanceTerms
from orders.models import Order
from payments import attempts, gateways, settlement
from payments.closing import Pages
from payments.dues import balance_of
from payments.errors import Declined, GatewayError, Rejected
from payments.gateways.base import ChargesSavedCards, Snapshot
from payments.models import Dispute, Payment, SavedMethod

logger = logging.getLogger(__name__)

# What the payment's method is called until the gateway names it.
SAVED_CARD = "saved_card"
DAY, MORNING = timedelta(days=1), timedelta(hours=8)
AGAIN_AFTER = timedelta(minutes=10)
# Gateways forget keys after a day; before that, a repeated call is the same call.
KEY_LIVES = timedelta(hours=23)


def charge_due() -> int:
    """Returns how many charges were tried."""
    lost = Payment.objects.filter(state=Payment.State.CREATED, method=SAVED_CARD)
    tried = count_done(keys_of(lost), _try)
    return tried + count_done(keys_of(SavedMethod.objects.chargeable()), _charge_if_due)


def due_from(order: Order) -> datetime | None:
    """The morning of the last day to pay, or else when the balance is asked for."""
    terms = BalanceTerms.of(order)
    return terms.due_at - DAY + MORNING if terms.due_at else terms.asked_from


def _charge_if_due(saved_id: int) -> bool:
    orders = SavedMethod.objects.select_related("order__batch")
    order = orders.get(pk=saved_id).order
    begins = due_from(order)
    if begins is None or begins > database_now() or not _may_be_charged(order):
        return False
    attempt = attempts.open_attempt(order)
    if attempt and not Pages().close(attempt):
        # The buyer may be paying at this moment.
        return False
    payment_id = _begin(order.pk)
    return payment_id is not None and _try(payment_id)


def _may_be_charged(order: Order) -> bool:
    """Not while anything about this order's money is in doubt."""
    in_doubt = (
        Q(amount_in_suspense__gt=0)
        | Q(amount_reversed__gt=0)
        | Q(disputes__state=Dispute.State.OPEN)
    )
    is_due = balance_of(order).due > 0
    return is_due and not order.payments.filter(in_doubt).exists()


def _begin(order_id: int) -> int | None:
    """Write the one attempt, before any gateway hears of it."""
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        is_open = attempts.open_attempt(order) is not None
        if is_open or order.status not in Order.PAID or not _may_be_charged(order):
            return None
        unused = SavedMethod.objects.filter(order=order, charged_at=None)
        if not unused.update(charged_at=Clock()):
            return None
        due, gateway = balance_of(order).due, order.saved_method.gateway
        payment = attempts.unsaved(order, gateway, due, method=SAVED_CARD)
        payment.save(force_insert=True)
    return payment.pk


def _try(payment_id: int) -> bool:
    """One call, outside any transaction; False when it is not time for one."""
    payment = Payment.objects.select_related("order__saved_method").get(pk=payment_id)
    was_tried = payment.fetched_at is not None
    if not _claim_call(payment):
        return False
    try:
        if not (was_tried and _is_found(payment)):
            _charge(payment)
    except GatewayError as error:
        logger.warning("payment %s: card not charged: %s", payment.reference, error)
    return True


def _claim_call(payment: Payment) -> bool:
    rested = Q(fetched_at=None) | Q(fetched_at__lte=database_now() - AGAIN_AFTER)
    waiting = Payment.objects.filter(rested, pk=payment.pk, state=Payment.State.CREATED)
    return bool(waiting.update(fetched_at=Clock()))


def _charge(payment: Payment) -> None:
    if database_now() - payment.created_at > KEY_LIVES:
        _give_up(payment, "no answer")
        return
    saved = payment.order.saved_method
    gateway = cast("ChargesSavedCards", gateways.get(payment.gateway))
    try:
        snapshot = gateway.charge_saved(
            gateways.payment_in(payment),
            customer=saved.customer_reference,
            method=saved.method_reference,
        )
    except (Declined, Rejected) as error:
        _give_up(payment, str(error))
    else:
        _settle(payment, snapshot)


def _is_found(payment: Payment) -> bool:
    """A call that may have been made is looked up before it is repeated."""
    snapshot = gateways.get(payment.gateway).fetch(gateways.payment_in(payment))
    if snapshot.state == Payment.State.CREATED:
        return False
    _settle(payment, snapshot)
    return True


def _give_up(payment: Payment, reason: str) -> None:
    refused = Snapshot(
        state=Payment.State.FAILED,
        currency=payment.currency,
        details={"declined": reason[:60]},
    )
    _settle(payment, refused)


def _settle(payment: Payment, snapshot: Snapshot) -> None:
    """The news and, if it is bad, the pay link in one transaction."""
    with transaction.atomic():
        order = settlement.apply(payment, snapshot)
        if snapshot.state == Payment.State.FAILED:
            key, amount = payment.reference, payment.amount
            emails.card_not_charged(order, payment_key=key, amount=amount)


def withdraw(order_id: int) -> bool:
    """The buyer takes the consent back; False when there is none, or it was used."""
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        saved = SavedMethod.objects.filter(order=order, charged_at=None).first()
        if saved is None:
            return False
        agreed = {"agreed": saved.consented_at.isoformat()}
        order.record("card_forgotten", actor=BUYER, data=agreed)
        saved.delete()
    _forget_at_gateway(saved)
    return True


def _forget_at_gateway(saved: SavedMethod) -> None:
    if not saved.method_reference:
        return
    gateway = cast("ChargesSavedCards", gateways.get(saved.gateway))
    try:
        gateway.forget_saved(saved.method_reference)
    except GatewayError as error:
        # It stays there, where nothing of ours uses it any more.
        logger.warning("%s: a card could not be forgotten: %s", saved.gateway, error)
