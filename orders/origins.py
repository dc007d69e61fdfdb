"""Where an order or a wish comes from: digests that count, and tell of nobody.

An order keeps them only while it is unpaid.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from campaigns.throttle import client_address

SALT = "orders.hoarding"
# By version of the protocol. A household on IPv6 has a /64 of its own.
ADDRESS_BITS = {4: 32, 6: 64}
NETWORK_BITS = {4: 24, 6: 48}


@dataclass(frozen=True)
class Origin:
    """Where an order comes from, as digests; empty where the address is unknown."""

    address: str = ""
    network: str = ""


def of_request(request: HttpRequest) -> Origin | None:
    """None where nothing is counted."""
    return of_address(client_address(request)) if settings.RATE_LIMITS else None


def of_address(address: str) -> Origin:
    try:
        known = _plain(address)
    except ValueError:
        return Origin()
    return Origin(
        address=_digest(known, ADDRESS_BITS), network=_digest(known, NETWORK_BITS)
    )


def _plain(address: str) -> IPv4Address | IPv6Address:
    """One spelling: an IPv4 address inside IPv6 is that IPv4 address, zones are cut."""
    known = ip_address(address.partition("%")[0])
    return getattr(known, "ipv4_mapped", None) or known


def _digest(address: IPv4Address | IPv6Address, bits: dict[int, int]) -> str:
    network = ip_network((address, bits[address.version]), strict=False)
    return salted_hmac(SALT, str(network), algorithm="sha256").hexdigest()
