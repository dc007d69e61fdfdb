"""Some days after the last parcel of an order its buyer is asked whether it arrived."""

from datetime import timedelta
from typing import Any

from django.db.models import OuterRef, Q, Subquery

from campaigns.clock import database_now
from fulfillment.models import Shipment
from orders import emails
from orders.mail import rows as mail_rows
from orders.models import Message, Order
from orders.models.order import OrderQuerySet
from orders.news import batch as batch_news

# Parcels within Indonesia arrive in a week; islands far away take some days longer.
ASKED_AFTER = timedelta(days=10)
# Who was not asked by then, because nothing ran, is left in peace.
ASKED_UNTIL = timedelta(days=60)


def ask() -> int:
    """`delivery_check` once per order; how many were asked."""
    return batch_news.tell(_unasked(), _mail)


def _unasked() -> OrderQuerySet:
    """Sent whole, and neither canceled nor come back: then it would wait again."""
    now = database_now()
    asked = mail_rows.is_told("delivery_check", OuterRef("number"))
    rows = Order.objects.filter(status=Order.Status.FULFILLED).exclude(email="")
    return rows.annotate(last_parcel_at=_last_parcel_at()).filter(
        ~Q(asked),
        last_parcel_at__lte=now - ASKED_AFTER,
        last_parcel_at__gt=now - ASKED_UNTIL,
    )


def _last_parcel_at() -> Subquery:
    sent = Shipment.objects.filter(order=OuterRef("pk"), state=Shipment.State.SHIPPED)
    return Subquery(sent.order_by("-shipped_at").values("shipped_at")[:1])


def _mail(order: Any) -> Message:
    return emails.delivery_check(order, shipped_at=order.last_parcel_at)
