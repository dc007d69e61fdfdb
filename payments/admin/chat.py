"""The admin's pages for an order taken by chat: choose a batch, type, send the link."""

from http import HTTPStatus
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from campaigns import room, room_wording
from campaigns.admin.transitions import staff
from campaigns.models import Batch
from campaigns.models.batch import BatchQuerySet
from campaigns.room import Room
from orders.models import Order
from payments.chat_orders import ChatPage, link_of, whatsapp_link

ADD = "orders.add_order"
LONGEST_ID = 18


@require_http_methods(["GET", "HEAD", "POST"])
def chat_order(request: HttpRequest) -> HttpResponse:
    batches = _batches(request)
    asked = request.GET.get("batch", "")
    if not asked:
        accepting = list(batches.accepting())
        rooms = room.in_batches(accepting)
        context = {
            "title": _("Which batch is it for?"),
            "batches": [_choice(batch, rooms[batch.pk]) for batch in accepting],
        }
        return _page(request, "admin/orders/order/chat_batches.html", context)
    data = request.POST if request.method == "POST" else None
    page = ChatPage.read(_chosen(batches, asked), data)
    order = page.place(actor=staff(request)) if data is not None else None
    return _placed(request, order) if order else _form_page(request, page)


def _choice(batch: Batch, found: Room) -> tuple[Batch, int, str]:
    """What is left of it, and why, where its units do not tell."""
    return batch, found.left, room_wording.hidden(found.cap)


@require_safe
def chat_order_placed(request: HttpRequest, pk: int) -> HttpResponse:
    """The secret link, for whoever may enter orders of this seller."""
    orders = _order_admin()
    order = orders.get_object(request, str(pk))
    if not orders.allows(request.user, ADD, order):
        raise PermissionDenied
    context = {
        "title": _("Order %(number)s is entered") % {"number": order.number},
        "order": order,
        "link": link_of(order),
        "whatsapp": whatsapp_link(order),
    }
    return _page(request, "admin/orders/order/chat_placed.html", context)


def _placed(request: HttpRequest, order: Order) -> HttpResponse:
    _order_admin().log_addition(request, order, [{"added": {}}])
    return redirect("admin:orders_order_chat_placed", order.pk)


def _form_page(request: HttpRequest, page: ChatPage) -> HttpResponse:
    closed = page.closed_in_words()
    if closed and not page.reasons:
        messages.warning(request, closed)
    status = HTTPStatus.OK
    if page.form.errors:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    if page.reasons:
        status = HTTPStatus.CONFLICT
    context = {
        "title": _("Order taken by chat: %(batch)s") % {"batch": page.batch},
        "page": page,
        "form": page.form,
        "campaign": page.batch.campaign,
    }
    return _page(request, "admin/orders/order/chat.html", context, status)


def _batches(request: HttpRequest) -> BatchQuerySet:
    """Of the sellers for whom this person may enter orders."""
    orders = _order_admin()
    if not orders.allows(request.user, ADD):
        raise PermissionDenied
    own = orders.related_rows(request, Batch, "add").order_by().values("pk")
    batches = Batch.objects.public().with_clock().filter(pk__in=own)
    return batches.select_related("campaign__seller").order_by("closes_at")


def _chosen(batches: BatchQuerySet, asked: str) -> Batch:
    is_id = asked.isascii() and asked.isdigit() and len(asked) <= LONGEST_ID
    batch = batches.filter(pk=int(asked)).first() if is_id else None
    if batch is None:
        raise Http404
    return batch


def _page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    opts = Order._meta
    frame = admin.site.each_context(request) | {"opts": opts, "has_permission": True}
    return TemplateResponse(request, template, frame | context, status=status)


def _order_admin() -> Any:
    return admin.site.get_model_admin(Order)
