"""What became of questions, for pages of apps that know no orders."""

from typing import Any

from django import template

from campaigns.models import Batch
from orders.models import Decision

register = template.Library()


@register.inclusion_tag("orders/admin_answers.html")
def answers(batch: Batch) -> dict[str, Any]:
    """Of the buyers who were offered to leave this batch."""
    counts = Decision.objects.filter(origin=batch).counted()
    return {"counts": counts, "batch": batch, "is_any": any(counts.values())}
