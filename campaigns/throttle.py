"""Rate limits by address, counted in the cache: a courtesy, never a safety net."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

View = Callable[..., HttpResponse]


def throttled(scope: str, *, limit: int, seconds: int) -> Callable[[View], View]:
    """Answer 429 to POSTs beyond `limit` from one address within `seconds`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            is_counted = settings.RATE_LIMITS and request.method == "POST"
            if is_counted and not admits(scope, request, limit=limit, seconds=seconds):
                return too_many(request, seconds)
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def client_address(request: HttpRequest) -> str:
    """The peer, or the address our own proxies saw: forged headers do not count."""
    proxies = settings.TRUSTED_PROXIES
    seen = request.headers.get("X-Forwarded-For", "").split(",")
    forwarded = seen[-proxies].strip() if 0 < proxies <= len(seen) else ""
    return forwarded or str(request.META.get("REMOTE_ADDR", ""))


def admits(scope: str, request: HttpRequest, *, limit: int, seconds: int) -> bool:
    """Count one more from this address; False beyond `limit` within `seconds`."""
    key = f"throttle:{scope}:{client_address(request)}"
    try:
        cache.add(key, 0, timeout=seconds)
        return cache.incr(key) <= limit
    except ValueError:
        # The window ended between the two calls.
        return True
    except Exception:  # noqa: BLE001  without its cache the shop still takes orders
        return True


def too_many(request: HttpRequest, seconds: int) -> HttpResponse:
    response = render(request, "429.html", status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(seconds)
    return response
