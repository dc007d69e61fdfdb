"""Addresses from words, and numbers for what is taken."""

from collections.abc import Callable
from hashlib import sha256
from itertools import chain, count

from django.utils.text import slugify


def slug_of(words: str) -> str:
    """Words without a Latin letter get an address made up, always the same."""
    return slugify(words) or f"product-{sha256(words.encode()).hexdigest()[:10]}"


def first_free(
    wanted: str, is_taken: Callable[[str], bool], *, limit: int, suffix: str = ""
) -> str:
    """`wanted`, or with the suffix, or with the first number that makes it free."""
    suffixes = chain(["", *filter(None, [suffix])], (str(n) for n in count(2)))
    names = (_with_suffix(wanted, suffix, limit) for suffix in suffixes)
    return next(name for name in names if not is_taken(name))


def _with_suffix(name: str, suffix: str, limit: int) -> str:
    ending = f"-{suffix}" if suffix else ""
    return name[: limit - len(ending)] + ending
