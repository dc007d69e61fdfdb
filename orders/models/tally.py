"""How many units of a campaign one buyer holds, over all orders."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign


class BuyerTally(models.Model):
    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+")
    identity = models.CharField(max_length=64)
    units = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("buyer tally")
        verbose_name_plural = _("buyer tallies")
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "identity"], name="one_tally_per_identity"
            ),
            models.CheckConstraint(
                condition=Q(units__gte=0), name="tally_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id}/{self.identity[:8]}: {self.units}"
