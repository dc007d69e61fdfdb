"""Money of an order as its buyer reads it, for pages that know nothing of money."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.models import Order
from payments.dues import balance_of
from payments.models import Payment, Refund
from payments.pay_page import sums_of

register = template.Library()

State = Refund.State
REPLACED = (State.CANCELED, State.FAILED)
SENT = (State.SENDING, State.UNKNOWN, State.PENDING)
WORDS = {
    State.REQUESTED: gettext_lazy("It is sent shortly."),
    State.SENDING: gettext_lazy("It is being sent."),
    State.UNKNOWN: gettext_lazy("It is being sent; we are asking the payment company."),
    State.PENDING: gettext_lazy("It is on its way; a bank can take some days."),
    State.MANUAL: gettext_lazy("The seller pays it by hand and asks you where to."),
    State.SUCCEEDED: gettext_lazy("It was paid back the way you paid."),
}
BY_HAND = gettext_lazy("The seller transferred it to the account you named.")
UNAPPROVED = gettext_lazy("It came twice; the seller looks at it, then sends it.")


@dataclass(frozen=True)
class RefundNews:
    """A refund with its progress, for components/track.html."""

    refund: Refund
    words: str
    steps: list[dict[str, str]]

    @property
    def asks_account(self) -> bool:
        return self.refund.state == State.MANUAL and bool(self.refund.approved_at)


@register.simple_tag
def money_set_aside(order: Order) -> list[Payment]:
    """What arrived and is counted nowhere yet: for mails that tell of an end."""
    return list(order.payments.exclude(amount_in_suspense=0).order_by("pk"))


@register.inclusion_tag("payments/buyer_panel.html")
def buyer_payments(order: Order) -> dict[str, Any]:
    """What was paid, what comes back and how far it is, what is due."""
    payments = list(order.payments.prefetch_related("refunds"))
    balance = balance_of(order, payments)
    return {
        "order": order,
        "sums": sums_of(order),
        "received": [p for p in payments if p.amount_received],
        "set_aside": [p for p in payments if p.amount_in_suspense],
        "taken_back": [p for p in payments if p.amount_reversed],
        "refunds": [_news(refund) for refund in _refunds(payments)],
        "balance": balance,
        "credit": min(balance.owed_back, _credit(order, payments)),
    }


def _credit(order: Order, payments: list[Payment]) -> Decimal:
    """What came twice and stays with an order that goes on."""
    if order.status not in Order.HOLDING:
        return Decimal(0)
    refunds = (refund for payment in payments for refund in payment.refunds.all())
    kept = (refund.amount for refund in refunds if refund.declined_at)
    return sum(kept, start=Decimal(0))


def _refunds(payments: list[Payment]) -> list[Refund]:
    """What a buyer may ask about: not what was withdrawn, or failed and replaced."""
    refunds = [refund for payment in payments for refund in payment.refunds.all()]
    return [refund for refund in refunds if refund.state not in REPLACED]


def _news(refund: Refund) -> RefundNews:
    state = State(refund.state)
    return RefundNews(refund, str(_words(refund)), _steps(state))


def _words(refund: Refund) -> Any:
    if refund.is_unapproved:
        return UNAPPROVED
    if refund.state == State.SUCCEEDED and refund.payout_account_id:
        return BY_HAND
    return WORDS[State(refund.state)]


def _steps(state: Refund.State) -> list[dict[str, str]]:
    if state == State.SUCCEEDED:
        states = ["done", "done", "done"]
    elif state in SENT:
        states = ["done", "now", "later"]
    else:
        states = ["now", "later", "later"]
    titles = [_("Arranged"), _("Sent"), _("Paid back")]
    pairs = zip(titles, states, strict=True)
    return [{"title": title, "state": state} for title, state in pairs]
