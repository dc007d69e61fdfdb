"""The exact amount of a transfer: what is due, less a code that no other open one has.

A bank tells little of who sent money, but always how much. So each open attempt of an
account asks for another amount; the database sees to it, and a collision is tried
again. The code is given to the buyer as a discount once its amount arrives.
"""

import secrets
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from campaigns.clock import database_now
from campaigns.money import smallest_unit
from orders.models import Order
from payments.models import BankAccount, Payment
from payments.models.payment import PaymentQuerySet

LARGEST_CODE = 999
# A code takes about a hundredth of the price, unless those are all in use.
MODEST_CODE = 99
MODEST_SHARE = 100
# Money sent late for an attempt that ended should not look like another's.
REST = timedelta(days=14)
# Others may take the amount between the look and the insert; a few times at most.
TRIES = 8


def insert(payment: Payment) -> bool:
    """Store the attempt with an account and an amount of its own.

    False when no amount of any account is free: the buyer is then offered the other
    ways to pay. Runs inside the caller's transaction.
    """
    due = payment.amount
    for account in _accounts(payment.order):
        payment.bank_account = account
        for _try in range(TRIES):
            code = _free_code(payment, due)
            if code is None:
                break
            payment.code = code
            payment.amount = due - payment.code_amount
            if _is_stored(payment):
                return True
    return False


def _accounts(order: Order) -> QuerySet[BankAccount]:
    seller = order.batch.campaign.seller
    return BankAccount.objects.offered(seller, order.currency)


def _is_stored(payment: Payment) -> bool:
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
    except IntegrityError:
        if not _same_account(payment).open().filter(amount=payment.amount).exists():
            raise
        payment.pk = None
        return False
    return True


def _free_code(payment: Payment, due: Decimal) -> int | None:
    """At random, the modest ones first; none where every amount is in use."""
    if (kept := _code_of_short_transfer(payment)) and _is_free(payment, due, kept):
        return kept
    resting, in_use = _codes_in_use(payment, due)
    for most in _bands(payment, due):
        for taken in (resting | in_use, in_use):
            if free := [code for code in range(1, most + 1) if code not in taken]:
                return secrets.choice(free)
    return None


def _bands(payment: Payment, due: Decimal) -> Iterator[int]:
    """How large a code may be: the amount stays positive, the discount modest."""
    units = int(due / smallest_unit(payment.currency))
    modest = min(LARGEST_CODE, max(MODEST_CODE, units // MODEST_SHARE))
    yield min(modest, units - 1)
    yield min(LARGEST_CODE, units - 1)


def _codes_in_use(payment: Payment, due: Decimal) -> tuple[set[int], set[int]]:
    """Those of attempts that ended lately, and those of open ones."""
    unit = smallest_unit(payment.currency)
    near = _same_account(payment).filter(
        amount__lt=due, amount__gte=due - LARGEST_CODE * unit
    )
    resting: set[int] = set()
    in_use: set[int] = set()
    for amount, state in _recent(near).values_list("amount", "state"):
        codes = in_use if state in Payment.OPEN else resting
        codes.add(int((due - amount) / unit))
    return resting, in_use


def _recent(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    since = database_now() - REST
    lately = Q(created_at__gt=since) | Q(order__expires_at__gt=since)
    return payments.filter(lately | Q(state__in=Payment.OPEN))


def _code_of_short_transfer(payment: Payment) -> int:
    """What is left of a transfer that came short is asked for to the rupiah."""
    short = payment.order.payments.filter(code__gt=0, state=Payment.State.CONFIRMED)
    last = short.order_by("-pk").first()
    return last.code if last and last.amount_received < last.amount else 0


def _is_free(payment: Payment, due: Decimal, code: int) -> bool:
    amount = due - code * smallest_unit(payment.currency)
    if amount <= 0:
        return False
    return not _same_account(payment).open().filter(amount=amount).exists()


def _same_account(payment: Payment) -> PaymentQuerySet:
    return Payment.objects.filter(bank_account=payment.bank_account)
