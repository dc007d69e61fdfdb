"""How a call to a gateway ended, as one of `payments.errors`.

For the SDKs that speak through urllib3. Messages name the gateway's own words, never
what was sent: they reach logs and the admin.
"""

from http import HTTPStatus

from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, ProxyError

from payments.errors import Declined, GatewayError, Rejected, Unavailable, Unknown

# Seconds to connect, and to wait for each part of the answer. Both SDKs wait for ever
# unless told.
TIMEOUT = (3, 15)
LONGEST_WORDS = 120
LONGEST_URL = 600

NEVER_SENT = (ConnectTimeoutError, NewConnectionError, ProxyError)
# Not about the one payment: it works again when keys or quota do.
ABOUT_US = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
}
FINAL = {HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.PRECONDITION_FAILED}


def silence(gateway: str, error: BaseException) -> GatewayError:
    """No answer came. What never left may be sent again; else it is looked up."""
    kind = Unavailable if _never_sent(error) else Unknown
    return kind(f"{gateway} gave no answer: {type(error).__name__}")


def _never_sent(error: BaseException) -> bool:
    """`requests` wraps urllib3's errors, and those name their reasons."""
    if isinstance(error, NEVER_SENT):
        return True
    causes = (getattr(error, "reason", None), *error.args)
    return any(_never_sent(cause) for cause in causes if isinstance(cause, Exception))


def nonsense(gateway: str) -> GatewayError:
    """An answer that cannot be read, as a proxy's error page: it may have worked."""
    return Unknown(f"{gateway} gave an answer that cannot be read")


def page_address(gateway: str, url: object) -> str:
    """Where the buyer is sent to; an answer without it started nothing we can use."""
    address = str(url or "")
    if not address.startswith(("https://", "http://")) or len(address) > LONGEST_URL:
        raise nonsense(gateway)
    return address


def refusal(gateway: str, status: int, words: str = "") -> GatewayError:
    return _kind(status)(f"{gateway} answered {status}: {words[:LONGEST_WORDS]}")


def _kind(status: int) -> type[GatewayError]:
    if status in ABOUT_US:
        return Unavailable
    if status in FINAL:
        return Declined
    is_lost = status < HTTPStatus.BAD_REQUEST or status == HTTPStatus.REQUEST_TIMEOUT
    if is_lost or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unknown
    return Rejected
