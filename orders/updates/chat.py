"""Who has to be told by chat: buyers of an update's audience whom no mail reaches."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.models import Update
from campaigns.text import placeholders
from campaigns.web_addresses import absolute
from orders.mail.deliverability import unreachable
from orders.models import Message, Order
from orders.phones import chat_url
from orders.updates.audience import orders_of
from orders.updates.recipients import Recipient


@dataclass(frozen=True)
class Line:
    order: Order
    text: str

    @property
    def url(self) -> str:
        return chat_url(self.order.phone, self.text)


def lines_of(update: Update) -> Iterator[Line]:
    """Without e-mail, or with one that came back; who stopped news is left alone."""
    failed = Message.objects.filter(
        order=OuterRef("pk"), update_of=update, state=Message.State.FAILED
    )
    without = Q(email="") | Q(email__in=unreachable()) | Q(Exists(failed))
    rows = orders_of(update).filter(without).exclude(phone="").order_by("pk")
    for order in rows.select_related("batch").iterator(500):
        yield Line(order, _text(update, order))


def _text(update: Update, order: Order) -> str:
    """Short, in the buyer's language, with the link to their own page."""
    recipient = Recipient.of_order(order, update.campaign)
    with translation.override(order.locale):
        title, *_rest = update.words(order.locale)
        words = _("%(seller)s, about your order %(number)s: %(title)s. Read it here:")
        said = words % {
            "seller": update.campaign.seller.name,
            "number": order.number,
            "title": placeholders.fill(title, recipient.values).rstrip("."),
        }
    return f"{said} {absolute(order.get_absolute_url())}"
