"""Checkout and pay: each view translates HTTP and does nothing else."""

from http import HTTPStatus
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.busy import is_busy
from campaigns.errors import BatchClosed, SoldOut, WindowChanged
from campaigns.throttle import throttled
from orders import limit_words, origins
from orders.holds import limits as hold_limits
from orders.holds.limits import TooManyUnpaid
from orders.lifecycle import NotExtendable
from orders.models import Order
from orders.pages import find, order_door, order_page
from orders.tallies import BuyerLimitReached
from payments import attempts, gateways
from payments.checkout.page import CheckoutPage
from payments.checkout.placing import place
from payments.extension import extend
from payments.pay_page import PayPage

no_shared_cache = cache_control(private=True, no_cache=True)


@require_http_methods(["GET", "HEAD", "POST"])
@throttled("checkout", limit=600, seconds=60)
@no_shared_cache
def checkout(request: HttpRequest, slug: str) -> HttpResponse:
    page = CheckoutPage.read(request, slug)
    if request.method == "POST" and "quote" not in request.POST:
        return _submit(request, page)
    if page.basket.errors:
        page.is_valid()
        return _checkout(request, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    if refusal := page.refusal_before_ordering():
        page.turn_to_next(refusal)
        return _checkout(request, page, HTTPStatus.CONFLICT)
    return _checkout(request, page, HTTPStatus.OK)


def _submit(request: HttpRequest, page: CheckoutPage) -> HttpResponse:
    if not page.is_valid():
        return _checkout(request, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    cleaned = page.form.cleaned_data
    try:
        order = place(
            page.draft(origins.of_request(request)),
            gateway=cleaned["payment"],
            submit_key=cleaned["submit_key"],
        )
    except BuyerLimitReached as refusal:
        page.form.add_error(None, limit_words.reached(refusal.limit, page.units_held()))
        return _checkout(request, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    except TooManyUnpaid as refusal:
        page.hoard = refusal
        return _checkout(request, page, HTTPStatus.TOO_MANY_REQUESTS)
    except (SoldOut, BatchClosed, WindowChanged) as refusal:
        page.turn_to_next(refusal)
        return _checkout(request, page, HTTPStatus.CONFLICT)
    except DatabaseError as error:
        if not is_busy(error):
            raise
        page.is_busy = True
        return _checkout(request, page, HTTPStatus.SERVICE_UNAVAILABLE)
    return see_other(reverse("payment:pay", args=[order.token]))


def checkout_again(request: HttpRequest, slug: str) -> HttpResponse:
    """A form left open for days: the same input with a new CSRF token."""
    page = CheckoutPage.read(request, slug)
    page.renew()
    return _checkout(request, page, HTTPStatus.FORBIDDEN)


def _checkout(
    request: HttpRequest, page: CheckoutPage, status: HTTPStatus
) -> HttpResponse:
    context = {
        "page": page,
        "form": page.form,
        "campaign": page.campaign,
        "seller": page.campaign.seller,
    }
    with timezone.override(page.campaign.seller.time_zone):
        response = render(request, "payments/checkout.html", context, status=status)
    if seconds := hold_limits.COME_AGAIN.get(status):
        response["Retry-After"] = str(seconds)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@throttled("pay", limit=60, seconds=600)
@order_page
def pay(request: HttpRequest, order: Order) -> HttpResponse:
    if request.method == "POST":
        return _start(request, order)
    return _page(request, "payments/pay.html", order)


def _page(
    request: HttpRequest,
    template: str,
    order: Order,
    status: HTTPStatus = HTTPStatus.OK,
    **more: Any,
) -> HttpResponse:
    campaign = order.batch.campaign
    context = {
        "order": order,
        "campaign": campaign,
        "seller": campaign.seller,
        "page": PayPage.read(order),
        **more,
    }
    return render(request, template, context, status=status)


def _start(request: HttpRequest, order: Order) -> HttpResponse:
    """Lead to the page of the open attempt, or of a new one by another way to pay."""
    wanted = request.POST.get("payment", "")
    payment = attempts.begin(order, wanted=wanted)
    if payment and wanted not in ("", payment.gateway):
        return _refused(request, order, "is_kept")
    if payment and payment.redirect_url:
        return see_other(payment.redirect_url)
    is_asked = bool(wanted or gateways.configured())
    if payment is None and is_asked and PayPage.read(find(order.token)).is_payable:
        return _refused(request, order, "has_no_way")
    return see_other(reverse("payment:pay", args=[order.token]))


def _refused(request: HttpRequest, order: Order, why: str) -> HttpResponse:
    """The way that was asked for cannot be had now; the page says so."""
    order = find(order.token)
    conflict = HTTPStatus.CONFLICT
    return _page(request, "payments/pay.html", order, conflict, **{why: True})


@require_http_methods(["GET", "HEAD", "POST"])
@order_page
def extension(request: HttpRequest, order: Order) -> HttpResponse:
    """What more time means; asked for once, it leads back to the pay page."""
    template = "payments/extension.html"
    if request.method != "POST":
        return _page(request, template, order)
    try:
        extend(order.pk)
    except NotExtendable:
        order.refresh_from_db()
        return _page(request, template, order, HTTPStatus.CONFLICT)
    return see_other(reverse("payment:pay", args=[order.token]))


@require_safe
@order_door
def returned(request: HttpRequest, order: Order) -> HttpResponse:
    """Back from the gateway: ask it for the truth; the address proves nothing."""
    order = attempts.refresh(order)
    if order.status == Order.Status.PENDING:
        return see_other(reverse("payment:pay", args=[order.token]))
    return see_other(order.get_absolute_url())


def see_other(url: str) -> HttpResponse:
    return HttpResponseRedirect(url, status=HTTPStatus.SEE_OTHER)
