"""Refuses names and addresses under which the shop could not be reached, or safely."""

import re
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from config.checks.refusing import Messages, check, error, warning

LOOPBACK_HOSTS = {*settings.LOOPBACK_HOSTS, "::1", "testserver"}
# A name, a domain with all below it, or an IPv6 address; no scheme, port or blank.
HOST = re.compile(r"\.?[\w.-]+|\[[0-9A-Fa-f:.]+\]|\*")
BASE_URL = "BASE_URL=https://shop.example"
HOSTS = "ALLOWED_HOSTS=shop.example"


@check
def hosts_match_the_profile() -> Messages:
    public = set(settings.ALLOWED_HOSTS) - LOOPBACK_HOSTS
    if settings.DEBUG and public and not settings.ENVIRONMENT.is_misused("DEBUG"):
        yield error(
            1,
            f"ALLOWED_HOSTS names {sorted(public)} while DEBUG is on: the demo "
            "profile shows passwords and settings, so it serves loopback only.",
            "DEBUG=0 SECRET_KEY=<50 random characters> ALLOWED_HOSTS=shop.example",
        )


@check
def hosts_are_names() -> Messages:
    for host in settings.ALLOWED_HOSTS:
        if not HOST.fullmatch(host):
            yield error(
                10,
                f"ALLOWED_HOSTS contains {host!r}: a host is a name without scheme or "
                "port, and several stand with commas between them.",
                HOSTS,
            )


@check
def hosts_are_chosen() -> Messages:
    if settings.DEBUG or settings.ENVIRONMENT.is_misused("ALLOWED_HOSTS"):
        return
    if not settings.ALLOWED_HOSTS:
        yield error(
            17,
            "ALLOWED_HOSTS is empty while DEBUG is off: the shop would answer nobody.",
            HOSTS,
        )
    elif "*" in settings.ALLOWED_HOSTS:
        yield error(
            17,
            "ALLOWED_HOSTS contains '*' while DEBUG is off: the shop would answer "
            "under any name, also one that a stranger made up.",
            HOSTS,
        )


@check
def base_url_is_an_address() -> Messages:
    if flaw := _flaw_of_base_url(settings.BASE_URL):
        yield error(7, f"BASE_URL is {settings.BASE_URL!r}: {flaw}.", BASE_URL)


def _flaw_of_base_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        _port = parts.port
    except ValueError:
        return "its host or port cannot be read"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "links in mails need a whole address"
    if parts.path or parts.query or parts.fragment:
        return "the shop lives at the root of a host, not below a path"
    return "" if _is_plain(parts) else "it holds more than scheme, host and port"


def _is_plain(parts: SplitResult) -> bool:
    return "@" not in parts.netloc and not re.search(r"\s", parts.netloc)


@check
def links_lead_to_the_shop() -> Messages:
    host, _port = split_domain_port(urlsplit(settings.BASE_URL).netloc)
    is_known = validate_host(host, settings.ALLOWED_HOSTS)
    if not settings.DEBUG and host and settings.ALLOWED_HOSTS and not is_known:
        yield error(
            19,
            f"BASE_URL leads to {host!r}, which ALLOWED_HOSTS does not name: "
            "links in mails would fail.",
            f"{BASE_URL} {HOSTS}",
        )


@check
def https_is_ended_by_somebody() -> Messages:
    if settings.IS_HTTPS and not settings.TRUSTED_PROXIES and not settings.DEBUG:
        yield warning(
            8,
            "TRUSTED_PROXIES is 0 while BASE_URL is https://: behind a reverse proxy "
            "every page would redirect to itself for ever, and all buyers share the "
            "limits of one address.",
            "TRUSTED_PROXIES=1",
        )
