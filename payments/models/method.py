"""A card a buyer agreed to have charged once more, for the balance of one order."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from orders.models import Order
from payments.models.payment import Payment


class SavedMethodQuerySet(models.QuerySet["SavedMethod"]):
    def waiting_for(self, payment: Payment) -> Self:
        """Agreed to, and the card is still to be typed: on this payment's page."""
        return self.filter(
            order=payment.order_id, gateway=payment.gateway, method_reference=""
        )

    def remember(
        self, payment: Payment, *, customer: str, method: str, label: str
    ) -> None:
        """Keep what the gateway calls the card; without a consent nothing is kept."""
        self.waiting_for(payment).update(
            customer_reference=customer, method_reference=method, label=label
        )

    def chargeable(self) -> Self:
        """Known cards that were never charged, of orders a balance may be due for."""
        known = self.exclude(method_reference="")
        return known.filter(
            charged_at__isnull=True, order__status=Order.Status.CONFIRMED
        )


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
    # Set before the one try is made, whatever becomes of it.
    charged_at = models.DateTimeField(_("charged"), null=True)

    objects = SavedMethodQuerySet.as_manager()

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
