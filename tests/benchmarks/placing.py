"""The two things compared: an order placed, and its rows written bare."""

from django.db import transaction

from campaigns.models import Batch
from orders.models import Message, Order, OrderEvent, OrderLine
from payments.checkout import place
from payments.models import Payment, SandboxPayment
from tests.drafts import make_draft, make_offer, new_key

CAPACITY = 1_000_000


def big_batch() -> Batch:
    return make_offer(capacity=CAPACITY)


def place_one(batch: Batch) -> Order:
    return place(make_draft(batch), gateway="sandbox", submit_key=new_key())


def write_bare_rows(batch: Batch) -> None:
    """What `place` writes, without any rule. The draft is read the same way."""
    draft, key = make_draft(batch), new_key()
    line = draft.lines[0]
    with transaction.atomic():
        order = Order.objects.create(
            batch=batch,
            submit_key=key,
            currency="IDR",
            goods=line.variant.price,
            shipping=18_000,
            total=line.variant.price + 18_000,
            deposit=0,
            expires_at=draft.batch.clock,
            **draft.buyer,
        )
        OrderLine.objects.create(
            order=order,
            variant=line.variant,
            allotment=line.allotment,
            ordered=1,
            quantity=1,
            unit_price=line.variant.price,
            name="Kaos",
            sku=line.variant.sku,
        )
        OrderEvent.objects.create(order=order, kind="placed", actor="buyer")
        payment = Payment.objects.create(
            order=order,
            reference=f"{order.number}-1",
            gateway="sandbox",
            amount=order.total,
            currency="IDR",
        )
        Message.objects.create(
            dedupe_key=key, order=order, kind="order_placed", to=order.email, text="x"
        )
    SandboxPayment.objects.create(
        reference=payment.reference, amount=payment.amount, currency="IDR"
    )
