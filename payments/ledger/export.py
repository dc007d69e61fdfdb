"""The ledger as CSV or XLSX, one row an entry; its sums are the ledger's own.

Both are written in constant memory. Columns are documented in docs/export.md.
"""

import csv
import tempfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO, Any
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]
from django.db.models import QuerySet

from campaigns.money import EXPONENT, quantize
from orders.exports import BYTE_ORDER_MARK, CHUNK, inert
from payments.models import LedgerEntry

PATHS = {
    "booked_at": "at",
    "kind": "kind",
    "from_account": "debit",
    "to_account": "credit",
    "amount": "amount",
    "currency": "currency",
    "order": "order__number",
    "campaign": "order__batch__campaign__slug",
    "batch": "order__batch__number",
    "payment": "payment__reference",
    "method": "payment__method",
    "refund": "refund__reference",
    "entry": "pk",
}
COLUMNS = tuple(PATHS)
AMOUNT = COLUMNS.index("amount")
WIDTHS = {"booked_at": 26, "from_account": 22, "to_account": 22, "amount": 16}
Entries = QuerySet[LedgerEntry]


def within(
    entries: Entries, *, since: date | None, until: date | None, zone: ZoneInfo
) -> Entries:
    """Booked on these days at the seller's place, the last one included."""
    if since:
        entries = entries.filter(at__gte=_midnight(since, zone))
    if until:
        entries = entries.filter(at__lt=_midnight(until + timedelta(days=1), zone))
    return entries


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone)


def rows_of(entries: Entries, zone: ZoneInfo) -> Iterator[list[Any]]:
    """Text, but for the amount, which is exact."""
    rows = entries.order_by("pk").values(*PATHS.values())
    for row in rows.iterator(CHUNK):
        cells = [row[path] for path in PATHS.values()]
        cells[0] = row["at"].astimezone(zone).isoformat(" ", "seconds")
        cells[AMOUNT] = _exact(row["amount"], row["currency"])
        yield ["" if cell is None else cell for cell in cells]


def _exact(amount: Decimal, currency: str) -> Decimal:
    """With its currency's decimals; money in suspense can be of any currency."""
    return quantize(amount, currency) if currency in EXPONENT else amount


def csv_of(entries: Entries, zone: ZoneInfo) -> Iterator[str]:
    """Piece by piece."""
    write = csv.writer(_Echo(), quoting=csv.QUOTE_ALL).writerow
    yield BYTE_ORDER_MARK + write(COLUMNS)
    for cells in rows_of(entries, zone):
        yield write([inert(cell) for cell in cells])


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def xlsx_of(entries: Entries, zone: ZoneInfo) -> IO[bytes]:
    """A temporary file at its beginning; amounts are numbers, all else is text."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet("ledger")
        amount = book.add_format({"num_format": "#,##0.##"})
        for index, name in enumerate(COLUMNS):
            sheet.set_column(index, index, WIDTHS.get(name, 14))
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, COLUMNS, book.add_format({"bold": True}))
        for number, cells in enumerate(rows_of(entries, zone), start=1):
            _write(sheet, number, cells, amount)
    file.seek(0)
    return file


def _write(sheet: Any, number: int, cells: list[Any], amount: Any) -> None:
    for index, cell in enumerate(cells):
        if index == AMOUNT:
            # Fourteen digits at most: a spreadsheet's number holds them exactly.
            sheet.write_number(number, index, float(cell), amount)
        else:
            sheet.write_string(number, index, inert(cell))
