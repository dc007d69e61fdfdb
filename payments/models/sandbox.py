"""The sandbox gateway's own truth: what a real provider would keep on its side."""

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.clock import Clock


def new_session() -> str:
    return f"sbx_{secrets.token_urlsafe(18)}"


class SandboxPayment(models.Model):
    class State(models.TextChoices):
        OPEN = "open", _("Open")
        PAID = "paid", _("Paid")
        FAILED = "failed", _("Failed")
        EXPIRED = "expired", _("Expired")

    reference = models.CharField(max_length=30, unique=True)
    session = models.CharField(max_length=60, unique=True, default=new_session)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    received = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    state = models.CharField(max_length=7, choices=State, default=State.OPEN)
    description = models.CharField(max_length=200, blank=True)
    return_url = models.CharField(max_length=600, blank=True)
    # {refund key: {"id", "amount", "state"}}; amounts as text.
    refunds = models.JSONField(default=dict)
    next_refund_fails = models.BooleanField(default=False)
    # The notifications sent so far, oldest first, so that one can be sent again.
    notifications = models.JSONField(default=list)
    created_at = models.DateTimeField(db_default=Clock())

    class Meta:
        verbose_name = _("sandbox payment")
        verbose_name_plural = _("sandbox payments")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.reference
