"""HTML of a product description → Markdown that renders as the same words."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from itertools import groupby
from urllib.parse import quote, urlsplit

from django.utils.translation import gettext as _

from campaigns.product_import.cells import BadCell

BOLD = ("b", "strong", "h1", "h2", "h3", "h4", "h5", "h6", "th")
ITALIC = ("i", "em")
LISTS = ("ul", "ol")
CELLS = ("td", "th")
BLOCKS = (
    *("address", "article", "aside", "blockquote", "dd", "div", "dl", "dt"),
    *("figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6"),
    *("header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table"),
    *("tr", "ul"),
)
DROPPED = (
    *("script", "style", "head", "title", "template", "noscript", "iframe", "object"),
    *("svg", "math", "select", "textarea", "button", "audio", "video", "canvas"),
)
LINK_SCHEMES = ("http", "https", "mailto")
DEEPEST_LIST = 5

INLINE_MARKUP = re.compile(r"[\\`*_\[\]<~]|&(?=#?\w+;)")
BLOCK_MARKUP = re.compile(r"^([-+=>#|:])|^(\d{1,9})(?=[.)](?:\s|$))")
ENDS_EMPHASIS = re.compile(r"(?:^|[^\\])(?:\\\\)*\*+$")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Run:
    """A stretch of text in one style: the mark around it (`**`) and where it leads."""

    text: str
    mark: str = ""
    href: str = ""

    def style(self) -> tuple[str, str]:
        return self.mark, self.href


BREAK = Run("\n")
NEXT_CELL = Run(" | ")


@dataclass
class ListLevel:
    """`number` is the next item's, None in a bulleted list."""

    number: int | None
    has_item: bool = False

    def next_marker(self) -> str:
        if self.number is None:
            return "- "
        self.number += 1
        return f"{self.number - 1}. "


def to_markdown(html: str) -> str:
    """Paragraphs, lists, bold, italic, links and breaks; all else is only its text."""
    if "<" not in html:
        html = "<br>".join(html.splitlines())
    parser = _Parser()
    try:
        parser.feed(_without_open_end(html))
        parser.close()
    except AssertionError as error:  # html.parser on `<![unknown keyword]>`
        raise BadCell(_("Body (HTML) is not readable HTML")) from error
    parser.end_block()
    return "".join(parser.blocks).strip()


def _without_open_end(html: str) -> str:
    """No tag begins after the last `>`; trying each `<` there takes quadratic time."""
    end = html.rfind(">") + 1
    return html[:end] + html[end:].replace("<", "&lt;")


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = []
        self.runs: list[Run] = []
        # Two that could be counted each time, and would then take quadratic time:
        self.has_words = False  # in `runs`
        self.open_items = 0  # of `lists`, those that have an item
        self.lists: list[ListLevel] = []
        self.depth = dict.fromkeys(("bold", "italic", "dropped"), 0)
        self.href = ""
        self.marker = ""  # of a list item whose text has not come yet
        self.is_after_item = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self.end_block()
            self._begin_block(tag)
        if tag in CELLS and self.has_words:
            self.runs.append(NEXT_CELL)
        if tag == "br":
            self.runs.append(BREAK)
        if tag == "a":
            self.href = _address(dict(attrs).get("href") or "")
        self._count(tag, 1)

    def handle_endtag(self, tag: str) -> None:
        self._count(tag, -1)
        if tag == "a":
            self.href = ""
        if tag in BLOCKS:
            self.end_block()
        if tag in ("li", *LISTS):
            self.marker = ""
        if tag in LISTS and self.lists:
            self.open_items -= self.lists.pop().has_item

    def handle_data(self, data: str) -> None:
        if not self.depth["dropped"]:
            text = re.sub(r"\s+", " ", CONTROL.sub("", data))
            mark = "**" * (self.depth["bold"] > 0) + "*" * (self.depth["italic"] > 0)
            self.runs.append(Run(text, mark, self.href))
            self.has_words |= bool(text.strip())

    def end_block(self) -> None:
        """Write what has gathered as paragraphs, the first behind its list marker."""
        lines = list(_lines(self.runs))
        self.runs = []
        self.has_words = False
        for has_text, paragraph in groupby(lines, key=bool):
            if has_text:
                self._write(list(paragraph))

    def _write(self, lines: list[str]) -> None:
        above = self.open_items
        if self.marker and self.lists:
            above -= self.lists[-1].has_item
            self.lists[-1].has_item = True
            self.open_items = above + 1
        first = " " * 4 * min(above, DEEPEST_LIST) + self.marker
        is_tight = self.marker and self.is_after_item
        self.blocks.append("\n" if is_tight else "\n\n")
        self.blocks.append(first + ("\\\n" + " " * len(first)).join(lines))
        self.is_after_item = bool(self.marker or above)
        self.marker = ""

    def _begin_block(self, tag: str) -> None:
        if tag in LISTS:
            self.lists.append(ListLevel(1 if tag == "ol" else None))
            self.marker = "- "  # for text that stands in the list but in no item
        if tag == "li":
            self.marker = self.lists[-1].next_marker() if self.lists else "- "

    def _count(self, tag: str, change: int) -> None:
        kinds = {"bold": BOLD, "italic": ITALIC, "dropped": DROPPED}
        for kind, tags in kinds.items():
            if tag in tags:
                self.depth[kind] = max(0, self.depth[kind] + change)


