"""Text that people typed: what hides or turns letters is left out, or refused."""

import re

# Controls, and marks that turn the direction of writing: with them a line says
# something else than it shows; and halves of characters. Line ends and tabs are none.
MISLEADING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e"
    "\u2066-\u2069\ud800-\udfff]"
)
# Also what has no width or no meaning of its own.
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\ufeff\ue000-\uf8ff\ud800-\udfff]"
)
LINE_ENDS = re.compile("\r\n?|[\u2028\u2029]")


def visible(text: str) -> str:
    """Lines stay lines; what nobody sees is left out."""
    return HIDDEN.sub("", LINE_ENDS.sub("\n", text))


def plain(text: str) -> str:
    return visible(text.replace("\t", " ")).strip()


def one_line(text: str) -> str:
    return " ".join(visible(text).split())


def is_unreadable(text: str) -> bool:
    """With a mark that misleads, or though typed, with nothing that can be seen."""
    return bool(MISLEADING.search(text) or (text and not visible(text).strip()))
