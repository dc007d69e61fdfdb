"""The receipt as a PDF of one or more A4 pages, with its letters embedded.

The typeface is the one reportlab brings; it has the letters of Western Europe and of
Indonesian. What it lacks is shown without its accent, or as a question mark.
"""

import io
import unicodedata
from collections.abc import Iterable
from html import escape

from django.utils.translation import gettext as _
from reportlab.lib import colors  # type: ignore[import-untyped]
from reportlab.lib.enums import TA_RIGHT  # type: ignore[import-untyped]
from reportlab.lib.pagesizes import A4  # type: ignore[import-untyped]
from reportlab.lib.styles import ParagraphStyle  # type: ignore[import-untyped]
from reportlab.lib.units import mm  # type: ignore[import-untyped]
from reportlab.pdfbase import pdfmetrics  # type: ignore[import-untyped]
from reportlab.pdfbase.ttfonts import TTFont  # type: ignore[import-untyped]
from reportlab.platypus import (  # type: ignore[import-untyped]
    Flowable,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
)

from payments.receipts.receipt import Receipt, Row

REGULAR, BOLD = "Vera", "VeraBd"
for name in (REGULAR, BOLD):
    pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
KNOWN = pdfmetrics.getFont(REGULAR).face.charToGlyph

MARGIN = 20 * mm
# The frame around the text keeps six points on either side.
WIDTH = A4[0] - 2 * MARGIN - 12
PLAIN = ParagraphStyle("plain", fontName=REGULAR, fontSize=9, leading=13)
STRONG = ParagraphStyle("strong", parent=PLAIN, fontName=BOLD)
TITLE = ParagraphStyle("title", parent=STRONG, fontSize=15, leading=20)
SMALL = ParagraphStyle("small", parent=PLAIN, fontSize=8, leading=11)
AMOUNT = ParagraphStyle("amount", parent=PLAIN, alignment=TA_RIGHT)
TOTAL = ParagraphStyle("total", parent=AMOUNT, fontName=BOLD)
LINES = [
    ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.lightgrey),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ("LEFTPADDING", (0, 0), (-1, -1), 0),
    ("RIGHTPADDING", (0, 0), (-1, -1), 0),
]


def pdf_of(receipt: Receipt) -> bytes:
    """In the active language and time zone."""
    file = io.BytesIO()
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        title=receipt.title,
        author=receipt.order.batch.campaign.seller.name,
        lang=receipt.order.locale,
        **dict.fromkeys(("leftMargin", "rightMargin"), MARGIN),
        **dict.fromkeys(("topMargin", "bottomMargin"), MARGIN),
    )
    document.build(_story(receipt))
    return file.getvalue()


def _story(receipt: Receipt) -> list[Flowable]:
    parts = [
        _text(receipt.title, TITLE),
        _text(receipt.issued, SMALL),
        Spacer(1, 6 * mm),
        _columns(receipt),
        *_section("", _rows(receipt.facts)),
        *_section(_("Items"), _items(receipt)),
        *_section(_("Amount"), _rows(receipt.sums)),
        *_section(_("Payments"), _rows([*receipt.movements, *receipt.ending])),
        Spacer(1, 3 * mm),
        *(_text(note, SMALL) for note in receipt.notes),
    ]
    return parts + _lacking(receipt)


def _columns(receipt: Receipt) -> Table:
    """Seller and buyer beside each other."""
    blocks = [(_("Seller"), receipt.seller), (_("Buyer"), receipt.buyer)]
    cells = [
        [_text(head, STRONG), *(_text(line) for line in lines)]
        for head, lines in blocks
    ]
    return Table([cells], colWidths=[WIDTH / 2] * 2, style=LINES[1:])


def _section(title: str, rows: list[list[Paragraph]]) -> list[Flowable]:
    if not rows:
        return []
    widths = {2: (0.66, 0.34), 3: (0.44, 0.3, 0.26)}[len(rows[0])]
    table = Table(rows, colWidths=[WIDTH * share for share in widths], style=LINES)
    head = [_text(title, STRONG)] if title else []
    return [Spacer(1, 5 * mm), *head, table]


def _rows(rows: Iterable[Row]) -> list[list[Paragraph]]:
    return [
        [
            _text(row.label, STRONG if row.kind == "total" else PLAIN),
            _text(row.value, TOTAL if row.kind == "total" else AMOUNT),
        ]
        for row in rows
    ]


def _items(receipt: Receipt) -> list[list[Paragraph]]:
    return [
        [_text(item.name), _text(item.units, AMOUNT), _text(item.amount, AMOUNT)]
        for item in receipt.items
    ]


def _text(words: str, style: ParagraphStyle = PLAIN) -> Paragraph:
    """Typed words are words: nothing in them is markup."""
    return Paragraph(escape(printable(words)).replace("\n", "<br/>"), style)


def printable(words: str) -> str:
    return "".join(map(_shown, words))


def _shown(letter: str) -> str:
    if letter == "\n" or ord(letter) in KNOWN:
        return letter
    plain = unicodedata.normalize("NFKD", letter)
    kept = "".join(part for part in plain if ord(part) in KNOWN)
    is_accent = not kept and unicodedata.combining(letter)
    return kept or ("" if is_accent else "?")


def _lacking(receipt: Receipt) -> list[Flowable]:
    """Say so where a name is not written as it was typed."""
    typed = [*receipt.seller, *receipt.buyer, *(item.name for item in receipt.items)]
    if all(printable(words) == words for words in typed):
        return []
    words = _("This file lacks some letters; the page of the receipt shows them all.")
    return [Spacer(1, 3 * mm), _text(words, SMALL)]
