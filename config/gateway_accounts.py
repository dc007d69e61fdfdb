"""What the environment says of each payment gateway: its keys, and what they open."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings


@dataclass(frozen=True, kw_only=True)
class Account:
    """`key_name` and `secret_name` are the variables; what they hold is never shown."""

    name: str
    # The module that the official SDK installs.
    kit: str
    key_name: str
    keys: list[str]
    secret_name: str
    secrets: list[str]
    test_prefixes: tuple[str, ...]
    live_prefixes: tuple[str, ...]
    # Where the API is, by variable, if elsewhere than at the gateway itself.
    bases: dict[str, str] = field(default_factory=dict)
    # Midtrans is told by a variable of its own which of its two worlds is meant.
    says_live: bool | None = None

    @property
    def is_live(self) -> bool:
        """Whether real money moves."""
        if self.says_live is not None:
            return self.says_live
        return any(key.startswith(self.live_prefixes) for key in self.keys)

    @property
    def requirements(self) -> str:
        return f"requirements/{self.name}.txt"

    @property
    def mode(self) -> str:
        return "live" if self.is_live else "test keys, no real money"


def _stripe() -> Account:
    return Account(
        name="stripe",
        kit="stripe",
        key_name="STRIPE_SECRET_KEY",
        keys=_given(settings.STRIPE_SECRET_KEY),
        secret_name="STRIPE_WEBHOOK_SECRETS",  # noqa: S106  the variable's name
        secrets=settings.STRIPE_WEBHOOK_SECRETS,
        test_prefixes=("sk_test_", "rk_test_"),
        live_prefixes=("sk_live_", "rk_live_"),
        bases={"STRIPE_API_BASE": settings.STRIPE_API_BASE},
    )


def _midtrans() -> Account:
    """Its server key also signs its notifications."""
    return Account(
        name="midtrans",
        kit="midtransclient",
        key_name="MIDTRANS_SERVER_KEYS",
        keys=settings.MIDTRANS_SERVER_KEYS,
        secret_name="MIDTRANS_SERVER_KEYS",  # noqa: S106  the variable's name
        secrets=settings.MIDTRANS_SERVER_KEYS,
        test_prefixes=("SB-Mid-server-",),
        live_prefixes=("Mid-server-",),
        bases={
            "MIDTRANS_API_BASE": settings.MIDTRANS_API_BASE,
            "MIDTRANS_SNAP_BASE": settings.MIDTRANS_SNAP_BASE,
        },
        says_live=settings.MIDTRANS_PRODUCTION,
    )


def _xendit() -> Account:
    return Account(
        name="xendit",
        kit="xendit",
        key_name="XENDIT_SECRET_KEY",
        keys=_given(settings.XENDIT_SECRET_KEY),
        secret_name="XENDIT_CALLBACK_TOKENS",  # noqa: S106  the variable's name
        secrets=settings.XENDIT_CALLBACK_TOKENS,
        test_prefixes=("xnd_development_",),
        live_prefixes=("xnd_production_",),
        bases={"XENDIT_API_BASE": settings.XENDIT_API_BASE},
    )


def _given(key: str) -> list[str]:
    return [key] if key else []


ACCOUNTS: dict[str, Callable[[], Account]] = {
    "stripe": _stripe,
    "midtrans": _midtrans,
    "xendit": _xendit,
}


def configured_accounts() -> list[Account]:
    """Of the gateways that need one, in the order in which they are offered."""
    return [ACCOUNTS[n]() for n in settings.PAYMENT_GATEWAYS if n in ACCOUNTS]
