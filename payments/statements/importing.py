"""Writes the movements of a statement once, however often its file is imported."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from django.utils import timezone

from payments.models import BankAccount, StatementLine
from payments.statements.columns import Columns
from payments.statements.files import Movement, Statement, read_statement

CHUNK = 400


class Outcome(Enum):
    ADDED = "added"
    KNOWN = "known"
    LEFT_OUT = "left out"
    REFUSED = "refused"


@dataclass(frozen=True)
class Verdict:
    movement: Movement
    outcome: Outcome


def import_statement(
    account: BankAccount, data: bytes, *, columns: Columns | None = None
) -> list[Verdict]:
    """A verdict per row; good rows are written although others are refused.

    Raises UnreadableStatement or UnknownColumns before anything is written.
    """
    known = columns or Columns.read(account.columns)
    today = timezone.localdate(timezone=account.seller.zone)
    statement = read_statement(
        data, currency=account.currency, known=known, today=today
    )
    verdicts = list(_written(account, statement))
    _remember(account, statement)
    return verdicts


def _written(account: BankAccount, statement: Statement) -> Iterator[Verdict]:
    lines = _lines(account, statement.movements)
    known = _known(account, [line.fingerprint for line in lines.values()])
    new = [line for line in lines.values() if line.fingerprint not in known]
    StatementLine.objects.bulk_create(new, batch_size=CHUNK, ignore_conflicts=True)
    for movement in statement.movements:
        line = lines.get(movement.line)
        if movement.fault:
            yield Verdict(movement, Outcome.REFUSED)
        elif line is None:
            # What left the account, or moved nothing, is no buyer's money.
            yield Verdict(movement, Outcome.LEFT_OUT)
        else:
            is_known = line.fingerprint in known
            yield Verdict(movement, Outcome.KNOWN if is_known else Outcome.ADDED)


def _lines(account: BankAccount, movements: list[Movement]) -> dict[int, StatementLine]:
    """By row. Equal movements of one day are told apart by their order."""
    seen: Counter[str] = Counter()
    lines = {}
    for movement in movements:
        if movement.fault or movement.amount <= 0 or movement.booked_on is None:
            continue
        facts = [str(movement.booked_on), str(movement.amount), movement.description]
        own = json.dumps(facts)
        lines[movement.line] = StatementLine(
            account=account,
            fingerprint=hashlib.sha256(f"{own}{seen[own]}".encode()).hexdigest(),
            booked_on=movement.booked_on,
            amount=movement.amount,
            description=movement.description,
        )
        seen[own] += 1
    return lines


def _known(account: BankAccount, fingerprints: list[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(fingerprints), CHUNK):
        part = fingerprints[start : start + CHUNK]
        rows = account.lines.filter(fingerprint__in=part)
        found.update(rows.values_list("fingerprint", flat=True))
    return found


def _remember(account: BankAccount, statement: Statement) -> None:
    columns = statement.columns.stored()
    if account.columns != columns:
        BankAccount.objects.filter(pk=account.pk).update(columns=columns)
        account.columns = columns
