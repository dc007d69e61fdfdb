"""Parts of a page that look the same whoever asks, drawn once in a process."""

from functools import lru_cache
from types import NoneType

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.utils.safestring import SafeString
from django.utils.translation import get_language

# Equal words must look equal for ever: not so a row, or words translated lazily.
PLAIN = (str, SafeString, int, bool, NoneType)
MOST_KEPT = 1024

Word = str | int | None


class NotPlain(TypeError):
    """Only plain words: what was drawn for one visitor is shown to others."""


def drawn_once(template: str, **words: Word) -> SafeString:
    """The part sees these words alone: no request, no visitor, nothing of the page."""
    draw = _draw if settings.DEBUG else _remembered
    return draw(template, get_language(), get_script_prefix(), **words)


def forget() -> None:
    _remembered.cache_clear()


def _draw(
    template: str, language: str | None, script_prefix: str, /, **words: Word
) -> SafeString:
    """The template finds language and prefix by itself; here they are keys."""
    if odd := [name for name, word in words.items() if type(word) not in PLAIN]:
        raise NotPlain(template, odd)
    return SafeString(render_to_string(template, words))  # noqa: S308  of a template


_remembered = lru_cache(maxsize=MOST_KEPT, typed=True)(_draw)
