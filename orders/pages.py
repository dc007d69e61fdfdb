"""Secret pages: found by token alone, in the order's language, never cached."""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control

from campaigns.prepared import Prepared, given
from orders.models import Order, WaitlistEntry
from orders.models.line import LINES_OF_ORDER

# More of the address than the token comes as keywords.
OrderView = Callable[..., HttpResponse]
PlaceView = Callable[[HttpRequest, WaitlistEntry], HttpResponse]
TokenView = Callable[..., HttpResponse]
LONGEST_TOKEN = 64

ORDER_FOR_PAGE = Prepared(
    lambda: Order.objects.with_seller().filter(token=given("token")),
    lines=LINES_OF_ORDER,
)
ORDER_FOR_DOOR = Prepared(lambda: Order.objects.for_door().filter(token=given("token")))


def order_page(view: OrderView) -> TokenView:
    """Hand the view the order of the token; every wrong token is the same 404.

    An offer of the waiting list is no order yet: its page is the one of the place.
    """
    return _with_order(view, ORDER_FOR_PAGE)


def order_door(view: OrderView) -> TokenView:
    """The same where no page is shown: the view only leads on, and needs little."""
    return _with_order(view, ORDER_FOR_DOOR)


def _with_order(view: OrderView, orders: Prepared[Order]) -> TokenView:
    @wraps(view)
    def by_token(request: HttpRequest, token: str, **parts: int) -> HttpResponse:
        order = find(token, orders)
        with translation.override(order.locale), timezone.override(order.zone):
            if order.is_unfinished:
                response = see_other(order.waitlist_entry.url)
            else:
                response = view(request, order, **parts)
        return secret(response, order.locale)

    return by_token


def place_page(view: PlaceView) -> TokenView:
    """The same for a place on the waiting list."""

    @wraps(view)
    def by_token(request: HttpRequest, token: str) -> HttpResponse:
        entry = find_place(token)
        zone = entry.batch.campaign.seller.time_zone
        with translation.override(entry.locale), timezone.override(zone):
            response = view(request, entry)
        return secret(response, entry.locale)

    return by_token


def secret(response: HttpResponse, locale: str) -> HttpResponse:
    patch_cache_control(response, private=True, no_cache=True)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Content-Language"] = locale
    return response


def find(token: str, orders: Prepared[Order] = ORDER_FOR_PAGE) -> Order:
    """The order with all that its page shows, unless less is asked for."""
    try:
        return orders.get(token=_checked(token))
    except Order.DoesNotExist:
        raise Http404 from None


def find_place(token: str) -> WaitlistEntry:
    places = WaitlistEntry.objects.for_page().filter(token=_checked(token))
    if (entry := places.first()) is None:
        raise Http404
    return entry


def _checked(token: str) -> str:
    if len(token) > LONGEST_TOKEN or "\x00" in token:
        raise Http404
    return token


def see_other(url: str) -> HttpResponse:
    return HttpResponseRedirect(url, status=HTTPStatus.SEE_OTHER)
