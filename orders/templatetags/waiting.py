"""The waiting list on pages of other apps."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.db.models import Count, Sum

from campaigns.lists import link_to
from campaigns.models import Allotment, Batch, Campaign
from campaigns.money import format_money
from orders.models import WaitlistEntry
from orders.waitlist import another_batch, public_sale

register = template.Library()


@register.inclusion_tag("orders/waitlist_link.html")
def waitlist_link(
    campaign: Campaign, batch: Batch, quantities: Mapping[int, int]
) -> dict[str, Any]:
    """Leads to the list for the first of these variants that nobody can order now."""
    allotments = Allotment.objects.of([batch]).filter(variant__in=quantities)
    batch.campaign = campaign
    gone = (a.variant_id for a in allotments if public_sale.is_gone(a, batch))
    variant_id = next(gone, None)
    return {
        "campaign": campaign,
        "batch": batch,
        "variant_id": variant_id,
        "units": quantities.get(variant_id, 1) if variant_id else 1,
    }


@register.inclusion_tag("orders/waiting_panel.html", takes_context=True)
def waiting_panel(context: dict[str, Any], batch: Batch) -> dict[str, Any]:
    """How many wait, for how much, and the way to another batch; for its staff."""
    user, seller = context["request"].user, batch.campaign.seller
    waiting = WaitlistEntry.objects.waiting().filter(batch=batch).order_by()
    people = waiting.aggregate(people=Count("pk"))["people"]
    sums = waiting.values("variant__price").annotate(units=Sum("quantity"))
    money = sum((row["variant__price"] * row["units"] for row in sums), Decimal(0))
    return {
        "people": people,
        "units": sum(row["units"] for row in sums),
        "money": format_money(money, batch.campaign.currency),
        "sees_money": user.has_perm("campaigns.see_money", seller),
        "list_url": _list_of(batch, user),
        "add_url": another_batch.url_for(user, batch),
    }


def _list_of(batch: Batch, user: Any) -> str:
    if not user.has_perm("orders.view_waitlistentry", batch.campaign.seller):
        return ""
    waiting = WaitlistEntry.State.WAITING.value
    return link_to(WaitlistEntry, batch__id__exact=batch.pk, state__exact=waiting)
