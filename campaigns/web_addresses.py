"""Whole addresses of the shop's pages, for mails, gateways and machines.

They come from the configuration, never from a request.
"""

from urllib.parse import urlsplit

from django.conf import settings


def absolute(path: str) -> str:
    return path if "//" in path else f"{settings.BASE_URL}{path}"


def in_language(path: str, language: str) -> str:
    """The same page in another language; one that has no language stays itself."""
    _root, prefix, rest = (*path.split("/", 2), "", "")[:3]
    return f"/{language}/{rest}" if prefix in dict(settings.LANGUAGES) else path


def host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "localhost"
