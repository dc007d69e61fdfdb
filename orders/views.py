"""The buyer's pages of an order."""

from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any

from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from campaigns.clock import database_now
from campaigns.throttle import throttled
from orders import cancellation as cancellations
from orders import emails, history, order_timeline, standing
from orders.decisions import settling
from orders.forms import FindForm
from orders.minimum import words as minimum_words
from orders.models import Order
from orders.news import buyer as buyer_news
from orders.pages import order_page
from orders.promises import Promises

LINK_AGAIN_AFTER_SECONDS = 600


@require_safe
@order_page
def status(request: HttpRequest, order: Order) -> HttpResponse:
    promises = Promises.of(order)
    prefetch_related_objects([order], "decisions__origin", "decisions__target")
    events = list(order.events.all())
    context = _of(order) | {
        "title": standing.title(order),
        "upcoming": standing.upcoming(order),
        "minimum": minimum_words.of_order(order),
        "lines": order.lines.all(),
        "events": events,
        "history": history.told_to_buyer(events),
        "steps": order_timeline.steps(order, promises),
        "promises": promises,
        "posts": buyer_news.posts_for(order),
        "can_cancel": _can_cancel(order),
        "question": settling.open_question(order),
    }
    return render(request, "orders/status.html", context)


def _of(order: Order) -> dict[str, Any]:
    campaign = order.batch.campaign
    return {"order": order, "campaign": campaign, "seller": campaign.seller}


def _can_cancel(order: Order) -> bool:
    try:
        cancellations.quote(order)
    except cancellations.NotCancelable:
        return False
    return True


@require_http_methods(["GET", "HEAD", "POST"])
@order_page
def cancellation(request: HttpRequest, order: Order) -> HttpResponse:
    if request.method == "POST":
        return _cancel(request, order)
    return _cancellation(request, order)


def _cancel(request: HttpRequest, order: Order) -> HttpResponse:
    try:
        shown = Decimal(request.POST.get("returned", ""))
        cancellations.cancel_as_shown(order.pk, shown=shown)
    except (
        InvalidOperation,
        cancellations.QuoteChanged,
        cancellations.NotCancelable,
    ):
        order.refresh_from_db()
        return _cancellation(request, order, HTTPStatus.CONFLICT)
    return HttpResponseRedirect(order.get_absolute_url(), status=HTTPStatus.SEE_OTHER)


def _cancellation(
    request: HttpRequest, order: Order, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    """What canceling returns and keeps, before anything is confirmed."""
    try:
        quote = cancellations.quote(order)
    except cancellations.NotCancelable:
        quote = None
    context = _of(order) | {
        "quote": quote,
        "paid": order.amount_paid - order.amount_refunded,
        "is_changed": status == HTTPStatus.CONFLICT,
    }
    return render(request, "orders/cancellation.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@throttled("find", limit=20, seconds=600)
@cache_control(private=True, no_cache=True)
def find(request: HttpRequest) -> HttpResponse:
    form = FindForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if order := form.order():
            turn = int(database_now().timestamp()) // LINK_AGAIN_AFTER_SECONDS
            emails.order_link(order, request_key=str(turn))
        return render(request, "orders/find_sent.html")
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.is_bound else HTTPStatus.OK
    return render(request, "orders/find.html", {"form": form}, status=status)
