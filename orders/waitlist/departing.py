"""Giving up a place or an offer: asked, done, and then said at the same address.

The link of the place itself leads nowhere by then, as every link that is over.
"""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from campaigns.errors import Refused
from orders.models import WaitlistEntry
from orders.pages import place_page, see_other
from orders.waitlist import places

State = WaitlistEntry.State


@require_http_methods(["GET", "HEAD", "POST"])
@place_page
def departure(request: HttpRequest, entry: WaitlistEntry) -> HttpResponse:
    if request.method == "POST":
        asked = request.POST.get("asked")
        if asked in WaitlistEntry.LIVE:
            # Refused: the batch went on at this moment; the page says what is true now.
            with suppress(Refused):
                places.depart(entry.pk, asked=State(asked))
        return see_other(entry.departure_url)
    campaign = entry.batch.campaign
    context = {"entry": entry, "campaign": campaign, "seller": campaign.seller}
    if entry.state in (State.DECLINED, State.LEFT):
        return render(request, "orders/waitlist_place.html", context)
    if entry.state in WaitlistEntry.LIVE:
        return render(request, "orders/waitlist_departure.html", context)
    return see_other(entry.url)
