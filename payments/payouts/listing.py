"""The list of refunds to be paid by hand: out as CSV, and back with what was paid."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet

from campaigns.actors import Actor
from campaigns.errors import CampaignError, InvalidTransition
from campaigns.money import quantize
from orders.exports import BYTE_ORDER_MARK, inert
from payments import cash
from payments.models import PayoutAccount, Refund

CHUNK = 500
MOST_ROWS = 5000
LONGEST_REFERENCE = 120
COLUMNS = (
    *("refund", "order", "amount", "currency", "bank", "number", "holder"),
    *("buyer", "phone", "requested_at", "reference"),
)
NEEDED = ("refund", "reference")


class Outcome(StrEnum):
    PAID = "paid"
    PAID_BEFORE = "paid before"
    NO_REFERENCE = "no reference"
    REFERENCE_TOO_LONG = "reference too long"
    UNKNOWN = "unknown"
    NOT_BY_HAND = "not by hand"
    OTHER_AMOUNT = "other amount"
    REFERENCE_USED = "reference used"

    @property
    def is_refusal(self) -> bool:
        return self not in (Outcome.PAID, Outcome.PAID_BEFORE, Outcome.NO_REFERENCE)


class UnreadableList(CampaignError):
    """Not CSV with the columns `refund` and `reference`, or far too long."""


@dataclass(frozen=True, kw_only=True)
class Paid:
    """What somebody says was paid; amount and currency only where they were told."""

    refund: str
    reference: str
    amount: str = ""
    currency: str = ""


@dataclass(frozen=True)
class Verdict:
    refund: str
    outcome: Outcome


def csv_of(refunds: "QuerySet[Refund]") -> Iterator[str]:
    """Piece by piece, in constant memory; no cell is a formula."""
    write = csv.writer(_Echo(), quoting=csv.QUOTE_ALL).writerow
    yield BYTE_ORDER_MARK + write(COLUMNS)
    for refund in refunds.iterator(CHUNK):
        yield write([inert(cell) for cell in _cells(refund)])


def _cells(refund: Refund) -> list[Any]:
    order, payment = refund.payment.order, refund.payment
    account = refund.payout_account or PayoutAccount(bank="", number="", holder="")
    return [
        *(refund.reference, order.number),
        *(quantize(refund.amount, payment.currency), payment.currency),
        *(account.bank, account.number, account.holder),
        *(order.name, order.phone),
        *(refund.created_at.isoformat(" ", "seconds"), ""),
    ]


def read(data: bytes) -> list[Paid]:
    """Rows of a list that came back; raises UnreadableList."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableList from error
    if "\0" in text:
        raise UnreadableList
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UnreadableList from error
    return list(_named(rows))


def _named(rows: list[list[str]]) -> Iterator[Paid]:
    names = [name.strip().casefold() for name in rows[0]] if rows else []
    if len(rows) > MOST_ROWS + 1 or not set(NEEDED) <= set(names):
        raise UnreadableList
    for cells in rows[1:]:
        row = dict(zip(names, (_plain(cell) for cell in cells), strict=False))
        told = {name: row.get(name, "") for name in (*NEEDED, "amount", "currency")}
        if told["refund"]:
            yield Paid(**told)


def _plain(cell: str) -> str:
    """Without the sign that kept it from being a formula."""
    return cell.strip().removeprefix("'")


def mark_paid(
    rows: Iterable[Paid], *, among: "QuerySet[Refund]", actor: Actor
) -> list[Verdict]:
    """Each in a transaction of its own; one that is refused stops no other."""
    return [Verdict(row.refund, _mark(row, among, actor)) for row in rows]


def _mark(row: Paid, among: "QuerySet[Refund]", actor: Actor) -> Outcome:
    if not row.reference:
        return Outcome.NO_REFERENCE
    if len(row.reference) > LONGEST_REFERENCE:
        return Outcome.REFERENCE_TOO_LONG
    refund = among.filter(reference=row.refund).first()
    if refund is None:
        return Outcome.UNKNOWN
    if refund.state == Refund.State.SUCCEEDED:
        is_same = refund.gateway_reference == row.reference
        return Outcome.PAID_BEFORE if is_same else Outcome.NOT_BY_HAND
    if not _is_told_right(row, refund):
        return Outcome.OTHER_AMOUNT
    try:
        cash.pay_back(refund.pk, reference=row.reference, actor=actor)
    except cash.AlreadyRecorded:
        return Outcome.REFERENCE_USED
    except InvalidTransition:
        return Outcome.NOT_BY_HAND
    return Outcome.PAID


def _is_told_right(row: Paid, refund: Refund) -> bool:
    """What a bank paid is the whole refund, or it is not this refund."""
    if row.currency and row.currency != refund.payment.currency:
        return False
    if not row.amount:
        return True
    try:
        return Decimal(row.amount) == refund.amount
    except InvalidOperation:
        return False


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text
