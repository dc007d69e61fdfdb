"""Text of strangers as it may be shown: nothing that hides or turns around letters."""

import unicodedata
from typing import Final

# Controls, and what changes the direction of the letters around it.
HIDDEN: Final = {"Cc", "Cs"}
TURNING: Final = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e") | {
    *"\u2066\u2067\u2068\u2069"
}


def plain(text: str) -> str:
    """Lines stay lines; what nobody sees is left out."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_visible(line) for line in lines).strip()


def one_line(text: str) -> str:
    return " ".join(plain(text).split())


def _visible(line: str) -> str:
    spaced = line.replace("\t", " ")
    return "".join(letter for letter in spaced if not _is_hidden(letter))


def _is_hidden(letter: str) -> bool:
    return letter in TURNING or unicodedata.category(letter) in HIDDEN
