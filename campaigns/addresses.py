"""Whole addresses of the shop's pages, for mails, gateways and machines.

They come from the configuration, never from a request.
"""

from urllib.parse import urlsplit

from django.conf import settings


def absolute(path: str) -> str:
    return path if "//" in path else f"{settings.BASE_URL}{path}"


def host() -> str:
    return urlsplit(settings.BASE_URL).hostname or "localhost"
