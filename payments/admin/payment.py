"""Payments: what was asked, what came, and what of it is set aside."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaigns.admin.base import badge_column, money_column
from campaigns.admin.transitions import Transition
from payments.admin.base import MoneyAdmin
from payments.admin.exceptions import STEPS, set_aside, steps_column
from payments.models import Payment
from payments.tones import PAYMENTS


@admin.register(Payment)
class PaymentAdmin(MoneyAdmin):
    seller_path = "order__batch__campaign__seller"
    transitions: ClassVar[list[Transition]] = [*STEPS]
    state_badge = staticmethod(badge_column("state", _("state"), PAYMENTS))
    amount_due = staticmethod(money_column("amount", _("amount")))
    amount_in = staticmethod(money_column("amount_received", _("received")))
    amount_back = staticmethod(
        money_column("amount_refunding", _("refunded or being refunded"))
    )
    list_display = (
        "reference",
        "order_link",
        "gateway",
        "state_badge",
        "amount_due",
        "amount_in",
        "amount_set_aside",
        "needs_review",
        "moment",
    )
    list_filter = ("state", "gateway", "needs_review", "purpose")
    list_select_related = ("order",)
    search_fields = ("reference", "gateway_reference", "order__number")
    fields = (
        "reference",
        "order_link",
        "gateway",
        "method",
        "purpose",
        "state_badge",
        "amount_due",
        "amount_in",
        "amount_set_aside",
        "amount_reversed",
        "amount_back",
        "gateway_reference",
        "expires_at",
        "confirmed_at",
        "needs_review",
        "review_reason",
        "last_snapshot",
        "fetched_at",
        "moment",
    )
    readonly_fields = fields

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = super().get_list_display(request)
        return [*columns, steps_column(self, request)]

    @admin.display(description=_("not counted yet"), ordering="amount_in_suspense")
    def amount_set_aside(self, payment: Payment) -> str:
        return set_aside(payment)

    amount_set_aside.is_money = True  # type: ignore[attr-defined]
