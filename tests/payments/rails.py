"""Orders that are paid through Midtrans or Xendit, at their doubles."""

from typing import Any

from django.test import Client

from campaigns.clock import database_now
from orders.models import Order
from payments import attempts, inbox
from payments.checkout.placing import place
from payments.gateways.base import PaymentIn, Snapshot
from payments.models import GatewayEvent, Payment
from tests.doubles.midtrans import Midtrans
from tests.doubles.xendit import TOKEN, Xendit
from tests.drafts import make_draft, make_offer, new_key


def order_by(gateway: str, **offer: Any) -> Order:
    """A pending order whose page at the gateway is open."""
    draft = make_draft(make_offer(**offer))
    order = place(draft, gateway=gateway, submit_key=new_key())
    return Order.objects.get(pk=order.pk)


def payment_of(order: Order) -> Payment:
    return Payment.objects.filter(order=order).latest("pk")


def reference_of(order: Order) -> str:
    return payment_of(order).reference


def post(gateway: str, raw: bytes, **headers: str) -> int:
    """What the shop answers to a notification."""
    answer = Client().post(
        f"/webhooks/{gateway}/",
        raw,
        content_type="application/json",
        headers=headers,
    )
    return answer.status_code


def post_midtrans(double: Midtrans, order: Order, **facts: Any) -> int:
    return post("midtrans", double.notification(reference_of(order), **facts))


def post_xendit(double: Xendit, order: Order, **facts: Any) -> int:
    raw = double.notification(reference_of(order), **facts)
    return post("xendit", raw, **{"X-Callback-Token": TOKEN})


def work_off() -> None:
    """All that waits in the inbox is taken up now."""
    GatewayEvent.objects.update(next_attempt_at=database_now())
    inbox.process_due()


def look(order: Order) -> Order:
    """The buyer comes back, and the shop asks the gateway."""
    Payment.objects.filter(order=order).update(fetched_at=None)
    attempts.refresh(order)
    return Order.objects.get(pk=order.pk)


class Broken:
    """An adapter with a mistake in it."""

    def fetch(self, payment: PaymentIn) -> Snapshot:
        raise RuntimeError("a mistake of ours")
