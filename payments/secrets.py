"""Takes this installation's own secrets out of a text before it is kept or shown."""

from collections.abc import Iterator

from django.conf import settings

NAMES = (
    *("SECRET_KEY", "EMAIL_HOST_PASSWORD", "STRIPE_SECRET_KEY", "XENDIT_SECRET_KEY"),
    *("STRIPE_WEBHOOK_SECRETS", "MIDTRANS_SERVER_KEYS", "XENDIT_CALLBACK_TOKENS"),
)
# What is shorter would be found in words that are none.
SHORTEST = 8


def redacted(text: str) -> str:
    for secret in configured():
        text = text.replace(secret, "…")
    return text


def configured() -> Iterator[str]:
    for name in NAMES:
        value = getattr(settings, name, None) or ()
        values = [value] if isinstance(value, str) else value
        yield from (secret for secret in values if len(secret) >= SHORTEST)
