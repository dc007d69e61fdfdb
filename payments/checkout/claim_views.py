"""The page of a place on the waiting list, where an offer is accepted."""

from http import HTTPStatus

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns.busy import is_busy
from campaigns.errors import SoldOut, WindowChanged
from campaigns.throttle import throttled
from orders import limit_words, origins
from orders.holds import limits as hold_limits
from orders.holds.limits import TooManyUnpaid
from orders.models import WaitlistEntry
from orders.pages import place_page, see_other
from orders.tallies import BuyerLimitReached
from orders.waitlist.views import show_place
from payments.checkout.claim_page import ClaimPage
from payments.checkout.claiming import OfferOver, complete, is_live


@require_http_methods(["GET", "HEAD", "POST"])
@throttled("claim", limit=64, seconds=60)
@place_page
def claim(request: HttpRequest, entry: WaitlistEntry) -> HttpResponse:
    order = entry.order
    if order and entry.state == WaitlistEntry.State.CLAIMED:
        is_sent = request.method == "POST"
        pay = reverse("payment:pay", args=[order.token])
        return see_other(pay if is_sent else order.get_absolute_url())
    if order is None or not is_live(entry, order):
        return show_place(request, entry)
    page = ClaimPage.of(request, entry, order)
    if request.method == "POST" and "quote" not in request.POST:
        return _submit(request, page)
    if page.basket.errors:
        page.is_valid()
        return _claim(request, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _claim(request, page, HTTPStatus.OK)


def _submit(request: HttpRequest, page: ClaimPage) -> HttpResponse:
    if not page.is_valid():
        return _claim(request, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    gateway, origin = page.form.cleaned_data["payment"], origins.of_request(request)
    try:
        order = complete(page.entry.pk, page.draft(origin), gateway=gateway)
    except BuyerLimitReached as refusal:
        words = limit_words.reached(refusal.limit, page.units_held())
        page.form.add_error(None, words)
        return _claim(request, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    except TooManyUnpaid as refusal:
        page.hoard = refusal
        return _claim(request, page, HTTPStatus.TOO_MANY_REQUESTS)
    except OfferOver:
        # Read again: the page says what became of it.
        return see_other(page.entry.url)
    except (WindowChanged, SoldOut) as refusal:
        return _again(request, page, refusal)
    except DatabaseError as error:
        if not is_busy(error):
            raise
        page.is_busy = True
        return _claim(request, page, HTTPStatus.SERVICE_UNAVAILABLE)
    return see_other(reverse("payment:pay", args=[order.token]))


def _again(
    request: HttpRequest, page: ClaimPage, refusal: WindowChanged | SoldOut
) -> HttpResponse:
    fresh = ClaimPage.of(request, page.entry, page.order)
    if isinstance(refusal, WindowChanged):
        notice = _("The shipping date has changed. Nothing was ordered yet.")
    else:
        notice = _("A price changed, and the batch cannot take this order any more.")
    fresh.show_again(notice)
    return _claim(request, fresh, HTTPStatus.CONFLICT)


def _claim(request: HttpRequest, page: ClaimPage, status: HTTPStatus) -> HttpResponse:
    context = {
        "page": page,
        "form": page.form,
        "entry": page.entry,
        "order": page.order,
        "campaign": page.campaign,
        "seller": page.campaign.seller,
    }
    response = render(request, "payments/claim.html", context, status=status)
    if seconds := hold_limits.COME_AGAIN.get(status):
        response["Retry-After"] = str(seconds)
    return response
