"""The public updates of a campaign as Atom."""

import re
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from campaigns import caching, news
from campaigns.caching import for_everyone
from campaigns.models import Campaign
from campaigns.news import Post
from campaigns.web_addresses import absolute, host

# What XML has no way to write.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class UpdatesFeed(Atom1Feed):
    """With the whole text as content, and an hour of its own while it is empty."""

    def latest_post_date(self) -> datetime:
        since: datetime = self.feed["since"]
        moments: list[datetime] = [item["updateddate"] for item in self.items]
        return max([since, *moments])

    def add_item_elements(self, handler: Any, item: Any) -> None:
        super().add_item_elements(handler, item | {"description": None})
        handler.addQuickElement("content", item["content"], {"type": "html"})


@for_everyone
@require_safe
def atom(request: HttpRequest, slug: str) -> HttpResponse:
    public = Campaign.objects.public().select_related("seller")
    campaign = get_object_or_404(public, slug=slug)
    feed = _feed(campaign, request.path)
    for post in news.for_feed(campaign):
        _add(feed, post, campaign)
    response = HttpResponse(
        feed.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8"
    )
    return caching.public(response, now=timezone.now(), changes_at=None)


def _feed(campaign: Campaign, path: str) -> UpdatesFeed:
    title = _("Updates of %(campaign)s") % {"campaign": campaign.title}
    return UpdatesFeed(
        title=_writable(title),
        link=absolute(_page_of(campaign)),
        description=_writable(campaign.tagline),
        language=get_language() or campaign.lang,
        author_name=_writable(campaign.seller.name),
        feed_url=absolute(path),
        feed_guid=absolute(path),
        since=campaign.published_at or campaign.created_at,
    )


def _add(feed: UpdatesFeed, post: Post, campaign: Campaign) -> None:
    content = render_to_string("campaigns/update_content.html", {"post": post})
    feed.add_item(
        title=_writable(post.title),
        link=absolute(f"{_page_of(campaign)}#{post.anchor}"),
        description="",
        unique_id=f"tag:{host()},{post.published_at:%Y-%m-%d}:{post.anchor}",
        unique_id_is_permalink=None,
        pubdate=post.published_at,
        updateddate=post.updated_at,
        content=_writable(content),
    )


def _page_of(campaign: Campaign) -> str:
    return reverse("campaigns:updates", args=[campaign.slug])


def _writable(text: str) -> str:
    return UNWRITABLE.sub("", text)
