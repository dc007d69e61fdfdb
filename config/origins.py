"""Hosts outside this shop that a form may lead to: the hosted pages of the gateways."""

# Chromium applies `form-action` to redirects after a POST as well. Sandbox and bank
# transfer stay on our own origin.
PAYMENT_PAGE_HOSTS: dict[str, list[str]] = {
    "stripe": ["https://checkout.stripe.com"],
}


def payment_page_hosts(gateways: list[str]) -> list[str]:
    return [host for name in gateways for host in PAYMENT_PAGE_HOSTS.get(name, [])]
