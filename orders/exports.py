"""Orders as CSV, one row a line; the columns are documented in docs/export.md."""

import csv
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, QuerySet, Subquery

from campaigns.money import quantize
from orders.addresses.changes import SETTLED
from orders.models import Order, OrderEvent, OrderLine

CHUNK = 2000
BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
# Spreadsheets calculate cells that begin like this, also in full width.
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠﹢﹣−]|[\t\r\n]")

Row = dict[str, Any]
Cell = Callable[[Row, str], Any]


def csv_of(orders: "QuerySet[Order]") -> Iterator[str]:
    """Piece by piece, in constant memory."""
    write = csv.writer(Echo(), quoting=csv.QUOTE_ALL).writerow
    yield BYTE_ORDER_MARK + write(COLUMNS)
    for cells in rows_of(orders):
        yield write([inert(cell) for cell in cells])


def rows_of(orders: "QuerySet[Order]") -> Iterator[list[Any]]:
    """The lines of these orders; sums of an order stand in its first row only."""
    lines = OrderLine.objects.filter(order__in=orders.order_by().values("pk"))
    said = OrderEvent.objects.filter(order=OuterRef("order"), kind__in=SETTLED)
    said_at = Subquery(said.order_by("-pk").values("at")[:1])
    lines = lines.annotate(address_said_at=said_at)
    rows = lines.order_by("order_id", "pk").values("order_id", *PATHS)
    previous = None
    for row in rows.iterator(CHUNK):
        is_first = row["order_id"] != previous
        previous = row["order_id"]
        yield [
            cell(row, path) if is_first or name not in PER_ORDER else ""
            for name, (path, cell) in COLUMNS.items()
        ]


def inert(cell: Any) -> str:
    """As text; what a spreadsheet would take for a formula starts with `'`."""
    text = str(cell).replace("\0", "")
    return f"'{text}" if FORMULA.match(text) else text


class Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def _plain(row: Row, path: str) -> Any:
    return "" if row[path] is None else row[path]


def _money(row: Row, path: str) -> Decimal:
    return quantize(row[path], row["order__currency"])


def _moment(row: Row, path: str) -> str:
    """In the zone the order was placed in, with its offset."""
    moment: datetime | None = row[path]
    zone = ZoneInfo(row["order__time_zone"])
    return moment.astimezone(zone).isoformat(" ", "seconds") if moment else ""


def _pairs(row: Row, path: str) -> str:
    return ", ".join(f"{name}: {value}" for name, value in row[path].items())


def _texts(row: Row, path: str) -> str:
    return "; ".join(map(str, row[path]))


def _amount(row: Row, path: str) -> Decimal:
    return quantize(row["quantity"] * row["unit_price"], row["order__currency"])


COLUMNS: dict[str, tuple[str, Cell]] = {
    "order": ("order__number", _plain),
    "status": ("order__status", _plain),
    "source": ("order__source", _plain),
    "placed_at": ("order__placed_at", _moment),
    "confirmed_at": ("order__confirmed_at", _moment),
    "seller": ("order__batch__campaign__seller__slug", _plain),
    "campaign": ("order__batch__campaign__slug", _plain),
    "batch": ("order__batch__number", _plain),
    "promised_from": ("order__promised_from", _plain),
    "promised_until": ("order__promised_until", _plain),
    "name": ("order__name", _plain),
    "phone": ("order__phone", _plain),
    "email": ("order__email", _plain),
    "address": ("order__address", _plain),
    "subdistrict": ("order__subdistrict", _plain),
    "district": ("order__district", _plain),
    "city": ("order__city", _plain),
    "province": ("order__province", _plain),
    "postal_code": ("order__postal_code", _plain),
    "landmark": ("order__landmark", _plain),
    "note": ("order__note", _plain),
    "shipping_service": ("order__shipping_service", _plain),
    "item": ("name", _plain),
    "sku": ("sku", _plain),
    "options": ("options", _pairs),
    "personalization": ("personalization", _texts),
    "ordered": ("ordered", _plain),
    "quantity": ("quantity", _plain),
    "shipped": ("shipped", _plain),
    "currency": ("order__currency", _plain),
    "unit_price": ("unit_price", _money),
    "amount": ("quantity", _amount),
    "shipping": ("order__shipping", _money),
    "discount": ("order__discount", _money),
    "total": ("order__total", _money),
    "deposit": ("order__deposit", _money),
    "received": ("order__amount_paid", _money),
    "refunded": ("order__amount_refunded", _money),
    "kept": ("order__amount_kept", _money),
    "address_confirmed_at": ("address_said_at", _moment),
}
PER_ORDER = (
    *("shipping", "discount", "total", "deposit"),
    *("received", "refunded", "kept"),
)
PATHS = {path for path, _cell in COLUMNS.values()} | {"order__time_zone"}
