"""Calls to Midtrans through its official SDK, one client per call.

The SDK waits without end, follows redirects, keeps headers for all threads, takes ids
into paths unquoted, and tells most failures in text. All of that is mended here.
"""

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import midtransclient
import requests
from django.conf import settings
from midtransclient.error_midtrans import JSONDecodeError, MidtransAPIError

from payments.errors import Declined, GatewayError, Rejected
from payments.gateways import calls

NAME = "midtrans"
# 407 is "expired already", 412 "the transaction is in another state".
TOO_LATE = {407, 412}
ORDER_ID = re.compile(r"[A-Za-z0-9_.~-]{1,50}")
Answer = dict[str, Any]


class NotFound(Rejected):
    """No such transaction: nobody has chosen a way to pay on the page yet."""


class WrongState(Declined):
    """The transaction has moved on: its status tells where to."""


class Patient:
    """Stands where the SDK has `requests`: with a timeout, and without redirects."""

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        options |= {"timeout": calls.TIMEOUT, "allow_redirects": False}
        try:
            return requests.request(method, url, **options)  # noqa: S113  see above
        except requests.RequestException as error:
            raise calls.silence(NAME, error) from error


def create(parameters: Answer, *, notify: str) -> Answer:
    headers = {"X-Override-Notification": notify}
    return _call(lambda snap: snap.create_transaction(parameters), headers)


def status(reference: str) -> Answer:
    path = path_safe(reference)
    return _call(lambda snap: snap.transactions.status(path))


def expire(reference: str) -> Answer:
    path = path_safe(reference)
    return _call(lambda snap: snap.transactions.expire(path))


def refund(reference: str, parameters: Answer, *, directly: bool) -> Answer:
    path = path_safe(reference)

    def send(snap: Any) -> Any:
        rail = snap.transactions
        call = rail.refundDirect if directly else rail.refund
        return call(path, parameters)

    return _call(send)


def path_safe(reference: str) -> str:
    """Midtrans allows few characters, and the SDK quotes none."""
    if not ORDER_ID.fullmatch(reference):
        raise Rejected(f"{NAME} takes no such reference: {reference!r}")
    return reference


def _call(send: Callable[[Any], Any], headers: dict[str, str] | None = None) -> Answer:
    try:
        answer = send(_client(headers or {}))
    except MidtransAPIError as error:
        raise _refusal(error) from error
    except (JSONDecodeError, ValueError, TypeError, AttributeError) as error:
        raise calls.nonsense(NAME) from error
    if not isinstance(answer, dict):
        raise calls.nonsense(NAME)
    return answer


def _client(headers: dict[str, str]) -> Any:
    snap = midtransclient.Snap(
        is_production=settings.MIDTRANS_PRODUCTION,
        server_key=next(iter(settings.MIDTRANS_SERVER_KEYS), ""),
        custom_headers=headers,
    )
    snap.http_client.http_client = Patient()
    api, page = settings.MIDTRANS_API_BASE, settings.MIDTRANS_SNAP_BASE
    config = snap.api_config
    if api:
        config.CORE_SANDBOX_BASE_URL = config.CORE_PRODUCTION_BASE_URL = api
    if page:
        config.SNAP_SANDBOX_BASE_URL = config.SNAP_PRODUCTION_BASE_URL = page
    return snap


def _refusal(error: MidtransAPIError) -> GatewayError:
    """By the status in the body, if any: Midtrans also puts a 404 inside a 200."""
    body = error.api_response_dict
    body = body if isinstance(body, dict) else {}
    status = _number(body.get("status_code")) or error.http_status_code
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(f"{NAME} knows no such transaction")
    if status in TOO_LATE:
        return WrongState(f"{NAME} answered {status}")
    words = body.get("status_message") or body.get("error_messages") or ""
    return calls.refusal(NAME, status, str(words))


def _number(text: object) -> int:
    digits = str(text)
    return int(digits) if digits.isdecimal() else 0
