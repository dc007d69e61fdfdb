"""Money of an order as its buyer reads it, for pages that know nothing of money."""

from dataclasses import dataclass
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


@dataclass(frozen=True)
class RefundNews:
    """A refund with its progress, for components/track.html."""

    refund: Refund
    words: str
    steps: list[dict[str, str]]


@register.inclusion_tag("payments/buyer_panel.html")
def buyer_payments(order: Order) -> dict[str, Any]:
    """What was paid, what comes back and how far it is, what is due."""
    payments = list(order.payments.prefetch_related("refunds"))
    return {
        "order": order,
        "sums": sums_of(order),
        "received": [p for p in payments if p.amount_received],
        "taken_back": [p for p in payments if p.amount_reversed],
        "refunds": [_news(refund) for refund in _refunds(payments)],
        "balance": balance_of(order, payments),
    }


def _refunds(payments: list[Payment]) -> list[Refund]:
    """What a buyer may ask about: not what was withdrawn, or failed and replaced."""
    refunds = [refund for payment in payments for refund in payment.refunds.all()]
    return [refund for refund in refunds if refund.state not in REPLACED]


def _news(refund: Refund) -> RefundNews:
    state = State(refund.state)
    return RefundNews(refund, str(WORDS[state]), _steps(state))


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
