"""The public pages. They carry nothing per visitor, so any cache may keep them."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from campaigns import caching, calendars, metadata, news, storefront
from campaigns.caching import for_everyone
from campaigns.clock import database_now
from campaigns.models import Batch, Campaign, Seller
from campaigns.offer import Offer
from campaigns.phases import next_change
from campaigns.text import markdown
from campaigns.web_addresses import absolute


@for_everyone
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    query = " ".join(storefront.search_words(request.GET.get("q", "")))
    shelf = storefront.home(query=query, page=request.GET.get("page", "1"))
    context = {
        "shelf": shelf,
        "query": query,
        "parameters": urlencode({"q": query}) if query else "",
        "links": metadata.links(request.path),
    }
    response = render(request, "campaigns/home.html", context)
    return caching.public(response, now=shelf.now, changes_at=shelf.changes_at)


@for_everyone
@require_safe
def seller(request: HttpRequest, slug: str) -> HttpResponse:
    shop = get_object_or_404(Seller, slug=slug)
    shelf = storefront.of_seller(shop, page=request.GET.get("page", "1"))
    context = {
        "seller": shop,
        "shelf": shelf,
        "terms": markdown.render(shop.terms),
        "refund_rule": markdown.render(shop.refund_rule),
        "links": metadata.links(request.path),
    }
    with timezone.override(shop.time_zone):
        response = render(request, "campaigns/seller.html", context)
    return caching.public(response, now=shelf.now, changes_at=shelf.changes_at)


@for_everyone
@require_safe
def campaign(request: HttpRequest, slug: str) -> HttpResponse:
    try:
        offer = Offer.load(slug)
    except Campaign.DoesNotExist:
        raise Http404 from None
    links = metadata.links(request.path)
    context = {
        "offer": offer,
        "seller": offer.seller,
        "story": markdown.render(offer.campaign.story),
        "links": links,
        "news": news.latest(offer.campaign),
        "product": metadata.product(offer, links.canonical),
        "share_image": metadata.share_image(offer),
    }
    with timezone.override(offer.seller.time_zone):
        response = render(request, "campaigns/campaign.html", context)
    return caching.public(response, now=offer.now, changes_at=offer.changes_at)


@for_everyone
@require_safe
def schedule(request: HttpRequest, slug: str) -> HttpResponse:
    """Every public batch, for a calendar that may look as often as it likes."""
    batches = list(calendars.with_history(Batch.objects.at(slug)).order_by("number"))
    if not batches:
        raise Http404
    campaign, now = batches[0].campaign, database_now()
    url = absolute(campaign.get_absolute_url())
    entries = (
        entry
        for batch in batches
        for entry in calendars.of_batch(batch, url=url, now=now)
    )
    response = calendars.response(entries, name=campaign.title, filename=campaign.slug)
    changes_at = next_change(batches, now)
    return caching.public(response, now=now, changes_at=changes_at)


@for_everyone
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    return _text(request, "campaigns/terms.html")


@for_everyone
@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return _text(request, "campaigns/privacy.html")


def _text(request: HttpRequest, template: str) -> HttpResponse:
    response = render(request, template, {"links": metadata.links(request.path)})
    return caching.public(response, now=timezone.now(), changes_at=None)
