"""The gateways this installation offers, by name."""

from decimal import Decimal

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string

from campaigns.models import Campaign
from campaigns.web_addresses import absolute
from orders.models import Order
from payments.gateways.base import Gateway, PaymentIn, RefundIn
from payments.models import BankAccount, Payment, Refund, SavedMethod

ADAPTERS = {
    "sandbox": "payments.gateways.sandbox.SandboxGateway",
    "bank_transfer": "payments.gateways.bank_transfer.BankTransferGateway",
    "stripe": "payments.gateways.stripe.StripeGateway",
    "midtrans": "payments.gateways.midtrans.MidtransGateway",
    "xendit": "payments.gateways.xendit.XenditGateway",
}
# Money the seller takes and gives back in person: no page, no notification.
BY_HAND = {"cash": "payments.gateways.cash.CashGateway"}
PENDING = Order.Status.PENDING
BANK_TRANSFER = "bank_transfer"


def configured() -> list[str]:
    """Names in the order in which buyers see them."""
    return [name for name in settings.PAYMENT_GATEWAYS if name in ADAPTERS]


def is_listened_to(name: str) -> bool:
    """Whether notifications of this gateway can concern a payment, also an old one."""
    if name in configured():
        return True
    return name in ADAPTERS and Payment.objects.filter(gateway=name).exists()


def offered(campaign: Campaign, amount: Decimal | None = None) -> list[str]:
    """Those of this installation that can take the campaign's money, or this amount."""
    return [name for name in configured() if _can_take(name, campaign, amount)]


def _can_take(name: str, campaign: Campaign, amount: Decimal | None) -> bool:
    caps, currency = get(name).caps, campaign.currency
    if name == BANK_TRANSFER:
        accounts = BankAccount.objects.offered(campaign.seller, currency)
        return accounts.exists()
    if amount is None:
        return currency in caps.currencies
    return caps.takes(amount, currency)


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
        gateway_transaction_reference=payment.gateway_transaction_reference,
        idempotency_key=str(payment.idempotency_key),
        description=order.number,
        email=order.email,
        name=order.name,
        phone=order.phone,
        locale=order.locale,
        method=payment.method,
        return_url=absolute(reverse("payment:return", args=[order.token])),
        # A hold ends; what is due later has no page that must end.
        expires_at=order.expires_at if order.status == PENDING else None,
        started_at=payment.created_at,
        page_ends_at=payment.expires_at,
        saves_method=_saves_method(payment),
        received=payment.amount_received,
        is_open=payment.is_open,
        is_under_review=payment.is_under_review,
    )


def _saves_method(payment: Payment) -> bool:
    is_deposit = payment.purpose == Payment.Purpose.DEPOSIT
    if not is_deposit or not get(payment.gateway).caps.off_session:
        return False
    return SavedMethod.objects.waiting_for(payment).exists()


def refund_in(refund: Refund) -> RefundIn:
    payment = refund.payment
    return RefundIn(
        reference=refund.reference,
        payment_reference=payment.reference,
        gateway_reference=refund.gateway_reference,
        payment_gateway_reference=payment.gateway_reference,
        payment_transaction_reference=payment.gateway_transaction_reference,
        method=payment.method,
        amount=refund.amount,
        currency=payment.currency,
        idempotency_key=str(refund.idempotency_key),
    )
