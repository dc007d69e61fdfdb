"""Refuses gateways that cannot work, or would take real money by mistake."""

from importlib.util import find_spec
from urllib.parse import urlsplit

from django.conf import settings

from config.checks.addresses import LOOPBACK_HOSTS
from config.checks.refusing import Messages, check, error, warning
from config.gateway_accounts import Account, configured_accounts
from config.origins import origin


@check
def gateways_are_complete() -> Messages:
    for account in configured_accounts():
        for found in (_kit, _keys, _secrets, _mode, _bases, _money):
            yield from found(account)


def _kit(account: Account) -> Messages:
    if find_spec(account.kit) is None:
        yield error(
            20,
            f"PAYMENT_GATEWAYS names {account.name!r}, whose SDK is not installed.",
            f"pip install --require-hashes -r {account.requirements}",
        )


def _keys(account: Account) -> Messages:
    example = f"{account.key_name}={account.live_prefixes[0]}…"
    if not account.keys:
        yield error(
            21,
            f"{account.key_name} is empty, and PAYMENT_GATEWAYS names "
            f"{account.name!r}.",
            example,
        )
    known = account.test_prefixes + account.live_prefixes
    if any(key and not key.startswith(known) for key in account.keys):
        yield error(
            22,
            f"{account.key_name} is no secret key of {account.name}: those begin with "
            f"{' or '.join(known)}.",
            example,
        )


def _secrets(account: Account) -> Messages:
    """An empty one would be matched by whoever sends none."""
    if not account.secrets or not all(secret.strip() for secret in account.secrets):
        yield error(
            23,
            f"{account.secret_name} is empty or holds an empty secret: notifications "
            f"of {account.name} could not be told from forged ones.",
            f"{account.secret_name}=<the secret that {account.name} shows>",
        )


def _mode(account: Account) -> Messages:
    if account.says_live is None:
        return
    opens_test = any(key.startswith(account.test_prefixes) for key in account.keys)
    opens_live = any(key.startswith(account.live_prefixes) for key in account.keys)
    if account.is_live and opens_test:
        yield error(
            24,
            "MIDTRANS_PRODUCTION is on, and MIDTRANS_SERVER_KEYS holds a key of its "
            "sandbox.",
            "MIDTRANS_PRODUCTION=0",
        )
    if not account.is_live and opens_live:
        yield warning(
            5,
            "MIDTRANS_SERVER_KEYS holds a key without SB-, as live ones are, while "
            "MIDTRANS_PRODUCTION is off: Midtrans' sandbox will refuse a live key.",
            "MIDTRANS_PRODUCTION=1",
        )


def _bases(account: Account) -> Messages:
    for variable, base in account.bases.items():
        parts = urlsplit(base)
        is_safe = parts.scheme == "https" or parts.hostname in LOOPBACK_HOSTS
        if base and not is_safe:
            yield error(
                25,
                f"{variable} would send keys in clear to {origin(base)}.",
                f"{variable}=https://…, or nothing for {account.name} itself",
            )


def _money(account: Account) -> Messages:
    if account.is_live:
        yield from _real_money(account)
    elif account.keys and not settings.DEBUG:
        yield warning(
            4,
            f"{account.name} has test keys while DEBUG is off: buyers would pay "
            "nothing and be sent goods.",
            f"{account.key_name}={account.live_prefixes[0]}…",
        )


def _real_money(account: Account) -> Messages:
    if "sandbox" in settings.PAYMENT_GATEWAYS:
        yield error(
            26,
            f"{account.name} is live, and the sandbox is offered beside it: there, "
            "anybody pays without money.",
            f"PAYMENT_GATEWAYS={account.name}",
        )
    if not settings.IS_HTTPS:
        yield error(
            27,
            f"{account.name} is live, and BASE_URL is not https://: notifications and "
            "buyers' links would travel in clear.",
            "BASE_URL=https://shop.example",
        )
