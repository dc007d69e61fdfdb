"""The yardsticks: views that write the rows of an order by the ORM, without a rule.

`order` writes the same rows as the shop for one order of one variant, `four_rows` the
least an order can be: order, line, message, and the counter by a conditional UPDATE.
One `create` each in one transaction, the hot row last. No form, no limit, no template,
no middleware.
"""

import secrets
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from campaigns.models import Allotment, Batch
from orders.models import BuyerTally, Message, Order, OrderEvent, OrderLine
from orders.models.order import new_number
from payments.models import Payment, SandboxPayment

SHIPPING = Decimal(18_000)


@csrf_exempt
def order(request: HttpRequest) -> HttpResponse:
    allotment = Allotment.objects.select_related("batch", "variant").get(
        pk=request.POST["allotment"]
    )
    with transaction.atomic():
        written = write_all(allotment, request.POST["email"], request.POST["phone"])
        Allotment.objects.filter(pk=allotment.pk).update(taken=F("taken") + 1)
        Batch.objects.filter(pk=allotment.batch_id).update(
            taken=F("taken") + 1,
            orders_taken=F("orders_taken") + 1,
            goods_taken=F("goods_taken") + int(written.goods),
        )
    return HttpResponse(written.number, status=201)


@csrf_exempt
def four_rows(request: HttpRequest) -> HttpResponse:
    allotment = Allotment.objects.select_related("batch", "variant").get(
        pk=request.POST["allotment"]
    )
    with transaction.atomic():
        written = write_order(allotment, request.POST["email"], request.POST["phone"])
        batch = Batch.objects.filter(pk=allotment.batch_id, taken__lt=F("capacity"))
        if not batch.update(taken=F("taken") + 1):
            return HttpResponse(status=409)
    return HttpResponse(written.number, status=201)


def write_order(allotment: Allotment, email: str, phone: str) -> Order:
    batch, variant = allotment.batch, allotment.variant
    number = new_number()
    order = Order.objects.create(
        number=number,
        batch=batch,
        submit_key=secrets.token_urlsafe(32),
        name="Pembeli",
        email=email,
        phone=phone,
        address="Jalan Braga 1",
        province="Jawa Barat",
        city="Kota Bandung",
        district="Sumur Bandung",
        postal_code="40111",
        currency="IDR",
        goods=variant.price,
        shipping=SHIPPING,
        total=variant.price + SHIPPING,
        deposit=variant.price + SHIPPING,
        limit_keys=[email, phone],
        expires_at=timezone.now() + timedelta(days=1),
    )
    OrderLine.objects.create(
        order=order,
        variant=variant,
        allotment=allotment,
        ordered=1,
        quantity=1,
        unit_price=variant.price,
        name="Kaos",
        sku=variant.sku,
    )
    Message.objects.create(
        dedupe_key=f"order_placed:{number}",
        order=order,
        kind="order_placed",
        to=email,
        locale="id",
        subject="Pesanan",
        text="x" * 1000,
    )
    return order


def write_all(allotment: Allotment, email: str, phone: str) -> Order:
    order = write_order(allotment, email, phone)
    OrderEvent.objects.create(order=order, kind="placed", actor="buyer")
    payment = Payment.objects.create(
        order=order,
        reference=f"{order.number}-1",
        gateway="sandbox",
        amount=order.total,
        currency="IDR",
    )
    SandboxPayment.objects.create(
        reference=payment.reference, amount=payment.amount, currency="IDR"
    )
    for identity in (email, phone):
        BuyerTally.objects.create(
            campaign_id=order.batch.campaign_id, identity=identity, units=1
        )
    return order


def healthz(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


urlpatterns = [
    path("order", order),
    path("four-rows", four_rows),
    path("healthz", healthz),
]
