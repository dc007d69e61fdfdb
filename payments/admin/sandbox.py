"""The sandbox's own side of a payment, for the operator alone."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from campaigns.admin.base import badge_column, money_column
from campaigns.admin.scope import SUPERUSER_ONLY
from payments.admin.base import MoneyAdmin
from payments.models import SandboxPayment
from payments.tones import SANDBOX


@admin.register(SandboxPayment)
class SandboxPaymentAdmin(MoneyAdmin):
    seller_path = SUPERUSER_ONLY
    state_badge = staticmethod(badge_column("state", _("state"), SANDBOX))
    amount_due = staticmethod(money_column("amount", _("amount")))
    amount_in = staticmethod(money_column("received", _("received")))
    list_display = ("reference", "state_badge", "amount_due", "amount_in", "moment")
    list_filter = ("state", "currency")
    search_fields = ("reference", "description")
    fields = (
        "reference",
        "state_badge",
        "amount_due",
        "amount_in",
        "description",
        "refunds",
        "moment",
    )
    readonly_fields = fields
