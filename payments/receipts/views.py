"""The buyer's receipt, as a page to print and as a file."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from orders.models import Order
from orders.pages import order_page
from payments.receipts.pdf import pdf_of
from payments.receipts.receipt import NothingReceived, Receipt


@require_safe
@order_page
def receipt(request: HttpRequest, order: Order) -> HttpResponse:
    campaign = order.batch.campaign
    context = {
        "order": order,
        "campaign": campaign,
        "seller": campaign.seller,
        "receipt": _receipt(order),
    }
    return render(request, "payments/receipt.html", context)


@require_safe
@order_page
def receipt_pdf(request: HttpRequest, order: Order) -> HttpResponse:
    response = HttpResponse(pdf_of(_receipt(order)), content_type="application/pdf")
    name = f"receipt-{order.number}.pdf"
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response


def _receipt(order: Order) -> Receipt:
    """There is none before anything was received."""
    try:
        return Receipt.read(order)
    except NothingReceived as nothing:
        raise Http404 from nothing
