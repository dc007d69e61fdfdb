"""Reads what a gateway posts to us, before and after it is believed."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from django.utils.crypto import constant_time_compare

from payments.errors import BadSignature

Notice = dict[str, Any]


def read(gateway: str, raw: bytes) -> Notice:
    """The JSON object of the body, its numbers as the text that came.

    A signature covers characters: 150000.00 must not become 150000.0.
    """
    try:
        notice = json.loads(raw, parse_float=str, parse_int=str)
    except (ValueError, RecursionError) as error:
        raise BadSignature(gateway) from error
    if not isinstance(notice, dict):
        raise BadSignature(gateway)
    return notice


def text(notice: Notice, field: str) -> str:
    """A field that is text, or nothing; PostgreSQL stores no NUL.

    JSON can spell half of a pair of UTF-16, which no encoding writes: it is a mark.
    """
    value = notice.get(field)
    if not isinstance(value, str):
        return ""
    return value.replace("\0", "").encode(errors="replace").decode()


def part(notice: Notice, field: str) -> Notice:
    """A field that is an object, or an empty one."""
    value = notice.get(field)
    return value if isinstance(value, dict) else {}


def is_one_of(given: str, secrets: Iterable[str]) -> bool:
    """Compared in constant time; an empty secret lets nobody in."""
    found = [constant_time_compare(given, secret) for secret in secrets if secret]
    return bool(given) and any(found)


def fingerprint(*values: str) -> str:
    return hashlib.sha256("|".join(values).encode(errors="replace")).hexdigest()
