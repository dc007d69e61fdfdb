"""A bank's export, pasted or as a file → its movements, each row with its verdict."""

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from django.utils.translation import gettext as _

from campaigns.errors import CampaignError
from payments.amounts import read_amount
from payments.statements.columns import Columns, guess, names_of
from payments.statements.dates import is_month_first, read_day

MAX_BYTES = 5 * 1024**2
MOST_ROWS = 20_000
# Each row is read against each of them.
MOST_COLUMNS = 100
DELIMITERS = (";", "\t", ",", "|")
UTF_16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Some banks write who and when above their table.
LONGEST_PREAMBLE = 30
FEWEST_CELLS = 2
MOST_DESCRIPTION = 300
OUT_WORDS = ("D", "DB", "DR", "DEBIT", "DEBET", "OUT", "KELUAR")


class UnreadableStatement(CampaignError):
    """The file as a whole cannot be taken; the message says what to do."""


class UnknownColumns(CampaignError):
    """Nobody said yet which column is what; `names` are those of the file."""

    def __init__(self, names: list[str], found: Columns) -> None:
        super().__init__("the columns of the statement are not known")
        self.names, self.found = names, found


@dataclass(frozen=True, kw_only=True)
class Movement:
    """One row; with a `fault`, the rest of it cannot be trusted."""

    line: int
    booked_on: date | None = None
    amount: Decimal = Decimal(0)
    description: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Table:
    """`first` is the line of the first row below the header."""

    header: list[str]
    rows: list[list[str]]
    first: int

    @cached_property
    def names(self) -> list[str]:
        """Read once: each row asks."""
        return names_of(self.header)

    def cells(self, row: Sequence[str]) -> dict[str, str]:
        return dict(zip(self.names, row, strict=False))


@dataclass(frozen=True)
class Statement:
    columns: Columns
    movements: list[Movement]


def read_statement(
    data: bytes, *, currency: str, known: Columns | None, today: date
) -> Statement:
    """Raises UnreadableStatement, or UnknownColumns where they must be named first."""
    records = _records(_decoded(data))
    table = _table(records, known)
    columns = known if known and known.needed <= set(table.names) else None
    if columns is None:
        columns = guess(table.header, table.rows)
    if not columns.is_complete:
        raise UnknownColumns(table.names, columns)
    columns = _with_order(columns, table, today)
    reader = _Reader(table, columns, currency, today)
    return Statement(columns, reader.movements())


def _decoded(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        words = _("The file is larger than %(limit)s MB. Export fewer days.")
        raise UnreadableStatement(words % {"limit": MAX_BYTES // 1024**2})
    is_wide = data.startswith(UTF_16_BOMS)
    for encoding in ("utf-16",) if is_wide else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UnreadableStatement(
        _("This is not a text file. Export the statement as CSV, not as Excel or PDF.")
    )


def _records(text: str) -> list[list[str]]:
    """Parted by the mark that makes the most rows of many cells."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    readings = [_parted(text, delimiter) for delimiter in DELIMITERS]
    best = max(readings, key=_weight)
    if not _weight(best) or max(map(len, best)) > MOST_COLUMNS:
        raise UnreadableStatement(
            _("No table was found. Copy the rows together with their header.")
        )
    if len(best) > MOST_ROWS:
        words = _("The file has more than %(limit)s rows. Export fewer days.")
        raise UnreadableStatement(words % {"limit": MOST_ROWS})
    return best


def _parted(text: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        return [[cell.strip() for cell in row] for row in reader]
    except csv.Error:
        return []


def _weight(records: list[list[str]]) -> int:
    sizes = [len(row) for row in records[: LONGEST_PREAMBLE * 2] if len(row) > 1]
    wide = [size for size in sizes if size > FEWEST_CELLS]
    return sum(wide) or (1 if sizes else 0)


def _table(records: list[list[str]], known: Columns | None) -> Table:
    """From the first row on that names what is needed, else the first of full width."""
    start = _header_at(records, known)
    rows = records[start + 1 :]
    return Table(records[start], rows, first=start + 2)


def _header_at(records: list[list[str]], known: Columns | None) -> int:
    top = records[:LONGEST_PREAMBLE]
    for place, row in enumerate(top):
        if known and known.needed <= set(names_of(row)):
            return place
    for place, row in enumerate(top):
        if guess(row, []).is_complete:
            return place
    widest = max(len(row) for row in top)
    return next(n for n, row in enumerate(top) if len(row) == widest)


def _with_order(columns: Columns, table: Table, today: date) -> Columns:
    days = [table.cells(row).get(columns.date, "") for row in table.rows]
    written = [day for day in days if day[:1].isdigit() or day[:1] == "'"]
    if columns.month_first or not is_month_first(written, today=today):
        return columns
    return Columns(**columns.stored() | {"month_first": True})


@dataclass(frozen=True)
class _Reader:
    table: Table
    columns: Columns
    currency: str
    today: date

    def movements(self) -> list[Movement]:
        numbered = enumerate(self.table.rows, start=self.table.first)
        return [self._movement(n, row) for n, row in numbered if any(row)]

    def _movement(self, line: int, row: list[str]) -> Movement:
        cells = self.table.cells(row)
        try:
            booked_on = self._day(cells)
            amount = self._amount(cells)
        except _Fault as fault:
            return Movement(line=line, fault=str(fault))
        description = " ".join(cells.get(self.columns.description, "").split())
        return Movement(
            line=line,
            booked_on=booked_on,
            amount=amount,
            description=description[:MOST_DESCRIPTION],
        )

    def _day(self, cells: dict[str, str]) -> date:
        text = cells.get(self.columns.date, "")
        month_first = self.columns.month_first
        try:
            day = read_day(text, today=self.today, month_first=month_first)
        except ValueError as error:
            raise _Fault(_("“%(text)s” is no date") % {"text": text[:40]}) from error
        if day > self.today:
            raise _Fault(_("“%(text)s” is still to come") % {"text": text[:40]})
        return day

    def _amount(self, cells: dict[str, str]) -> Decimal:
        columns = self.columns
        if not columns.amount:
            credit = self._read(cells.get(columns.credit, ""))
            return credit - abs(self._read(cells.get(columns.debit, "")))
        text = cells.get(columns.amount, "")
        if not text:
            raise _Fault(_("it has no amount"))
        amount = self._read(text)
        is_out = cells.get(columns.side, "").upper().strip(" .") in OUT_WORDS
        return -abs(amount) if is_out else amount

    def _read(self, text: str) -> Decimal:
        if text in ("", "-"):
            return Decimal(0)
        try:
            return read_amount(text, self.currency)
        except ValueError as error:
            words = _("“%(text)s” is no amount in %(currency)s")
            values = {"text": text[:40], "currency": self.currency}
            raise _Fault(words % values) from error


class _Fault(Exception):
    """Why one row cannot be read, in words."""
