"""The page on which a buyer asks for news."""

from contextlib import suppress
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from campaigns.clock import database_now
from orders.models import Order
from orders.news import asking as asking_for_news
from orders.news.asking import NotSilent, Silence
from orders.pages import order_page, see_other


@require_http_methods(["GET", "HEAD", "POST"])
@order_page
def news(request: HttpRequest, order: Order) -> HttpResponse:
    if request.method == "POST":
        with suppress(NotSilent):
            asking_for_news.ask(order.pk)
            return see_other(request.path)
        return _page(request, order, HTTPStatus.CONFLICT)
    return _page(request, order, HTTPStatus.OK)


def _page(request: HttpRequest, order: Order, status: HTTPStatus) -> HttpResponse:
    campaign = order.batch.campaign
    context = {
        "order": order,
        "campaign": campaign,
        "seller": campaign.seller,
        "silence": Silence.of(order, database_now()),
    }
    return render(request, "orders/news.html", context, status=status)
