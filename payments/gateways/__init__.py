"""The gateways this installation offers, by name."""

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string

from campaigns.addresses import absolute
from payments.gateways.base import Gateway, PaymentIn, RefundIn
from payments.models import Payment, Refund

ADAPTERS = {"sandbox": "payments.gateways.sandbox.SandboxGateway"}
# Money the seller takes and gives back in person: no page, no notification.
BY_HAND = {"cash": "payments.gateways.cash.CashGateway"}


def offered() -> list[str]:
    """Names in the order in which buyers see them."""
    return [name for name in settings.PAYMENT_GATEWAYS if name in ADAPTERS]


def get(name: str) -> Gateway:
    """The adapter, also of a gateway no longer offered: old payments still need it."""
    gateway: Gateway = import_string((ADAPTERS | BY_HAND)[name])()
    return gateway


def payment_in(payment: Payment) -> PaymentIn:
    order = payment.order
    return PaymentIn(
        reference=payment.reference,
        amount=payment.amount,
        currency=payment.currency,
        gateway_reference=payment.gateway_reference,
        idempotency_key=str(payment.idempotency_key),
        description=order.number,
        email=order.email,
        locale=order.locale,
        return_url=absolute(reverse("payment:return", args=[order.token])),
        expires_at=order.expires_at,
    )


def refund_in(refund: Refund) -> RefundIn:
    return RefundIn(
        reference=refund.reference,
        payment_reference=refund.payment.reference,
        gateway_reference=refund.gateway_reference,
        payment_gateway_reference=refund.payment.gateway_reference,
        amount=refund.amount,
        currency=refund.payment.currency,
        idempotency_key=str(refund.idempotency_key),
    )
