"""Subjects of mails: on one line, and short, where something may give way."""

import re

from campaigns.text.typed_text import visible

LONGEST_SUBJECT = 60
ELLIPSIS = "…"
# What may give way in a subject stands between these, which no typed text keeps.
ELASTIC_START, ELASTIC_END = "\ue000", "\ue001"
ELASTIC = re.compile(f"{ELASTIC_START}(.*?){ELASTIC_END}", re.DOTALL)


def elastic(text: str) -> str:
    return f"{ELASTIC_START}{visible(text)}{ELASTIC_END}"


def subject_of(rendered: str) -> str:
    """On one line; elastic parts are shortened first, and else the end."""
    line = " ".join(rendered.split())
    while part := ELASTIC.search(line):
        over = _plain_length(line) - LONGEST_SUBJECT
        kept = _given_way(part.group(1), over)
        line = line[: part.start()] + kept + line[part.end() :]
    return shortened(visible(line), LONGEST_SUBJECT)


def shortened(text: str, most: int) -> str:
    """At a word, if one ends not too far before; the sign says that more was there."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    at_word = kept.rpartition(" ")[0] if text[most - 1] != " " else kept
    longest = at_word if len(at_word) > most // 3 else kept
    return longest.rstrip(" ,.;:–-") + ELLIPSIS


def _plain_length(line: str) -> int:
    return len(line) - line.count(ELASTIC_START) - line.count(ELASTIC_END)


def _given_way(text: str, over: int) -> str:
    return shortened(text, max(len(text) - over, 1)) if over > 0 else text
