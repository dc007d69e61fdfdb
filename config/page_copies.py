"""Public pages that any cache may keep for a second are kept by the worker too."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from time import monotonic

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import re_accepts_gzip
from django.utils.cache import patch_cache_control

from campaigns.caching import KEPT, SECOND
from config import context_processors

# All that an answer may depend on besides its address; `Vary` names them.
KEYED = ("Accept-Encoding", "Save-Data")
MOST_COPIES = 256
MOST_BYTES = 8 * 1024**2
# One page never takes the place of all others.
MOST_BYTES_OF_ONE = MOST_BYTES // 8

Key = tuple[str | bool | None, ...]


@dataclass(frozen=True, kw_only=True)
class Copy:
    content: bytes
    headers: dict[str, str]
    expires: float

    @property
    def is_fresh(self) -> bool:
        return monotonic() < self.expires

    def response(self) -> HttpResponse:
        """Its second is spent here: a cache in front would make it two."""
        response = HttpResponse(self.content, headers=self.headers)
        patch_cache_control(response, max_age=0)
        return response


class Copies:
    """The newest, as many as fit: whoever asks for many addresses that nobody else asks
    for takes the place of others for a moment, and of none for the whole second."""

    def __init__(self) -> None:
        self._by_key: dict[Key, Copy] = {}
        self._lock = Lock()

    def find(self, key: Key) -> Copy | None:
        copy = self._by_key.get(key)
        return copy if copy and copy.is_fresh else None

    def keep(self, key: Key, copy: Copy) -> None:
        if len(copy.content) > MOST_BYTES_OF_ONE:
            return
        with self._lock:
            others = {k: c for k, c in self._by_key.items() if k != key and c.is_fresh}
            self._by_key = _that_fit(others | {key: copy})


def _that_fit(copies: dict[Key, Copy]) -> dict[Key, Copy]:
    """Without the oldest, which stand first."""
    size = sum(len(copy.content) for copy in copies.values())
    fitting = dict(copies)
    for key, copy in copies.items():
        if len(fitting) <= MOST_COPIES and size <= MOST_BYTES:
            break
        del fitting[key]
        size -= len(copy.content)
    return fitting


class PageCopyMiddleware:
    """Answers with a copy before sessions, languages and views are looked at."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.PAGE_COPIES:
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.copies = Copies()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return self.get_response(request)
        key = key_of(request)
        if copy := self.copies.find(key):
            return copy.response()
        # The second begins before the page reads what it tells: so it never ends later
        # than the cut-off that `caching.public` looked at.
        expires = monotonic() + SECOND.total_seconds()
        response = self.get_response(request)
        if may_be_kept(response):
            copy = Copy(
                content=response.content,
                headers=dict(response.items()),
                expires=expires,
            )
            self.copies.keep(key, copy)
        return response


def key_of(request: HttpRequest) -> Key:
    """By what the answer makes of a header, not as it is written: that has no end."""
    is_zipped = bool(re_accepts_gzip.search(request.headers.get("Accept-Encoding", "")))
    varying = (is_zipped, context_processors.saves_data(request))
    address = (request.scheme, request.get_host(), request.get_full_path())
    return (request.method, *address, *varying)


def may_be_kept(response: HttpResponse) -> bool:
    return (
        response.status_code == HTTPStatus.OK
        and response.get("Cache-Control") == KEPT
        and not response.cookies
        and set(response.get("Vary", "").split(", ")) <= set(KEYED)
    )
