"""The waiting list for buyers: join, look at one's place, change what one waits for."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.errors import BatchClosed, InvalidTransition
from campaigns.throttle import throttled, too_many
from orders import limit_words, origins
from orders.holds import limits as hold_limits
from orders.models import WaitlistEntry
from orders.pages import place_page, see_other
from orders.tallies import BuyerLimitReached
from orders.waitlist import places, wishes
from orders.waitlist.form import WishForm
from orders.waitlist.page import JoinPage
from orders.waitlist.public_sale import NotSold, StillAvailable
from orders.waitlist.wishes import BeyondBatch


@require_http_methods(["GET", "HEAD", "POST"])
@throttled("waitlist", limit=64, seconds=600)
@cache_control(private=True, no_cache=True)
def join(request: HttpRequest, slug: str) -> HttpResponse:
    page = JoinPage.read(request, slug)
    if page.is_closed:
        return _join(request, page, HTTPStatus.CONFLICT)
    if request.method != "POST":
        return _join(request, page, HTTPStatus.OK)
    if not page.form.is_valid():
        return _join(request, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    locale = get_language() or page.campaign.lang
    try:
        places.join(
            page.form.entry(
                batch_id=page.batch.pk, locale=locale, origin=_origin_of(request)
            )
        )
    except places.TooManyPlaces:
        return too_many(request, hold_limits.RETRY_AFTER_SECONDS)
    except (BatchClosed, NotSold, StillAvailable):
        return _join(request, JoinPage.read(request, slug), HTTPStatus.CONFLICT)
    return render(request, "orders/waitlist_sent.html", _of(page))


def _origin_of(request: HttpRequest) -> str:
    origin = origins.of_request(request)
    return origin.address if origin else ""


def _of(page: JoinPage) -> dict[str, object]:
    campaign = page.campaign
    return {"page": page, "campaign": campaign, "seller": campaign.seller}


def _join(request: HttpRequest, page: JoinPage, status: HTTPStatus) -> HttpResponse:
    context = _of(page) | {"form": page.form}
    with timezone.override(page.campaign.seller.time_zone):
        return render(request, "orders/waitlist.html", context, status=status)


def show_place(request: HttpRequest, entry: WaitlistEntry) -> HttpResponse:
    """Who waits sees for what; of a place that is over, the page says why."""
    is_waiting = entry.state == WaitlistEntry.State.WAITING
    status = HTTPStatus.OK if is_waiting else HTTPStatus.NOT_FOUND
    return _place(request, entry, WishForm.of(entry), status)


def _place(
    request: HttpRequest, entry: WaitlistEntry, form: WishForm, status: HTTPStatus
) -> HttpResponse:
    campaign = entry.batch.campaign
    context = {"entry": entry, "campaign": campaign, "seller": campaign.seller}
    page = "orders/waitlist_place.html"
    return render(request, page, context | {"form": form}, status=status)


@require_POST
@place_page
def quantity(request: HttpRequest, entry: WaitlistEntry) -> HttpResponse:
    if entry.state != WaitlistEntry.State.WAITING:
        return _unchanged(request, entry)
    form = WishForm.of(entry, request.POST)
    try:
        if form.is_valid():
            wishes.change(entry.pk, **form.cleaned_data)
            return see_other(entry.url)
    except InvalidTransition:
        return _unchanged(request, entry)
    except (BuyerLimitReached, BeyondBatch) as refusal:
        form.add_error("quantity", _in_words(refusal, entry))
    return _place(request, entry, form, HTTPStatus.UNPROCESSABLE_ENTITY)


def _in_words(refusal: BuyerLimitReached | BeyondBatch, entry: WaitlistEntry) -> str:
    if isinstance(refusal, BeyondBatch):
        return _("The batch makes at most %(most)s of it.") % {"most": refusal.most}
    return limit_words.reached(refusal.limit, wishes.held_by(entry))


def _unchanged(request: HttpRequest, entry: WaitlistEntry) -> HttpResponse:
    """It waits no more: its own page says what became of it."""
    entry.refresh_from_db(fields=["state", "quantity"])
    campaign = entry.batch.campaign
    context = {"entry": entry, "campaign": campaign, "seller": campaign.seller}
    page = "orders/waitlist_unchanged.html"
    return render(request, page, context, status=HTTPStatus.CONFLICT)
