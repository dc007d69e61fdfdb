"""Secret pages: found by token alone, in the order's language, never cached."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control

from orders.models import Order

# More of the address than the token comes as keywords.
OrderView = Callable[..., HttpResponse]
TokenView = Callable[..., HttpResponse]
LONGEST_TOKEN = 64


def order_page(view: OrderView) -> TokenView:
    """Hand the view the order of the token; every wrong token is the same 404."""

    @wraps(view)
    def by_token(request: HttpRequest, token: str, **parts: int) -> HttpResponse:
        order = find(token)
        with translation.override(order.locale), timezone.override(order.zone):
            response = view(request, order, **parts)
        patch_cache_control(response, private=True, no_cache=True)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Content-Language"] = order.locale
        return response

    return by_token


def find(token: str) -> Order:
    if len(token) > LONGEST_TOKEN or "\x00" in token:
        raise Http404
    order = Order.objects.for_page().filter(token=token).first()
    if order is None:
        raise Http404
    return order
