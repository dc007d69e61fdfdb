"""Money to look at: rows are written by the gateways' answers, never by hand."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from campaigns import dates
from campaigns.admin.base import ReadOnlyModelAdmin, badge_column, money_column
from campaigns.admin.scope import SUPERUSER_ONLY
from campaigns.admin.transitions import Transition
from campaigns.money import format_money
from orders.admin import OrderAdmin
from orders.models import Order
from payments import (  # noqa: F401  register their pages
    admin_ledger,
    admin_money,
    admin_refund_runs,
)
from payments.admin_chat import chat_order, chat_order_placed
from payments.admin_exceptions import STEPS, set_aside, steps_column
from payments.admin_payouts import ListsPayouts
from payments.admin_refund_steps import (
    Approve,
    Decline,
    PayByHand,
    RefundOrder,
    TryAgain,
)
from payments.admin_steps import CashReceived, PaidBack
from payments.dispute_alerts import held_back_by
from payments.models import (
    GatewayEvent,
    LedgerEntry,
    Payment,
    Refund,
    SandboxPayment,
)
from payments.tones import EVENTS, PAYMENTS, REFUNDS, SANDBOX

BODY_SHOWN = 4000

OrderAdmin.transitions.extend([CashReceived(), RefundOrder()])
OrderAdmin.pages += [
    ("chat/", chat_order, "chat"),
    ("chat/<int:pk>/", chat_order_placed, "chat_placed"),
]


class MoneyAdmin(ReadOnlyModelAdmin):
    """Rows that belong to an order, told in the staff's zone."""

    order_path: ClassVar[tuple[str, ...]] = ("order",)
    moment_name: ClassVar[str] = "created_at"

    @admin.display(description=_("order"))
    def order_link(self, row: Any) -> SafeString | str:
        for name in self.order_path:
            row = row and getattr(row, name)
        return link_to(row)

    @admin.display(description=_("when"))
    def moment(self, row: Any) -> str:
        return dates.moment_short(getattr(row, self.moment_name))


def link_to(order: Order | None) -> SafeString | str:
    if order is None:
        return "–"
    url = reverse("admin:orders_order_change", args=[order.pk])
    return format_html('<a href="{}">{}</a>', url, order.number)


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


@admin.register(GatewayEvent)
class GatewayEventAdmin(MoneyAdmin):
    seller_path = "payment__order__batch__campaign__seller"
    order_path = ("payment", "order")
    moment_name = "received_at"
    list_display = (
        "gateway",
        "type",
        "reference",
        badge_column("state", _("state"), EVENTS),
        "attempts",
        "duplicates",
        "order_link",
        "moment",
    )
    list_filter = ("state", "gateway", "type")
    list_select_related = ("payment__order",)
    search_fields = ("reference", "dedupe_key", "payment__order__number")
    fields = (
        "gateway",
        "type",
        "reference",
        "state",
        "order_link",
        "payment",
        "body_as_text",
        "error",
        "attempts",
        "duplicates",
        "dedupe_key",
        "next_attempt_at",
        "moment",
    )
    readonly_fields = fields

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """What a gateway wrote can name a card and a payer: for the operator alone."""
        is_operator = getattr(request.user, "is_superuser", False)
        return [f for f in self.fields if is_operator or f != "body_as_text"]

    def get_queryset(self, request: Any) -> Any:
        """The list leaves the bodies where they are."""
        return super().get_queryset(request).defer("body")

    @admin.display(description=_("body"))
    def body_as_text(self, event: GatewayEvent) -> SafeString:
        text = bytes(event.body).decode(errors="replace")
        cut = "…" if len(text) > BODY_SHOWN else ""
        return format_html("<pre>{}{}</pre>", text[:BODY_SHOWN], cut)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(MoneyAdmin):
    seller_path = "payment__order__batch__campaign__seller"
    moment_name = "at"
    list_display = (
        "moment",
        "kind",
        "debit",
        "credit",
        money_column("amount", _("amount")),
        "order_link",
    )
    list_filter = ("kind", "currency")
    list_select_related = ("order",)
    search_fields = ("debit", "credit", "order__number", "payment__reference")
    amount_booked = staticmethod(money_column("amount", _("amount")))
    fields = (
        "moment",
        "kind",
        "debit",
        "credit",
        "amount_booked",
        "order_link",
        "payment",
        "refund",
    )
    readonly_fields = fields
    ordering = ("-pk",)


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


# Their classes need `MoneyAdmin`, and register themselves.
from payments import (  # noqa: E402, F401
    admin_bank,
    admin_disputes,
    admin_proofs,
    admin_reconciliation,
    admin_saved_cards,
    admin_statements,
)
