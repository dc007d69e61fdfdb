"""One reader of an update: an address, what is known of them, how they stop it."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from campaigns import dates, news
from campaigns.models import Batch, Campaign, Update
from campaigns.text.placeholders import Values
from campaigns.web_addresses import absolute
from orders import tallies
from orders.models import Order, Subscriber
from orders.subscriptions import unsubscribing
from orders.templatetags.mails import one_line


@dataclass(frozen=True, kw_only=True)
class Recipient:
    email: str
    identity: str
    locale: str
    campaign: Campaign
    order: Order | None = None
    subscriber: Subscriber | None = None

    @classmethod
    def of_order(cls, order: Order, campaign: Campaign) -> Self:
        return cls(
            email=order.email,
            identity=identity_of(order.email),
            locale=order.locale,
            campaign=campaign,
            order=order,
        )

    @classmethod
    def of_subscriber(cls, subscriber: Subscriber, campaign: Campaign) -> Self:
        return cls(
            email=subscriber.email,
            identity=subscriber.identity,
            locale=subscriber.locale,
            campaign=campaign,
            subscriber=subscriber,
        )

    @property
    def values(self) -> Values:
        """What the placeholders become, in the active language."""
        return values_of(self.order) if self.order else {}

    @property
    def unsubscribe_url(self) -> str:
        if self.subscriber:
            return absolute(self.subscriber.unsubscribe_path)
        return absolute(unsubscribing.path_of_buyer(self.campaign.pk, self.identity))

    def page_url(self, update: Update) -> str:
        """The buyer's own page tells more than the public one."""
        if self.order:
            path = self.order.get_absolute_url()
        else:
            with translation.override(self.locale):
                path = reverse("campaigns:updates", args=[self.campaign.slug])
        return absolute(f"{path}#{news.anchor(update.pk)}")


def values_of(order: Order) -> Values:
    """As they are now."""
    batch = order.batch
    return values_in(order, batch, batch.ships_from, batch.ships_until)


def values_in(
    order: Order, batch: Batch, ships_from: date | None, ships_until: date | None
) -> Values:
    return {
        "name": one_line(order.name),
        "number": order.number,
        "batch": _("batch %(number)s") % {"number": batch.number},
        "window": dates.window(ships_from, ships_until) if ships_from else "",
    }


def identity_of(email: str) -> str:
    """The digest of its mailbox; empty without one."""
    return next(iter(tallies.identities(email=email, phone="")), "")
