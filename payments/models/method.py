"""A card a buyer agreed to have charged once more, for the balance of one order."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from orders.models import Order


class SavedMethod(models.Model):
    order = models.OneToOneField(
        Order,
        models.PROTECT,
        related_name="saved_method",
        verbose_name=_("order"),
    )
    gateway = models.CharField(_("gateway"), max_length=20)
    # Of the gateway; both empty until the first payment has arrived.
    customer_reference = models.CharField(max_length=120, blank=True)
    method_reference = models.CharField(max_length=120, blank=True)
    label = models.CharField(_("card"), max_length=60, blank=True)
    # The words the buyer agreed to, in the buyer's language.
    consent = models.TextField(_("consent"))
    consented_at = models.DateTimeField(_("agreed"), db_default=Clock())
    charged_at = models.DateTimeField(_("charged"), null=True)

    class Meta:
        verbose_name = _("saved card")
        verbose_name_plural = _("saved cards")
        constraints = [
            models.CheckConstraint(
                condition=~Q(consent=""), name="saved_method_has_a_consent"
            ),
        ]

    def __str__(self) -> str:
        return self.label or self.gateway
