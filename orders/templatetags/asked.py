"""Answered questions on the page of their campaign."""

from typing import Any

from django import template

from campaigns.models import Campaign

register = template.Library()
SHOWN = 3


@register.inclusion_tag("orders/questions_answered.html")
def answered_questions(campaign: Campaign) -> dict[str, Any]:
    """The newest ones, and the way to all of them; one query."""
    newest = list(campaign.questions.answered()[: SHOWN + 1])
    return {
        "campaign": campaign,
        "questions": newest[:SHOWN],
        "are_more": len(newest) > SHOWN,
    }
