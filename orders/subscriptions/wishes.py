"""Who wants to hear of an opening or of news: asked for, proved by mail, forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from django.core import signing
from django.db import transaction
from django.db.models import Q

from campaigns.clock import Clock, database_now
from campaigns.errors import CampaignError
from campaigns.models import Campaign
from campaigns.wakeup import wake_up
from orders.mail import rows as mail_rows
from orders.models import Subscriber
from orders.models.subscriber import SubscriberQuerySet
from orders.origins import Origin
from orders.subscriptions import emails as subscription_emails
from orders.updates.recipients import identity_of

SALT = "orders.subscriptions"
UNCONFIRMED_LASTS = timedelta(days=30)
LINK_AGAIN_AFTER_SECONDS = 600
# Wishes at a time that nobody confirmed: anyone can type anybody's address.
PER_MAILBOX = 10
PER_ADDRESS = 64
PER_NETWORK = 400
Kind = Subscriber.Kind


class TooManyWishes(CampaignError):
    """From this internet address, or its network, so many wait to be confirmed."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody asked for, in the name of an address nobody has proved to own."""

    campaign: Campaign
    email: str
    kinds: Sequence[Kind]
    locale: str
    origin: Origin

    @property
    def identity(self) -> str:
        return identity_of(self.email)

    def row(self, kind: Kind) -> Subscriber:
        """Promotions are the seller's, the rest is the campaign's."""
        is_of_seller = kind == Kind.PROMOTIONS
        return Subscriber(
            email=self.email,
            identity=self.identity,
            locale=self.locale,
            kind=kind,
            campaign=None if is_of_seller else self.campaign,
            seller=self.campaign.seller if is_of_seller else None,
            origin=self.origin.address,
            network=self.origin.network,
        )

    def stored(self) -> SubscriberQuerySet:
        about = Subscriber.objects.filter(identity=self.identity, kind__in=self.kinds)
        is_of_seller = Q(seller=self.campaign.seller, kind=Kind.PROMOTIONS)
        is_of_campaign = Q(campaign=self.campaign) & ~Q(kind=Kind.PROMOTIONS)
        return about.filter(is_of_seller | is_of_campaign)


def ask(wish: Wish) -> None:
    """Keep the wish and send the link that confirms it, again after a while.

    Raises TooManyWishes. A mailbox that is asked for too often hears nothing more, and
    whoever asks is told the same.
    """
    _refuse_too_many(wish)
    with transaction.atomic():
        if _is_flooded(wish):
            return
        rows = [wish.row(kind) for kind in wish.kinds]
        Subscriber.objects.bulk_create(rows, ignore_conflicts=True)
        stored = wish.stored()
        stored.unconfirmed().update(created_at=Clock(), locale=wish.locale)
        turn = int(database_now().timestamp()) // LINK_AGAIN_AFTER_SECONDS
        subscription_emails.confirm_asked(
            list(stored), wish.campaign, path=confirm_path(stored), turn=turn
        )
        wake_up()


def _refuse_too_many(wish: Wish) -> None:
    """Counted without a lock: who asks at the same moment is not seen."""
    waiting = Subscriber.objects.unconfirmed()
    of_address = waiting.filter(origin=wish.origin.address).exclude(origin="")
    of_network = waiting.filter(network=wish.origin.network).exclude(network="")
    if of_address.count() >= PER_ADDRESS or of_network.count() >= PER_NETWORK:
        raise TooManyWishes


def _is_flooded(wish: Wish) -> bool:
    """Also where it is known already: who stopped all news can be asked for too."""
    if mail_rows.has_enough(subscription_emails.CONFIRM, wish.identity):
        return True
    waiting = Subscriber.objects.unconfirmed().filter(identity=wish.identity)
    others = waiting.exclude(pk__in=wish.stored().values("pk"))
    return others.count() >= PER_MAILBOX


def confirm_path(rows: SubscriberQuerySet) -> str:
    keys = sorted(rows.values_list("pk", flat=True))
    return subscription_emails.confirm_path(signing.dumps(keys, salt=SALT))


@dataclass(frozen=True)
class Confirmation:
    """What a link confirms: those rows, and no others of the same address."""

    rows: list[Subscriber]

    @classmethod
    def of(cls, token: str) -> Self | None:
        """None for what we never signed, and for what has been forgotten."""
        try:
            keys = signing.loads(token, salt=SALT, max_age=UNCONFIRMED_LASTS)
        except (signing.BadSignature, ValueError):
            return None
        rows = Subscriber.objects.filter(pk__in=keys).order_by("pk")
        found = list(rows.select_related("campaign__seller", "seller"))
        return cls(found) if found else None

    @property
    def first(self) -> Subscriber:
        return self.rows[0]

    @property
    def is_done(self) -> bool:
        return all(row.confirmed_at and not row.unsubscribed_at for row in self.rows)

    def confirm(self) -> None:
        """Proved now; twice changes nothing."""
        keys = [row.pk for row in self.rows]
        rows = Subscriber.objects.filter(pk__in=keys)
        rows = rows.exclude(confirmed_at__isnull=False, unsubscribed_at=None)
        fresh = {"confirmed_at": Clock(), "unsubscribed_at": None}
        rows.update(origin="", network="", **fresh)


def forget_unconfirmed() -> int:
    """Nobody proved the address in all that time."""
    limit = database_now() - UNCONFIRMED_LASTS
    old = Subscriber.objects.unconfirmed().filter(created_at__lt=limit)
    deleted, _by_model = old.delete()
    return deleted
