"""Offering another batch to many orders: look first, then ask, then see what came."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import room, room_wording
from campaigns.actors import Actor
from campaigns.admin.transitions import staff
from campaigns.models import Batch
from orders.admin.moves import conditions, in_words
from orders.models import Decision, Order
from orders.moves import moving
from orders.moves import questions as move_questions
from orders.moves.forms import OfferForm
from orders.moves.moving import NotMovable

OFFER = "orders.offer_order"
SHOWN = 10
MOST = 500
LONGEST_ID = 18


@dataclass
class Plan:
    """Who is or was asked, and who is left out for which reason."""

    asked: list[Order] = field(default_factory=list)
    skipped: list[tuple[Order, str]] = field(default_factory=list)

    @classmethod
    def of(cls, orders: Iterable[Order], offer: dict[str, Any]) -> Self:
        """What asking now would do."""
        target = _target(offer)
        plan = cls()
        for order in orders:
            found = move_questions.hindrance_to_ask(
                order, target, offer["answer_by"], is_asked=vars(order)["is_asked"]
            )
            plan._enter(order, found)
        return plan

    @classmethod
    def carried_out(
        cls, orders: Iterable[Order], offer: dict[str, Any], actor: Actor
    ) -> Self:
        """Each order in a transaction of its own; asked before is asked no more."""
        plan = cls()
        for order in orders:
            plan._enter(order, _ask(order, offer, actor))
        return plan

    def _enter(self, order: Order, found: NotMovable.Reason | None) -> None:
        if found is None:
            self.asked.append(order)
        else:
            self.skipped.append((order, in_words(found)))

    @property
    def first(self) -> list[Order]:
        return self.asked[:SHOWN]

    @property
    def units(self) -> int:
        return sum(order.units for order in self.asked)


def _ask(order: Order, offer: dict[str, Any], actor: Actor) -> NotMovable.Reason | None:
    try:
        move_questions.ask_to_move(
            order.pk,
            target_id=offer["target"].pk,
            answer_by=offer["answer_by"],
            reason=offer["reason"],
            actor=actor,
        )
    except NotMovable as refusal:
        return refusal.reason
    return None


def _target(offer: dict[str, Any]) -> Batch:
    return moving.with_room(Batch.objects.with_clock()).get(pk=offer["target"].pk)


@admin.action(
    permissions=["offer"],
    description=gettext_lazy("Offer another batch to the chosen orders"),
)
def offer_batch(
    model_admin: Any, request: HttpRequest, queryset: "QuerySet[Order]"
) -> HttpResponse:
    return _page(request, _read(queryset), None)


def offers(request: HttpRequest) -> HttpResponse:
    """Where the page of the action sends its form; the choice is not in an address."""
    orders = admin.site.get_model_admin(Order)
    if not orders.allows(request.user, OFFER):  # type: ignore[attr-defined]
        raise PermissionDenied
    if request.method != "POST":
        return redirect("admin:orders_order_changelist")
    return _page(request, _read(_chosen(request, orders)), request.POST)


def _chosen(request: HttpRequest, orders: Any) -> "QuerySet[Order]":
    """The posted orders of the sellers for whom this person may ask."""
    texts = request.POST.getlist("order")[: MOST + 1]
    ids = [
        int(t) for t in texts if t.isascii() and t.isdigit() and len(t) <= LONGEST_ID
    ]
    own = orders.related_rows(request, Order, "offer").order_by().values("pk")
    return Order.objects.filter(pk__in=ids).filter(pk__in=own)


def _read(queryset: "QuerySet[Order]") -> list[Order]:
    asked = Decision.objects.open().filter(order=OuterRef("pk"))
    rows = Order.objects.filter(pk__in=queryset.order_by().values("pk"))
    rows = rows.for_page().annotate(is_asked=Exists(asked))
    return list(rows.order_by("pk")[: MOST + 1])


def _page(request: HttpRequest, orders: list[Order], data: Any) -> HttpResponse:
    targets = _targets(orders)
    if refusal := _refusal(orders, targets):
        messages.error(request, refusal)
        return redirect("admin:orders_order_changelist")
    form = OfferForm(data, targets=targets)
    context: dict[str, Any] = {"orders": orders, "form": form}
    if data is not None and data.get("step") != "edit" and form.is_valid():
        context |= _step(request, orders, form, data.get("step"))
    frame = admin.site.each_context(request) | {"opts": Order._meta}
    context |= {"title": _("Offer another batch"), "conditions": conditions()}
    context["units"] = sum(order.units for order in orders)
    context["first"] = orders[:SHOWN]
    return TemplateResponse(request, "admin/orders/order/offers.html", frame | context)


def _step(
    request: HttpRequest, orders: list[Order], form: OfferForm, step: str | None
) -> dict[str, Any]:
    offer = form.cleaned_data
    if step != "ask":
        found = room.in_batch(offer["target"])
        left = room_wording.units_left(found.left, found.cap)
        return {"plan": Plan.of(orders, offer), "offer": offer, "left": left}
    done = Plan.carried_out(orders, offer, staff(request))
    model_admin: Any = admin.site.get_model_admin(Order)
    for order in done.asked:
        model_admin.log_change(request, order, _("The buyer is asked by mail"))
    return {"done": done, "offer": offer}


def _targets(orders: list[Order]) -> "QuerySet[Batch]":
    """Every batch that one of them could be offered."""
    found = Batch.objects.none()
    for order in {(o.batch.campaign_id, o.batch_id): o for o in orders}.values():
        found = found | moving.targets_of(order)
    return found.order_by("campaign", "number")


def _refusal(orders: list[Order], targets: "QuerySet[Batch]") -> str:
    if len(orders) > MOST:
        return _("Choose at most %(most)s orders at a time.") % {"most": MOST}
    if not targets.exists():
        return _("There is no other batch that these orders could move to.")
    return ""
