"""The way from a list that grows to one more batch of its campaign."""

from typing import Any

from django.urls import reverse

from campaigns.models import Batch


def url_for(user: Any, batch: Batch) -> str:
    """The form of a new batch, with the campaign; empty for who may add none."""
    if not user.has_perm("campaigns.add_batch", batch.campaign.seller):
        return ""
    page = reverse("admin:campaigns_batch_add")
    return f"{page}?campaign={batch.campaign_id}"
