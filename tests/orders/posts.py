"""Updates as a seller writes them, and their mails."""

from datetime import timedelta
from typing import Any

from campaigns.clock import database_now
from campaigns.models import Campaign, Update
from orders.models import Message, Order, Subscriber
from orders.updates import writing as update_writing
from orders.updates.audience import PROPOSED
from orders.updates.recipients import identity_of
from tests.factories import make_campaign


def make_update(**overrides: Any) -> Update:
    """A draft for everybody about all batches, in the campaign's language."""
    campaign = overrides.pop("campaign", None) or make_campaign()
    values = {
        "title": "Kain sudah datang",
        "body": "Halo {name|kak}, kainnya **sudah** kami terima.",
        "statuses": list(PROPOSED),
    }
    return Update.objects.create(campaign=campaign, **values | overrides)


def publish(update: Update) -> None:
    """Its five minutes are over; mails are not written yet."""
    update.refresh_from_db()
    update.schedule()
    passed = database_now() - timedelta(seconds=1)
    Update.objects.filter(pk=update.pk).update(publish_at=passed)
    update_writing.publish_due()
    update.refresh_from_db()


def send_out(update: Update) -> list[str]:
    """Published, and every mail written; to whom."""
    publish(update)
    update_writing.write_due()
    return written_to(update)


def written_to(update: Update) -> list[str]:
    mails = Message.objects.filter(update_of=update).order_by("pk")
    return list(mails.values_list("to", flat=True))


def subscribe(campaign: Campaign, email: str, **overrides: Any) -> Subscriber:
    """Confirmed already."""
    kind = overrides.pop("kind", Subscriber.Kind.UPDATES)
    is_of_seller = kind == Subscriber.Kind.PROMOTIONS
    values = {
        "email": email,
        "identity": identity_of(email),
        "kind": kind,
        "campaign": None if is_of_seller else campaign,
        "seller": campaign.seller if is_of_seller else None,
        "created_at": database_now() - timedelta(hours=1),
        "confirmed_at": database_now(),
    }
    return Subscriber.objects.create(**values | overrides)


def turn_back(order: Order, **columns: Any) -> Order:
    Order.objects.filter(pk=order.pk).update(**columns)
    return Order.objects.for_page().get(pk=order.pk)
