"""No more news: by a link that works without login or cookie, and without the order.

A subscriber's link carries their own token. A buyer's names campaign and mailbox (its
digest), signed; it says nothing of the order and opens nothing else.
"""

from dataclasses import dataclass
from typing import Self

from django.core import signing
from django.db import transaction
from django.db.models import Q
from django.urls import reverse

from campaigns.clock import Clock
from campaigns.models import Campaign, Seller, Update
from orders import tallies
from orders.models import Message, Subscriber
from orders.models.subscriber import SubscriberQuerySet
from orders.updates.audience import subscribed_kind
from orders.updates.keys import mails_to

SALT = "orders.unsubscribing"
# Where somebody asked from is nobody's business once it is decided.
FORGOTTEN = {"origin": "", "network": ""}
LONGEST_TOKEN = 64
Kind = Subscriber.Kind


def path_of_buyer(campaign_id: int, identity: str) -> str:
    token = signing.dumps([campaign_id, identity], salt=SALT)
    return reverse("unsubscribe:page", args=[token])


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whose news of what a link stops."""

    kind: Kind
    identity: str
    seller: Seller
    # None for what concerns all campaigns of the seller.
    campaign: Campaign | None
    email: str
    locale: str

    @classmethod
    def of(cls, token: str) -> Self | None:
        """None for what we never signed, and for a subscriber we have forgotten."""
        if ":" in token:
            return cls._of_buyer(token)
        if len(token) > LONGEST_TOKEN or "\x00" in token:
            return None
        rows = Subscriber.objects.select_related("campaign__seller", "seller")
        subscriber = rows.filter(token=token).first()
        return cls._of_subscriber(subscriber) if subscriber else None

    @classmethod
    def _of_subscriber(cls, row: Subscriber) -> Self:
        return cls(
            kind=Kind(row.kind),
            identity=row.identity,
            seller=row.owner,
            campaign=row.campaign,
            email=row.email,
            locale=row.locale,
        )

    @classmethod
    def _of_buyer(cls, token: str) -> Self | None:
        try:
            campaign_id, identity = signing.loads(token, salt=SALT)
        except (signing.BadSignature, ValueError):
            return None
        campaigns = Campaign.objects.select_related("seller")
        if (campaign := campaigns.filter(pk=campaign_id).first()) is None:
            return None
        mail = mails_to(identity, campaign.seller).first()
        return cls(
            kind=Kind.UPDATES,
            identity=identity,
            seller=campaign.seller,
            campaign=campaign,
            email=mail.to if mail else "",
            locale=mail.locale if mail else campaign.lang,
        )

    @property
    def about(self) -> dict[str, Campaign | Seller]:
        """The columns by which its row is found."""
        return {"campaign": self.campaign} if self.campaign else {"seller": self.seller}

    @property
    def rows(self) -> SubscriberQuerySet:
        mine = Subscriber.objects.filter(identity=self.identity, kind=self.kind)
        return mine.filter(**self.about)

    @property
    def is_stopped(self) -> bool:
        if self.campaign is None:
            return self.rows.filter(unsubscribed_at__isnull=False).exists()
        stopping = Subscriber.objects.stopping(self.campaign, self.kind)
        return stopping.filter(identity=self.identity).exists()


def stop(subject: Subject) -> None:
    """No more of this one thing; twice changes nothing."""
    with transaction.atomic():
        _wait_for_writers(subject.seller)
        _remember(subject, kind=subject.kind, **subject.about)
        _stop(subject.rows)
        _withdraw(subject)


def stop_all(subject: Subject) -> None:
    """No more news of this seller, whatever it is about and whatever comes later."""
    with transaction.atomic():
        _wait_for_writers(subject.seller)
        for kind in (Kind.UPDATES, Kind.PROMOTIONS):
            _remember(subject, kind=kind, seller=subject.seller)
        _stop(_all_of(subject))
        _withdraw(subject)


def resume(subject: Subject) -> None:
    """Take it back: of this one thing, and of the seller where all was stopped."""
    with transaction.atomic():
        everything = _all_of(subject).filter(seller=subject.seller, kind=subject.kind)
        (subject.rows | everything).update(unsubscribed_at=None)


def _all_of(subject: Subject) -> SubscriberQuerySet:
    is_of_seller = Q(seller=subject.seller) | Q(campaign__seller=subject.seller)
    return Subscriber.objects.filter(is_of_seller, identity=subject.identity)


def _remember(
    subject: Subject, *, kind: Kind, **about: Campaign | Seller | None
) -> None:
    """A buyer is no subscriber: the row only holds that there shall be no news."""
    row = Subscriber(
        email=subject.email,
        identity=subject.identity,
        locale=subject.locale,
        kind=kind,
        unsubscribed_at=Clock(),
        **about,
    )
    Subscriber.objects.bulk_create([row], ignore_conflicts=True)


def _stop(rows: SubscriberQuerySet) -> None:
    rows.filter(unsubscribed_at=None).update(unsubscribed_at=Clock(), **FORGOTTEN)


def _wait_for_writers(seller: Seller) -> None:
    """Who writes mails of this seller now either sees the stop, or is overtaken by it.

    Its mails are stored under the update's lock, after the stops were read.
    """
    writing = Update.objects.to_be_written().filter(campaign__seller=seller)
    list(writing.order_by("pk").select_for_update(of=("self",), no_key=True))


def _withdraw(subject: Subject) -> None:
    """What waits in the outbox need not be sent any more."""
    queued = Message.objects.filter(state=Message.State.QUEUED)
    waiting = mails_to(subject.identity, subject.seller) & queued
    unwanted = [
        mail.pk
        for mail in waiting.select_related("update_of__campaign")
        if mail.update_of and _is_unwanted(mail.update_of, subject.identity)
    ]
    if subject.kind == Kind.OPENING and subject.email:
        openings = queued.filter(kind="opening", to=subject.email)
        of_seller = openings.filter(campaign__seller=subject.seller)
        unwanted += of_seller.exclude(unsubscribe_url="").values_list("pk", flat=True)
    queued.filter(pk__in=unwanted).update(state=Message.State.ABORTED)


def is_stopped(mail: Message) -> bool:
    """Whether its reader wants no such news any more, since it was written."""
    identity = next(iter(tallies.identities(email=mail.to, phone="")), "")
    if mail.update_of:
        return _is_unwanted(mail.update_of, identity)
    if not (mail.unsubscribe_url and mail.campaign):
        return False
    told = Subscriber.objects.told(mail.campaign, Kind.OPENING)
    return not told.filter(identity=identity).exists()


def _is_unwanted(update: Update, identity: str) -> bool:
    stopping = Subscriber.objects.stopping(update.campaign, subscribed_kind(update))
    return stopping.filter(identity=identity).exists()
