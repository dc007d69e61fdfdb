"""The page on which a buyer stops reminders, or asks for them again."""

from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from orders.models import Order
from orders.pages import order_page, see_other
from orders.reminders import ladders
from orders.reminders.ladders import Kind

WORDS = {
    Kind.PAYMENT: gettext_lazy("To pay the order"),
    Kind.BALANCE: gettext_lazy("To pay the balance"),
    Kind.ANSWER: gettext_lazy("To answer a question about the date"),
    Kind.ADDRESS: gettext_lazy("To check the address"),
}
STILL_COMES = {
    Kind.PAYMENT: gettext_lazy("The last notice before your place is given back."),
    Kind.BALANCE: gettext_lazy(
        "The mail that asks for the balance, and the last notice after its day."
    ),
    Kind.ANSWER: gettext_lazy("The question itself, and what was decided."),
    Kind.ADDRESS: gettext_lazy("The mail that announces the lock."),
}
TURNS = {"stop": True, "resume": False}


@dataclass(frozen=True)
class Row:
    kind: Kind
    is_stopped: bool

    @property
    def words(self) -> str:
        return str(WORDS[self.kind])

    @property
    def still_comes(self) -> str:
        return str(STILL_COMES[self.kind])


@require_http_methods(["GET", "HEAD", "POST"])
@order_page
def page(request: HttpRequest, order: Order) -> HttpResponse:
    if request.method != "POST":
        return _shown(request, order)
    kind, turn = request.POST.get("kind", ""), request.POST.get("turn", "")
    if kind not in list(Kind) or turn not in TURNS:
        return _shown(request, order, HTTPStatus.UNPROCESSABLE_ENTITY)
    ladders.turn(order.pk, Kind(kind), stop=TURNS[turn])
    return see_other(request.path)


def _concerns(order: Order, kind: Kind) -> bool:
    """Whether a reminder of this kind could still come."""
    is_split = order.deposit < order.total
    is_unpaid = order.status == Order.Status.PENDING
    is_waiting = is_unpaid or order.status == Order.Status.CONFIRMED
    return {
        Kind.PAYMENT: is_unpaid,
        Kind.BALANCE: is_split and (is_unpaid or bool(order.still_due)),
        Kind.ANSWER: is_waiting,
        Kind.ADDRESS: is_waiting,
    }[kind]


def _shown(
    request: HttpRequest, order: Order, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    rows = [Row(kind, ladders.reminders_stopped(order, kind)) for kind in Kind]
    rows = [row for row in rows if row.is_stopped or _concerns(order, row.kind)]
    campaign = order.batch.campaign
    context = {
        "order": order,
        "campaign": campaign,
        "seller": campaign.seller,
        "rows": rows,
        "trouble": _("Nothing was changed") if status != HTTPStatus.OK else "",
    }
    return render(request, "orders/reminders.html", context, status=status)
