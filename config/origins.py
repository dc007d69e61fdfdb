"""Hosts outside this shop that a form may lead to: the hosted pages of the gateways."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

# Chromium applies `form-action` to redirects after a POST as well. Sandbox and bank
# transfer stay on our own origin.
PAYMENT_PAGE_HOSTS: dict[str, list[str]] = {
    "stripe": ["https://checkout.stripe.com"],
    "midtrans": ["https://app.midtrans.com", "https://app.sandbox.midtrans.com"],
    "xendit": [
        "https://checkout.xendit.co",
        "https://checkout-staging.xendit.co",
        "https://invoice.xendit.co",
        "https://invoice-staging.xendit.co",
    ],
}


def payment_page_hosts(
    gateways: Iterable[str], bases: Mapping[str, str] | None = None
) -> list[str]:
    """Those of these gateways; `bases` are other addresses of theirs, by name.

    A double of a gateway serves its pages where it serves its API.
    """
    hosts: list[str] = []
    for name in gateways:
        hosts += PAYMENT_PAGE_HOSTS.get(name, [])
        if base := (bases or {}).get(name):
            hosts.append(origin(base))
    return hosts


def origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
