"""Who asked to be told of an opening or of news, and who asked not to be."""

from typing import Self, cast

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from campaigns.models import Campaign, Seller
from orders.models.order import new_token


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def unconfirmed(self) -> Self:
        """Asked for, perhaps by somebody else; not those who only wanted to stop."""
        return self.filter(confirmed_at=None, unsubscribed_at=None)

    def live(self) -> Self:
        return self.filter(confirmed_at__isnull=False, unsubscribed_at=None)

    def about(self, campaign: Campaign, kind: str) -> Self:
        """Of the campaign itself, or of all its seller offers."""
        is_about = Q(campaign=campaign.pk) | Q(seller=campaign.seller_id)
        return self.filter(is_about, kind=kind)

    def stopping(self, campaign: Campaign, kind: str) -> Self:
        """Who wants none of it. A later yes to the campaign outweighs a no to all."""
        later = Subscriber.objects.live().filter(
            campaign=campaign.pk,
            kind=kind,
            identity=OuterRef("identity"),
            confirmed_at__gt=OuterRef("unsubscribed_at"),
        )
        stopped = self.about(campaign, kind).filter(unsubscribed_at__isnull=False)
        return stopped.filter(Q(campaign=campaign.pk) | ~Exists(later))

    def told(self, campaign: Campaign, kind: str) -> Self:
        """Who asked for it, proved the address, and did not stop it."""
        stopping = Subscriber.objects.stopping(campaign, kind)
        stopped = stopping.filter(identity=OuterRef("identity"))
        return self.live().about(campaign, kind).filter(~Exists(stopped))


class Subscriber(models.Model):
    """One address, one kind of news, of one campaign or of a seller.

    A buyer who wants no more news is here too, unsubscribed and never confirmed.
    """

    class Kind(models.TextChoices):
        OPENING = "opening", _("When it opens")
        UPDATES = "updates", _("News")
        PROMOTIONS = "promotions", _("Promotions")

    email = models.EmailField(_("e-mail"))
    # Digest of the normalised address, as in the buyer tallies.
    identity = models.CharField(max_length=64, editable=False)
    locale = models.CharField(_("language"), max_length=5, default="id")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    campaign = models.ForeignKey(
        Campaign,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("campaign"),
    )
    seller = models.ForeignKey(
        Seller, models.PROTECT, null=True, related_name="+", verbose_name=_("seller")
    )
    token = models.CharField(
        max_length=64, unique=True, default=new_token, editable=False
    )
    # Keyed digests of the internet address and its network, until it is confirmed.
    origin = models.CharField(max_length=64, blank=True, editable=False)
    network = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("asked"), db_default=Clock(), editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, editable=False)
    unsubscribed_at = models.DateTimeField(_("unsubscribed"), null=True, editable=False)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscriber")
        verbose_name_plural = _("subscribers")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "kind", "identity"],
                condition=Q(campaign__isnull=False),
                name="one_subscription_per_campaign_and_kind",
            ),
            models.UniqueConstraint(
                fields=["seller", "kind", "identity"],
                condition=Q(seller__isnull=False),
                name="one_subscription_per_seller_and_kind",
            ),
            models.CheckConstraint(
                condition=Q(campaign__isnull=False, seller__isnull=True)
                | Q(campaign__isnull=True, seller__isnull=False),
                name="subscribed_to_a_campaign_or_a_seller",
            ),
        ]
        indexes = [
            # Few at any time: counted for every wish, forgotten after a while.
            models.Index(
                fields=["created_at"],
                condition=Q(confirmed_at__isnull=True, unsubscribed_at__isnull=True),
                name="subscriber_unconfirmed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.email}"

    @property
    def unsubscribe_path(self) -> str:
        return reverse("unsubscribe:page", args=[self.token])

    @property
    def owner(self) -> Seller:
        """Whose news it is about; the table wants one of the two."""
        return cast("Seller", self.campaign.seller if self.campaign else self.seller)
