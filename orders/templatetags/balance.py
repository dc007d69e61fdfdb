"""The balance of a deposit order, in words."""

from django import template

from orders import balance_words
from orders.balance_terms import BalanceTerms
from orders.models import Order

register = template.Library()


@register.filter
def balance_rules(order: Order) -> list[str]:
    return balance_words.of_order(order)


@register.filter
def without_balance(terms: BalanceTerms) -> str:
    """What happens when it is not paid by its day."""
    return " ".join(balance_words.unpaid(terms))


@register.filter
def ending(terms: BalanceTerms) -> str:
    """What happens when the last notice passes too."""
    return balance_words.ending(terms)
