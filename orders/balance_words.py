"""The balance of one order in its buyer's words: until when, and what happens."""

from datetime import date

from django.utils import timezone
from django.utils.translation import gettext as _

from campaigns import balance_wording, dates
from orders.balance_terms import BalanceTerms
from orders.models import Order, OrderEvent


def of_order(order: Order) -> list[str]:
    """As agreed when it was placed; nothing once it is paid, or over."""
    is_split = order.deposit < order.total
    if order.status == Order.Status.PENDING:
        return sentences(order) if is_split else []
    return sentences(order) if is_split and order.still_due else []


def sentences(order: Order) -> list[str]:
    terms = BalanceTerms.of(order)
    passed = noted(order, terms)
    if passed and passed.last_day and terms.due_on:
        return [overdue(terms.due_on, passed.last_day), ending(terms)]
    return [due(terms), *unpaid(terms)]


def overdue(due_on: date, last_day: date) -> str:
    words = _(
        "The balance was due by %(due)s. You can still pay until the end of %(last)s."
    )
    return words % {"due": dates.day(due_on), "last": dates.day(last_day)}


def noted(order: Order, terms: BalanceTerms) -> OrderEvent | None:
    """That its day has passed."""
    is_past = terms.due_at is not None and terms.due_at <= timezone.now()
    return order.balance_overdue() if is_past else None


def due(terms: BalanceTerms) -> str:
    if terms.due_on:
        return balance_wording.due(days=None, on=terms.due_on)
    agreed = balance_wording.due(days=terms.days, on=terms.on)
    if terms.expected_on is None:
        return agreed
    planned = _("As planned, that is %(day)s.") % {"day": dates.day(terms.expected_on)}
    return f"{agreed} {planned}"


def unpaid(terms: BalanceTerms) -> list[str]:
    """Rules of before there were such rules promise nothing but to wait."""
    if terms.due_on is None and terms.days is None:
        return []
    return [balance_wording.unpaid(terms.unpaid, grace=terms.grace.days)]


def ending(terms: BalanceTerms) -> str:
    return balance_wording.ending(terms.unpaid)
