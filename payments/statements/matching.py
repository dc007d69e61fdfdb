"""Whose money a line of the statement seems to be, and why it seems so."""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum

from django.db.models import QuerySet

from orders.models import Order
from payments.models import BankAccount, Payment, StatementLine
from payments.statements import booking as statement_booking

WORD = re.compile(r"[2-9A-HJ-NP-Z]{8,}")
SHORTEST_NAME = 4
# A bank may book a transfer under the day before, never long before it was asked for.
LEEWAY = timedelta(days=1)
ENDED = (Payment.State.EXPIRED, Payment.State.CANCELED, Payment.State.FAILED)


class Reason(Enum):
    EXACT_AND_NAMED = "exact amount, and the text names the order or its buyer"
    EXACT = "exact amount"
    COUNTED = "counted already, by a proof"
    SEVERAL = "the amount fits several"
    OTHER_NAMED = "the amount fits, but the text names another order"
    NAMED = "the text names the order, the amount is another"


SURE = (Reason.EXACT_AND_NAMED, Reason.EXACT, Reason.COUNTED)


@dataclass(frozen=True)
class Suggestion:
    line: StatementLine
    payment: Payment
    reason: Reason

    @property
    def is_sure(self) -> bool:
        return self.reason in SURE


def suggestions(
    account: BankAccount, lines: Sequence[StatementLine]
) -> dict[int, Suggestion]:
    """By line; of those that fit nothing there is none."""
    by_amount = _by_amount(account, lines)
    by_number = _by_number(account, lines)
    found = {}
    for line in lines:
        fitting = [p for p in by_amount[line.amount] if _may_be(line, p)]
        named = [by_number[word] for word in _words(line) if word in by_number]
        if suggestion := _suggest(line, fitting, named):
            found[line.pk] = suggestion
    return found


def _suggest(
    line: StatementLine, fitting: list[Payment], named: list[Payment]
) -> Suggestion | None:
    told = {payment.order_id for payment in named}
    by_name = [p for p in fitting if _names_buyer(line, p)]
    if both := [p for p in fitting if p.order_id in told]:
        return _of(line, both[0], Reason.EXACT_AND_NAMED)
    if fitting and told:
        return Suggestion(line, fitting[0], Reason.OTHER_NAMED)
    if len(fitting) > 1:
        # A name is the buyer's choice, and may be a word that all transfers carry.
        return _of(line, (by_name or fitting)[0], Reason.SEVERAL)
    if fitting:
        reason = Reason.EXACT_AND_NAMED if by_name else Reason.EXACT
        return _of(line, fitting[0], reason)
    return Suggestion(line, named[0], Reason.NAMED) if named else None


def _of(line: StatementLine, payment: Payment, reason: Reason) -> Suggestion:
    is_counted = statement_booking.is_counted(line, payment)
    return Suggestion(line, payment, Reason.COUNTED if is_counted else reason)


def _by_amount(
    account: BankAccount, lines: Iterable[StatementLine]
) -> dict[object, list[Payment]]:
    """Open attempts first, then those that ended or were counted, the latest first."""
    amounts = {line.amount for line in lines}
    rows = _attempts(account).filter(amount__in=amounts)
    found: dict[object, list[Payment]] = defaultdict(list)
    for payment in sorted(rows, key=lambda payment: not payment.is_open):
        found[payment.amount].append(payment)
    return found


def _attempts(account: BankAccount) -> QuerySet[Payment]:
    rows = Payment.objects.filter(bank_account=account)
    return rows.select_related("order").order_by("-pk")


def _may_be(line: StatementLine, payment: Payment) -> bool:
    """Asked for before the money came; waiting for it, or counted by a proof."""
    if line.booked_on < payment.created_at.date() - LEEWAY:
        return False
    waits = payment.is_open or payment.state in ENDED
    return waits or statement_booking.is_counted(line, payment)


def _by_number(
    account: BankAccount, lines: Iterable[StatementLine]
) -> dict[str, Payment]:
    """The latest attempt of each order that a text names."""
    words = {word for line in lines for word in _words(line)}
    orders = Order.objects.filter(
        number__in=words, batch__campaign__seller=account.seller_id
    )
    rows = _attempts(account).filter(order__in=orders.order_by().values("pk"))
    return {payment.order.number: payment for payment in reversed(rows)}


def _words(line: StatementLine) -> list[str]:
    return WORD.findall(line.description.upper())


def _names_buyer(line: StatementLine, payment: Payment) -> bool:
    name = payment.order.name.upper().strip()
    return len(name) >= SHORTEST_NAME and name in line.description.upper()
