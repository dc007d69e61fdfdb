"""Bytes of a CSV file → rows by column name, each with its line in the file."""

import codecs
import csv
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from campaigns.errors import CampaignError

MAX_BYTES = 100 * 1024**2
UTF_16_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
WRONG_DELIMITERS = {";": "“;”", "\t": "tab", "|": "“|”"}


class UnreadableFile(CampaignError):
    """The file as a whole cannot be taken; the message says what to do."""


@dataclass(frozen=True)
class Row:
    """`line` is where the row begins; `fault` says why its cells cannot be trusted."""

    line: int
    cells: dict[str, str]
    fault: str = ""

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def read_rows(
    data: bytes, columns: Collection[str], *, required: Collection[str]
) -> Iterator[Row]:
    """Rows with anything in them; raises UnreadableFile before or while reading."""
    records = _records(_decode(data))
    line, header = next(records, (1, []))
    places = _places(line, header, columns, required)
    for line, cells in records:
        named = {column: cells[at] for column, at in places.items() if at < len(cells)}
        yield Row(line, named, _fault(cells, len(header)))


def _decode(data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise UnreadableFile(
            _("The file is larger than %(limit)s MB. Split it into several.")
            % {"limit": MAX_BYTES // 1024**2}
        )
    encoding = "utf-16" if data.startswith(UTF_16_BOMS) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _not_text(data.count(b"\n", 0, error.start) + 1) from error


def _not_text(line: int) -> UnreadableFile:
    return UnreadableFile(
        _("Line %(line)s is not UTF-8 text. Save the file as “CSV UTF-8”.")
        % {"line": line}
    )


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    # The module's limit per cell is 131,072; a broken quote is found without it.
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableFile(
            _("Line %(line)s: a quoted text does not end where its cell ends.")
            % {"line": line}
        ) from error


def _places(
    line: int, header: list[str], columns: Collection[str], required: Collection[str]
) -> dict[str, int]:
    """Where each column stands; header names are read without case and spaces."""
    names = [_plain(name) for name in header]
    if any("\0" in name for name in names):
        raise _not_text(line)
    if missing := [column for column in required if _plain(column) not in names]:
        raise _missing(missing, header)
    if doubled := [column for column in columns if names.count(_plain(column)) > 1]:
        raise UnreadableFile(
            _("The file has this column more than once: %(columns)s.")
            % {"columns": ", ".join(doubled)}
        )
    return {
        column: names.index(_plain(column))
        for column in columns
        if _plain(column) in names
    }


def _missing(columns: list[str], header: list[str]) -> UnreadableFile:
    for delimiter, name in WRONG_DELIMITERS.items():
        if len(header) == 1 and delimiter in header[0]:
            return UnreadableFile(
                _("The columns are separated by %(delimiter)s; save with commas.")
                % {"delimiter": name}
            )
    return UnreadableFile(
        _("The file lacks these columns: %(columns)s. Is it a Shopify product export?")
        % {"columns": ", ".join(columns)}
    )


def _fault(cells: list[str], width: int) -> str:
    if any("\0" in cell for cell in cells):
        return _("a NUL byte in the text")
    if any(cell.strip() for cell in cells[width:]):
        return _("more cells than the header has; is a comma outside quotes?")
    return ""


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()
