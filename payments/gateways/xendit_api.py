"""Calls to Xendit through its official SDK, one client per call.

The SDK waits without end and repeats some requests by itself unless told not to. Its
models hold amounts as floats, drop what they do not know and refuse an invoice that
lacks a list of banks, as paid ones do: so its answers are read here, with decimals.
"""

import json
from collections.abc import Callable
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import xendit
from django.conf import settings
from urllib3.exceptions import HTTPError
from xendit.apis import InvoiceApi, RefundApi
from xendit.exceptions import OpenApiException, XenditSdkException
from xendit.invoice.model.create_invoice_request import CreateInvoiceRequest
from xendit.refund.model.create_refund import CreateRefund

from payments.errors import Declined, GatewayError, Rejected, Unavailable, Unknown
from payments.gateways import calls

NAME = "xendit"
# By Xendit's error codes, where its HTTP status says less.
MEANINGS: dict[str, type[GatewayError]] = {
    "INSUFFICIENT_BALANCE": Unavailable,
    "REFUND_IN_PROGRESS": Unavailable,
    "CHANNEL_UNAVAILABLE": Unavailable,
    "DUPLICATE_ERROR": Unknown,
    "INELIGIBLE_TRANSACTION": Declined,
    "MAXIMUM_REFUND_AMOUNT_REACHED": Declined,
    "PARTIAL_REFUND_NOT_SUPPORTED": Declined,
    "REFUND_NOT_SUPPORTED": Declined,
}
Answer = dict[str, Any]
Options = dict[str, Any]


class NotFound(Rejected):
    """Xendit does not know it."""


def create_invoice(**fields: Any) -> Answer:
    request = CreateInvoiceRequest(**fields)
    return _object(
        lambda client, options: InvoiceApi(client).create_invoice(
            create_invoice_request=request, **options
        )
    )


def invoice(reference: str) -> Answer:
    return _object(
        lambda client, options: InvoiceApi(client).get_invoice_by_id(
            reference, **options
        )
    )


def invoices(**filters: Any) -> list[Answer]:
    found = _call(
        lambda client, options: InvoiceApi(client).get_invoices(**filters, **options)
    )
    return _objects(found)


def expire_invoice(reference: str) -> Answer:
    return _object(
        lambda client, options: InvoiceApi(client).expire_invoice(reference, **options)
    )


def create_refund(*, key: str, **fields: Any) -> Answer:
    request = CreateRefund(**fields)
    return _object(
        lambda client, options: RefundApi(client).create_refund(
            idempotency_key=key, create_refund=request, **options
        )
    )


def refund(reference: str) -> Answer:
    return _object(
        lambda client, options: RefundApi(client).get_refund(reference, **options)
    )


def refunds(**filters: Any) -> tuple[list[Answer], bool]:
    """One page of refunds, and whether there are more."""
    page = _object(
        lambda client, options: RefundApi(client).get_all_refunds(**filters, **options)
    )
    return _objects(page.get("data")), bool(page.get("has_more"))


def _object(send: Callable[[Any, Options], Any]) -> Answer:
    answer = _call(send)
    if not isinstance(answer, dict):
        raise calls.nonsense(NAME)
    return answer


def _objects(answer: object) -> list[Answer]:
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        raise calls.nonsense(NAME)
    return answer


def _call(send: Callable[[Any, Options], Any]) -> Any:
    options = {"_preload_content": False, "_request_timeout": calls.TIMEOUT}
    try:
        response = send(_client(), options)
        return json.loads(response.data, parse_float=Decimal)
    except XenditSdkException as error:
        raise _refusal(error) from error
    except HTTPError as error:
        raise calls.silence(NAME, error) from error
    except (OpenApiException, ValueError, TypeError, AttributeError) as error:
        raise calls.nonsense(NAME) from error


def _client() -> xendit.ApiClient:
    config = xendit.Configuration(host=settings.XENDIT_API_BASE or None)
    config.api_key = settings.XENDIT_SECRET_KEY
    config.retries = False
    return xendit.ApiClient(config)


def _refusal(error: XenditSdkException) -> GatewayError:
    digits, code = str(error.status), str(error.errorCode)
    status = int(digits) if digits.isdecimal() else 0
    words = f"{code} {error.errorMessage}"[: calls.LONGEST_WORDS]
    if kind := MEANINGS.get(code):
        return kind(f"{NAME} answered {status}: {words}")
    if status == HTTPStatus.NOT_FOUND:
        return NotFound(f"{NAME} answered {status}: {words}")
    return calls.refusal(NAME, status, words)
