"""Who gets an update and who does not, in words for its staff."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.models import Update
from orders.updates.audience import in_words
from orders.updates.reach import Reach, Reason


@dataclass(frozen=True)
class Figure:
    label: str
    value: int
    url: str = ""


def headline(update: Update, reach: Reach) -> str:
    """`Batch 1, paid, not shipped: 131 people; 3 left out`"""
    people = ngettext("%(n)s person", "%(n)s people", reach.people)
    said = f"{in_words(update)}: {people % {'n': reach.people}}"
    reasons = reach_in_words(reach)
    return f"{said}; {reasons}" if reasons else said


def reach_in_words(reach: Reach) -> str:
    """`3 left out because: no e-mail address (2), wants no news (1)`"""
    counts = [(each, len(reach.skipped[each])) for each in Reason]
    left_out = [(each.label, n) for each, n in counts if n]
    total = sum(n for _label, n in left_out)
    if not total:
        return ""
    words = ngettext(
        "%(n)s order left out: %(why)s", "%(n)s orders left out: %(why)s", total
    )
    why = ", ".join(f"{label} ({n})" for label, n in left_out)
    return words % {"n": total, "why": why}


def figures(update: Update, reach: Reach) -> list[Figure]:
    """Each number of orders leads to its list."""
    rows = [Figure(_("Orders it is about"), reach.orders, orders_url(update))]
    rows += [Figure(_("People who get a mail"), reach.people)]
    if reach.subscribers or reach.unreachable_subscribers:
        rows.append(Figure(_("of these only subscribers"), reach.subscribers))
    for reason in Reason:
        if n := len(reach.skipped[reason]):
            label = _("Left out: %(reason)s") % {"reason": reason.label}
            rows.append(Figure(label, n, orders_url(update, reason)))
    return rows


def orders_url(update: Update, reason: str = "") -> str:
    value = f"{update.pk}-{reason}" if reason else str(update.pk)
    query = urlencode({"update": value})
    return f"{reverse('admin:orders_order_changelist')}?{query}"
