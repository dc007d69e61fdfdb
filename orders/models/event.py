"""What happened to an order, and who did it: the history both sides read."""

from datetime import date

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.append_only import AppendOnly
from campaigns.clock import Clock

# The day of a balance passed unpaid; `pay_until` is the last day to pay, if one is set.
BALANCE_OVERDUE = "balance_overdue"
NEWS_ASKED = "news_asked"
# The seller ended the time to pay before its day, to start production.
HOLD_ENDED = "hold_ended"
# Why an order was canceled.
UNPAID_BALANCE = "unpaid_balance"
DELAY_DECLINED = "delay_declined"
DELAY_UNANSWERED = "delay_unanswered"


class OrderEvent(AppendOnly):
    """The audit trail. `personal` is the one column that erasure empties."""

    order = models.ForeignKey(
        "orders.Order",
        models.PROTECT,
        related_name="events",
        verbose_name=_("order"),
    )
    kind = models.CharField(max_length=30)
    actor = models.CharField(max_length=10)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("user"),
    )
    at = models.DateTimeField(db_default=Clock())
    data = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    personal = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        verbose_name = _("order event")
        verbose_name_plural = _("order events")
        ordering = ["pk"]
        indexes = [
            models.Index(fields=["order", "kind"], name="event_by_order_kind"),
            # Few among all that happens, and counted in every round.
            models.Index(
                fields=["order", "at"],
                condition=Q(kind=NEWS_ASKED),
                name="event_news_asked",
            ),
        ]

    @property
    def last_day(self) -> date | None:
        """Of a balance: until when it may still be paid after its day."""
        noted = self.data.get("pay_until")
        return date.fromisoformat(noted) if noted else None

    def __str__(self) -> str:
        return f"{self.order}: {self.kind}"
