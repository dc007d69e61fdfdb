"""Refunds: where each stands, what it waits for, and the list to pay by hand."""

from typing import ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from campaigns.admin.base import badge_column
from campaigns.admin.transitions import Transition
from campaigns.money import format_money
from payments.admin.base import MoneyAdmin
from payments.admin.cash_steps import PaidBack
from payments.admin.payouts import ListsPayouts
from payments.admin.refund_steps import Approve, Decline, PayByHand, TryAgain
from payments.dispute_alerts import held_back_by
from payments.models import Refund
from payments.tones import REFUNDS


@admin.register(Refund)
class RefundAdmin(ListsPayouts, MoneyAdmin):
    seller_path = "payment__order__batch__campaign__seller"
    order_path = ("payment", "order")
    transitions: ClassVar[list[Transition]] = [
        *(Approve(), Decline(), TryAgain(), PaidBack(), PayByHand()),
    ]
    list_display = (
        "reference",
        "order_link",
        badge_column("state", _("state"), REFUNDS),
        "amount_back",
        "source",
        "attempts",
        "moment",
    )
    list_filter = (
        *("state", "source", "payment__gateway", "run"),
        ("approved_at", admin.EmptyFieldListFilter),
    )
    list_select_related = ("payment__order",)
    search_fields = ("reference", "gateway_reference", "payment__order__number")
    fields = (
        "reference",
        "order_link",
        "payment",
        "state",
        "held_back",
        "amount_back",
        "source",
        "note",
        "approved_at",
        "run",
        "account",
        "gateway_reference",
        "failure",
        "attempts",
        "next_attempt_at",
        "sent_at",
        "succeeded_at",
        "moment",
    )
    readonly_fields = fields

    @admin.display(description=_("waits for"))
    def held_back(self, refund: Refund) -> str:
        return held_back_by(refund)

    @admin.display(description=_("payout account"))
    def account(self, refund: Refund) -> str:
        return refund.payout_account.masked if refund.payout_account else "–"

    @admin.display(description=_("amount"), ordering="amount")
    def amount_back(self, refund: Refund) -> str:
        return format_money(refund.amount, refund.payment.currency)
