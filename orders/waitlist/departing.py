"""Giving up a place or an offer: asked once, done, and then said at the same address.

The link of the place itself leads nowhere by then, as every link that is over.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from orders.models import WaitlistEntry
from orders.pages import place_page, see_other
from orders.waitlist import views as waitlist_views

State = WaitlistEntry.State


@require_http_methods(["GET", "HEAD", "POST"])
def departure(request: HttpRequest, token: str) -> HttpResponse:
    step = waitlist_views.departure if request.method == "POST" else _asked_or_said
    return step(request, token)


@place_page
def _asked_or_said(request: HttpRequest, entry: WaitlistEntry) -> HttpResponse:
    campaign = entry.batch.campaign
    context = {"entry": entry, "campaign": campaign, "seller": campaign.seller}
    if entry.state in (State.DECLINED, State.LEFT):
        return render(request, "orders/waitlist_place.html", context)
    if entry.state in WaitlistEntry.LIVE:
        return render(request, "orders/waitlist_departure.html", context)
    return see_other(entry.url)
