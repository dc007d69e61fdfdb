"""The secret page on which a buyer names the account a refund is transferred to."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from campaigns.throttle import throttled
from orders.models import Order
from orders.pages import order_page, see_other
from payments.models import PayoutAccount, Refund
from payments.payouts import accounts as payout_accounts
from payments.payouts.accounts import NothingToPayOut
from payments.payouts.form import PayoutForm


@require_http_methods(["GET", "HEAD", "POST"])
@throttled("payout", limit=30, seconds=600)
@order_page
def refund(request: HttpRequest, order: Order) -> HttpResponse:
    form = PayoutForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        is_wrong = form.is_bound and payout_accounts.waiting(order)
        status = HTTPStatus.UNPROCESSABLE_ENTITY if is_wrong else HTTPStatus.OK
        return _shown(request, order, form, status)
    try:
        payout_accounts.name_account(order.pk, form.account())
    except NothingToPayOut:
        return _shown(request, order, form, HTTPStatus.CONFLICT)
    return see_other(request.path)


def _shown(
    request: HttpRequest, order: Order, form: PayoutForm, status: HTTPStatus
) -> HttpResponse:
    campaign = order.batch.campaign
    refunds = payout_accounts.waiting(order)
    account = PayoutAccount.objects.filter(order=order).first()
    context = {
        "order": order,
        "campaign": campaign,
        "seller": campaign.seller,
        "form": form,
        "refunds": refunds,
        "account": account,
        # An account stays hidden behind its last digits; to change it, enter it anew.
        "is_asked": bool(refunds)
        and (account is None or form.is_bound or "change" in request.GET),
        "paid": _paid_by_hand(order) if not refunds else [],
    }
    return render(request, "payments/refund.html", context, status=status)


def _paid_by_hand(order: Order) -> list[Refund]:
    paid = Refund.objects.filter(payment__order=order, state=Refund.State.SUCCEEDED)
    return list(paid.filter(payout_account__isnull=False).select_related("payment"))
