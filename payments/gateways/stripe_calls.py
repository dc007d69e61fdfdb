"""Calls to Stripe through its SDK: one client, four kinds of failure, one object a key.

What Stripe says in words may repeat what a buyer typed, so errors here carry codes.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, Final

import stripe
from django.conf import settings

from payments.errors import Declined, GatewayError, Rejected, Unavailable, Unknown
from payments.gateways import calls

PAGE: Final = 100
MOST_KEYS: Final = 5
LIVE_KEYS: Final = ("sk_live_", "rk_live_")

Record = dict[str, Any]


class StoredFailure(Unknown):
    """Stripe repeats the 500 it once gave under this key, whatever has happened."""


class KeyTaken(Rejected):
    """The key was first used with other parameters."""


def client() -> stripe.StripeClient:
    key = settings.STRIPE_SECRET_KEY
    if not key:
        raise Unavailable("no STRIPE_SECRET_KEY is set")
    # The SDK's own 80 seconds would outlast our leases.
    return _client(key, settings.STRIPE_API_BASE, calls.TIMEOUT)


@lru_cache(maxsize=4)
def _client(key: str, base: str, timeout: tuple[float, float]) -> stripe.StripeClient:
    """Kept, and with it each thread's open connection."""
    return stripe.StripeClient(
        key,
        base_addresses={"api": base} if base else None,
        # What is repeated, and when, is decided by our own rows.
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=timeout),
    )


def is_live() -> bool:
    """Whether our key moves real money."""
    return str(settings.STRIPE_SECRET_KEY).startswith(LIVE_KEYS)


@contextmanager
def asking() -> Iterator[None]:
    try:
        yield
    except stripe.StripeError as error:
        raise _in_our_terms(error) from error


def _in_our_terms(error: stripe.StripeError) -> GatewayError:
    words = _codes_of(error)
    match error:
        case stripe.CardError():
            return Declined(error.code or "card_declined")
        case stripe.IdempotencyError():
            return KeyTaken(words)
        case stripe.InvalidRequestError():
            return Rejected(words)
        case stripe.APIConnectionError():
            return calls.silence("stripe", error.__cause__ or error)
        # A key that is refused or throttled today may be taken tomorrow.
        case (
            stripe.RateLimitError()
            | stripe.AuthenticationError()
            | stripe.PermissionError()
        ):
            return Unavailable(words)
    if error.http_status == 409:
        # The same key is being worked on at this moment.
        return Unavailable(words)
    is_replay = str(dict(error.headers or {}).get("Idempotent-Replayed", ""))
    return StoredFailure(words) if is_replay == "true" else Unknown(words)


def _codes_of(error: stripe.StripeError) -> str:
    told = (error.http_status, error.code, getattr(error, "param", None))
    codes = " ".join(str(part) for part in told if part)
    return f"{type(error).__name__} {codes} {error.request_id or ''}".strip()


def create_once(
    make: Callable[[str], stripe.StripeObject],
    *,
    key: str,
    find: Callable[[], Record | None],
) -> Record:
    """The object of this key: made now, made before, or found by our reference.

    A 500 under a key is given again for ever, so what cannot be found then is made
    under the next key.
    """
    for n in range(1, MOST_KEYS + 1):
        try:
            with asking():
                return make(key if n == 1 else f"{key}-{n}").to_dict()
        except (StoredFailure, KeyTaken) as failure:
            if found := find():
                return found
            if isinstance(failure, KeyTaken):
                raise
    raise Unknown(f"Stripe failed under {MOST_KEYS} keys")


def listed(page_of: Callable[..., Any], **params: Any) -> Iterator[Record]:
    """All of a list, a page in memory at a time, the newest first."""
    with asking():
        page = page_of(params={"limit": PAGE, **params})
        for item in page.auto_paging_iter():
            yield item.to_dict()
