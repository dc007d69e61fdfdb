"""The buyer's page of an address: change it, or confirm it, until it locks."""

from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.clock import database_now
from orders.addresses import changes as address_changes
from orders.addresses.changes import AddressFixed, ChangedTooOften, ShippingDiffers
from orders.addresses.form import AddressForm, address_form
from orders.models import Order
from orders.pages import order_page, see_other

Reason = AddressFixed.Reason


@dataclass(frozen=True)
class AddressPage:
    order: Order
    form: AddressForm
    hindrance: AddressFixed.Reason | None
    is_settled: bool
    # Nothing was done by what was sent.
    is_refused: bool = False

    @classmethod
    def of(
        cls, order: Order, form: AddressForm | None = None, *, is_refused: bool = False
    ) -> "AddressPage":
        return cls(
            order=order,
            form=form or address_form(order),
            hindrance=address_changes.hindrance(order, database_now()),
            is_settled=address_changes.is_settled(order),
            is_refused=is_refused,
        )

    @property
    def reason(self) -> str:
        return in_words(self.hindrance) if self.hindrance else ""


@require_http_methods(["GET", "HEAD", "POST"])
@order_page
def address(request: HttpRequest, order: Order) -> HttpResponse:
    if request.method != "POST":
        return _shown(request, AddressPage.of(order))
    form = address_form(order, request.POST)
    if not form.is_valid():
        page = AddressPage.of(order, form)
        return _shown(request, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        address_changes.change(order.pk, address=form.columns)
    except ShippingDiffers as refusal:
        form.add_error("province", differs_in_words(order, refusal))
        page = AddressPage.of(order, form)
        return _shown(request, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    except ChangedTooOften:
        words = _("You changed it many times today. Try again tomorrow.")
        form.add_error("address", words)
        page = AddressPage.of(order, form)
        return _shown(request, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    except AddressFixed:
        return _refused(request, order)
    return see_other(f"{order.get_absolute_url()}#address")


@require_POST
@order_page
def confirmation(request: HttpRequest, order: Order) -> HttpResponse:
    try:
        address_changes.confirm(order.pk)
    except AddressFixed:
        return _refused(request, order)
    return see_other(f"{order.get_absolute_url()}#address")


def _refused(request: HttpRequest, order: Order) -> HttpResponse:
    fresh = Order.objects.for_page().get(pk=order.pk)
    page = AddressPage.of(fresh, is_refused=True)
    return _shown(request, page, HTTPStatus.CONFLICT)


def _shown(
    request: HttpRequest, page: AddressPage, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    campaign = page.order.batch.campaign
    context = {"page": page, "order": page.order, "form": page.form}
    context |= {"campaign": campaign, "seller": campaign.seller}
    context["events"] = list(page.order.events.all())
    return render(request, "orders/address.html", context, status=status)


def in_words(reason: AddressFixed.Reason) -> str:
    return {
        Reason.OVER: _("This order has ended, so nothing is shipped."),
        Reason.PACKED: _("The order is packed or on its way to this address."),
        Reason.LOCKED: _(
            "The addresses of this batch are locked. Write to the seller: a wrong"
            " address may still be put right."
        ),
    }[reason]


def differs_in_words(order: Order, refusal: ShippingDiffers) -> str:
    named = {"service": order.shipping_service, "province": refusal.province}
    if not refusal.is_served:
        words = _(
            "%(service)s does not ship to %(province)s at the price you paid."
            " Write to the seller, who can help."
        )
        return words % named
    words = _(
        "Shipping with %(service)s to %(province)s costs something else than you"
        " paid. Write to the seller, who can help."
    )
    return words % named
