"""The page of all public updates of a campaign."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns import caching, metadata, news
from campaigns.caching import for_everyone
from campaigns.models import Campaign


@for_everyone
@require_safe
def updates(request: HttpRequest, slug: str) -> HttpResponse:
    public = Campaign.objects.public().select_related("seller")
    campaign = get_object_or_404(public, slug=slug)
    page = news.page(campaign, request.GET.get("page", "1"))
    context = {
        "campaign": campaign,
        "seller": campaign.seller,
        "page": page,
        "posts": news.posts(page, campaign),
        "links": metadata.links(request.path),
    }
    with timezone.override(campaign.seller.time_zone):
        response = render(request, "campaigns/updates.html", context)
    return caching.public(response, now=timezone.now(), changes_at=None)
