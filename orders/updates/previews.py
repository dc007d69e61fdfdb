"""An update as real people would get it, before anything is sent."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models.functions import Length

from campaigns.models import Update
from orders.mail.words import LONGEST_SUBJECT
from orders.models import Message, Order
from orders.updates.audience import orders_of, subscribers_of
from orders.updates.emails import update_mail
from orders.updates.recipients import Recipient

MOST = 3


@dataclass(frozen=True, kw_only=True)
class Preview:
    recipient: Recipient
    language: str
    message: Message

    @property
    def subject_length(self) -> int:
        return len(self.message.subject)

    @property
    def is_too_long(self) -> bool:
        """Phones show no more of it."""
        return self.subject_length > LONGEST_SUBJECT


def people_of(update: Update) -> list[Recipient]:
    """The longest name, the newest and the oldest order; else whoever there is."""
    rows = orders_of(update).exclude(email="").select_related("batch")
    chosen = [
        *rows.order_by(Length("name").desc(), "pk")[:1],
        *rows.order_by("-pk")[:1],
        *rows.order_by("pk")[:MOST],
    ]
    orders = list({order.pk: order for order in chosen}.values())[:MOST]
    found = [Recipient.of_order(order, update.campaign) for order in orders]
    return found or _readers(update)


def sample(update: Update) -> Recipient:
    newest = orders_of(update).select_related("batch").order_by("-pk").first()
    if newest:
        return Recipient.of_order(newest, update.campaign)
    return _readers(update)[0]


def of_person(update: Update, recipient: Recipient) -> Iterator[Preview]:
    """In each language of the shop, the person's own first."""
    languages = dict(settings.LANGUAGES)
    own = recipient.locale
    for language in sorted(languages, key=lambda code: code != own):
        message = update_mail(update, recipient, language=language)
        yield Preview(recipient=recipient, language=language, message=message)


def recipient_of(update: Update, order_id: int) -> Recipient | None:
    """None for an order it is not written to; 0 is a reader without one."""
    if not order_id:
        return _readers(update)[0]
    orders: list[Order] = list(orders_of(update).filter(pk=order_id)[:1])
    return Recipient.of_order(orders[0], update.campaign) if orders else None


def _readers(update: Update) -> list[Recipient]:
    """A subscriber; without any, somebody of whom nothing is known."""
    if subscriber := subscribers_of(update).order_by("-pk").first():
        return [Recipient.of_subscriber(subscriber, update.campaign)]
    campaign = update.campaign
    locale = campaign.lang
    return [Recipient(email="", identity="", locale=locale, campaign=campaign)]
