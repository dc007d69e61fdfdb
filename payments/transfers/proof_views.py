"""The page where a buyer sends a proof of transfer."""

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from campaigns.throttle import throttled
from orders.models import Order
from orders.pages import find, order_page, see_other
from payments.pay_page import PayPage
from payments.transfers import panel as transfer_panel
from payments.transfers import proofs
from payments.transfers.proof_form import ProofForm


@require_http_methods(["GET", "HEAD", "POST"])
@throttled("proof", limit=30, seconds=600)
@order_page
def proof(request: HttpRequest, order: Order) -> HttpResponse:
    payment = proofs.awaited(order)
    panel = transfer_panel.of(payment)
    if payment is None or panel is None:
        is_post = request.method == "POST"
        return _page(request, order, HTTPStatus.CONFLICT if is_post else HTTPStatus.OK)
    payment.order = order
    if request.method != "POST":
        return _page(request, order, transfer=panel, form=_if_allowed(panel, ProofForm))
    form = ProofForm(request.POST, request.FILES, payment=payment)
    if not form.is_valid():
        return _page(
            request, order, HTTPStatus.UNPROCESSABLE_ENTITY, transfer=panel, form=form
        )
    return _submit(request, order, form)


def _if_allowed(
    panel: transfer_panel.TransferPanel, form: type[ProofForm]
) -> ProofForm | None:
    return form(payment=panel.payment) if panel.can_send_proof else None


def _submit(request: HttpRequest, order: Order, form: ProofForm) -> HttpResponse:
    try:
        proofs.submit(order.pk, file=form.proof_file, claim=form.claim)
    except (proofs.NoTransferAwaited, proofs.TooManyProofs):
        order = find(order.token)
        panel = transfer_panel.of(proofs.awaited(order))
        return _page(request, order, HTTPStatus.CONFLICT, transfer=panel)
    return see_other(reverse("payment:pay", args=[order.token]))


def _page(
    request: HttpRequest,
    order: Order,
    status: HTTPStatus = HTTPStatus.OK,
    **context: Any,
) -> HttpResponse:
    campaign = order.batch.campaign
    context |= {
        "order": order,
        "campaign": campaign,
        "seller": campaign.seller,
        "page": PayPage.read(order),
        "most": proofs.MOST_PER_ORDER,
    }
    return render(request, "payments/proof.html", context, status=status)