def _address(href: str) -> str:
    """A link of the old shop's own, such as /pages/size, would lead nowhere here."""
    href = CONTROL.sub("", href).strip()
    try:
        scheme = urlsplit(href).scheme
    except ValueError:
        return ""
    is_kept = scheme in LINK_SCHEMES
    return quote(href, safe="%/:?#[]@!$&'*+,=~-._") if is_kept else ""


def _lines(runs: list[Run]) -> Iterator[str]:
    for is_break, line in groupby(runs, key=lambda run: run is BREAK):
        if is_break:
            yield from [""] * (len(list(line)) - 1)
        else:
            yield BLOCK_MARKUP.sub(_escape_start, _inline(list(line)))


def _escape_start(match: re.Match[str]) -> str:
    symbol, digits = match.groups()
    return f"\\{symbol}" if symbol else f"{digits}\\"


def _inline(runs: list[Run]) -> str:
    pieces = [""]
    for (mark, href), group in groupby(runs, key=Run.style):
        text = "".join(run.text for run in group)
        _join(pieces, Run(text, mark, href))
    return "".join(pieces).strip()


def _join(pieces: list[str], run: Run) -> None:
    """Add one more run to a line, spaced so that its marks count as marks.

    Only the last piece is looked at: each is a whole text with its marks, or a space.
    """
    core = INLINE_MARKUP.sub(r"\\\g<0>", " ".join(run.text.split()))
    if run.text.startswith(" ") and not pieces[-1].endswith(" "):
        pieces.append(" ")
    if not core:
        return
    trail = " " if run.text.endswith(" ") else ""
    if run.href:
        pieces[-1] = re.sub(r"!$", r"\!", pieces[-1])  # `![` would begin a picture
        pieces.append(f"[{run.mark}{core}{run.mark}]({run.href}){trail}")
        return
    mark = "" if ENDS_EMPHASIS.search(pieces[-1]) else run.mark
    pieces.append(f"{_gap(pieces[-1], mark, core)}{mark}{core}{mark}{trail}")


def _gap(last: str, mark: str, core: str) -> str:
    """`**Material:**Cotton` is no bold in Markdown; with a space it is."""
    before, after = last.rstrip("*")[-1:], core[0]
    closes = ENDS_EMPHASIS.search(last) and not _is_letter(before) and _is_letter(after)
    opens = mark and _is_letter(before) and not _is_letter(after)
    return " " if closes or opens else ""


def _is_letter(character: str) -> bool:
    """In the sense of CommonMark's flanking rule: neither space nor punctuation."""
    if not character or character.isspace():
        return False
    return unicodedata.category(character)[0] not in "PS"
