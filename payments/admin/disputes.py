"""Disputes to look at; they are answered at the gateway, by the day it names."""

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.admin.base import badge_column
from campaigns.money import format_money
from payments.admin.base import MoneyAdmin
from payments.models import Dispute
from payments.tones import DISPUTES

DESK = "https://dashboard.stripe.com/disputes/{}"


@admin.register(Dispute)
class DisputeAdmin(MoneyAdmin):
    seller_path = "payment__order__batch__campaign__seller"
    order_path = ("payment", "order")
    moment_name = "opened_at"
    state_badge = staticmethod(badge_column("state", _("state"), DISPUTES))
    list_display = (
        "gateway_reference",
        "order_link",
        "state_badge",
        "answer_until",
        "disputed",
        "withdrawn",
        "reason",
        "moment",
    )
    list_filter = ("state", "payment__gateway")
    list_select_related = ("payment__order",)
    search_fields = ("gateway_reference", "payment__order__number")
    fields = (
        "gateway_reference",
        "order_link",
        "payment",
        "state_badge",
        "status",
        "reason",
        "disputed",
        "withdrawn",
        "answer_until",
        "where_to_answer",
        "moment",
        "closed_at",
    )
    readonly_fields = fields
    ordering = ("-pk",)

    @admin.display(description=_("amount"), ordering="amount")
    def disputed(self, dispute: Dispute) -> str:
        return format_money(dispute.amount, dispute.payment.currency)

    @admin.display(description=_("withdrawn"), ordering="amount_withdrawn")
    def withdrawn(self, dispute: Dispute) -> str:
        return format_money(dispute.amount_withdrawn, dispute.payment.currency)

    @admin.display(description=_("answer by"), ordering="answer_by")
    def answer_until(self, dispute: Dispute) -> str:
        is_open = dispute.state == Dispute.State.OPEN
        until = dispute.answer_by if is_open else None
        return dates.moment_short(until) if until else "–"

    @admin.display(description=_("where to answer"))
    def where_to_answer(self, dispute: Dispute) -> SafeString | str:
        if dispute.payment.gateway != "stripe":
            return dispute.payment.gateway
        url = DESK.format(dispute.gateway_reference)
        link = '<a href="{}" rel="noopener noreferrer">dashboard.stripe.com</a>'
        return format_html(link, url)
