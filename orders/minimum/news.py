"""Tells every buyer of a batch what its minimum led to, each once.

The decision is one short transaction on the batch; its mails are found missing here.
"""

from django.db.models import F, OuterRef, Q

from campaigns.models import Batch
from campaigns.models.minimum import MINIMUM_MISSED
from orders.mail import rows as mail_rows
from orders.minimum import emails as minimum_emails
from orders.models import Order
from orders.models.order import OrderQuerySet
from orders.news import batch as batch_news

Stage = Batch.Stage
# A batch that was canceled or completed has other news.
RUNNING = (Stage.OPEN, Stage.CLOSED, Stage.PRODUCTION, Stage.SHIPPING)


def tell_going_ahead() -> int:
    """`batch_confirmed` to the paid orders of batches that are made; how many."""
    return batch_news.tell(going_ahead_untold(), minimum_emails.batch_confirmed)


def tell_extended() -> int:
    """`minimum_missed` to those who paid before the closing moved; how many."""
    return batch_news.tell(_extended_untold(), minimum_emails.batch_extended)


def going_ahead_untold() -> OrderQuerySet:
    decided = Q(
        batch__minimum_decided_at__isnull=False,
        batch__minimum_units__gt=0,
        batch__stage__in=RUNNING,
    )
    return _without_mail(decided, minimum_emails.BATCH_CONFIRMED)


def _extended_untold() -> OrderQuerySet:
    extended = Q(
        batch__extended_at__gt=F("placed_at"),
        batch__minimum_decided_at__isnull=True,
        batch__stage__in=Batch.BEFORE_PRODUCTION,
    )
    return _without_mail(extended, MINIMUM_MISSED)


def _without_mail(which: Q, kind: str) -> OrderQuerySet:
    """Paid orders that can be written to and were not told this about their batch."""
    told = mail_rows.is_told(kind, OuterRef("number"), OuterRef("batch_id"))
    orders = Order.objects.filter(which, status=Order.Status.CONFIRMED)
    return orders.exclude(email="").exclude(told)
