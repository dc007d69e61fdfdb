"""A buyer's bank asks the money back: recorded, and no refund is sent meanwhile."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock
from payments.models.payment import Payment


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def open(self) -> Self:
        return self.filter(state=Dispute.State.OPEN)


class Dispute(models.Model):
    class State(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")
        CLOSED = "closed", _("Closed without a charge")

    payment = models.ForeignKey(
        Payment, models.PROTECT, related_name="disputes", verbose_name=_("payment")
    )
    gateway_reference = models.CharField(max_length=120)
    state = models.CharField(
        _("state"), max_length=6, choices=State, default=State.OPEN
    )
    # The gateway's own word for where it stands.
    status = models.CharField(_("status"), max_length=40, blank=True)
    reason = models.CharField(_("reason"), max_length=60, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2)
    # Money moves when it is withdrawn or reinstated, not when a dispute is opened.
    amount_withdrawn = models.DecimalField(
        _("withdrawn"), max_digits=14, decimal_places=2, default=0
    )
    answer_by = models.DateTimeField(_("answer by"), null=True)
    opened_at = models.DateTimeField(_("opened"), db_default=Clock())
    closed_at = models.DateTimeField(_("closed"), null=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["payment", "gateway_reference"],
                name="dispute_is_recorded_once",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["open", "won", "lost", "closed"]),
                name="dispute_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount_withdrawn__gte=0),
                name="dispute_amounts_are_in_range",
            ),
        ]

    def __str__(self) -> str:
        return self.gateway_reference
