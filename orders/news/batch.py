"""One mail to many orders of a batch: found missing, and written chunk by chunk.

However many there are and whoever died in between: what is stored is not found again.
"""

from collections.abc import Callable, Iterator

from django.db import transaction

from orders.mail import rows as mail_rows
from orders.models import Message, Order
from orders.models.order import OrderQuerySet

CHUNK = 200


def tell(
    untold: OrderQuerySet, mail: Callable[[Order], Message], *, replaces: str = ""
) -> int:
    """Store the mail for each order of the query; how many were stored.

    `replaces` names a kind: of those orders, its mails that nobody began to send are
    old news then.
    """
    return sum(_tell_chunk(chunk, untold, mail, replaces) for chunk in _chunks(untold))


def _chunks(untold: OrderQuerySet) -> Iterator[list[Order]]:
    orders, last = untold.for_page().order_by("pk"), 0
    while chunk := list(orders.filter(pk__gt=last)[:CHUNK]):
        yield chunk
        last = chunk[-1].pk


def _tell_chunk(
    orders: list[Order],
    untold: OrderQuerySet,
    mail: Callable[[Order], Message],
    replaces: str,
) -> int:
    """Rendered first; stored for those to whom it still applies, in the same batch."""
    mails = {order.pk: mail(order) for order in orders}
    batches = {order.pk: order.batch_id for order in orders}
    with transaction.atomic():
        rows = Order.objects.select_for_update(no_key=True).filter(pk__in=mails)
        locked = list(rows.order_by("pk").values_list("pk", flat=True))
        still = untold.filter(pk__in=locked).values_list("pk", "batch_id")
        current = [pk for pk, batch_id in still if batches[pk] == batch_id]
        if replaces:
            of_these = Message.objects.filter(order__in=current)
            of_these.withdraw_unsent(replaces)
        return mail_rows.store(mails[pk] for pk in sorted(current))
