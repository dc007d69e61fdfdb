"""Who asked to be told of an opening or of news, and who asked not to be."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from campaigns.models import Campaign, Seller
from orders.models.order import new_token


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
    origin = models.CharField(max_length=64, blank=True, editable=False)
    created_at = models.DateTimeField(_("asked"), db_default=Clock(), editable=False)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, editable=False)
    unsubscribed_at = models.DateTimeField(_("unsubscribed"), null=True, editable=False)

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

    def __str__(self) -> str:
        return f"{self.kind}: {self.email}"
