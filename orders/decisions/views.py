"""The page on which a buyer decides: one address for every kind of question."""

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns.clock import database_now
from campaigns.errors import CampaignError
from orders.decisions.page import DecisionPage, Trouble
from orders.delays.page import DelayPage
from orders.models import Decision, Order
from orders.moves.page import MovePage
from orders.pages import order_page


@require_http_methods(["GET", "HEAD", "POST"])
@order_page
def decision(request: HttpRequest, order: Order, decision_id: int) -> HttpResponse:
    """Reading answers nothing: mail programs fetch links ahead."""
    page = _page(order, decision_id)
    if request.method != "POST":
        return _shown(request, page)
    choice = request.POST.get("answer", "")
    if choice not in page.choices:
        page.trouble = Trouble(_("Nothing was decided"), _("Choose one of the two."))
        return _shown(request, page, HTTPStatus.UNPROCESSABLE_ENTITY)
    return _answer(request, page, Decision.Answer(choice))


def _page(order: Order, decision_id: int) -> DecisionPage:
    rows = Decision.objects.filter(order=order).select_related(
        "origin", "target__campaign"
    )
    decision = rows.filter(pk=decision_id).first()
    if decision is None:
        raise Http404
    kind = DelayPage if decision.is_delay else MovePage
    return kind(order=order, decision=decision, now=database_now())


def _answer(
    request: HttpRequest, page: DecisionPage, choice: Decision.Answer
) -> HttpResponse:
    try:
        page.answer(request, choice)
    except CampaignError as refusal:
        page = _page(Order.objects.for_page().get(pk=page.order.pk), page.decision.pk)
        page.tell(refusal)
        return _shown(request, page, HTTPStatus.CONFLICT)
    return HttpResponseRedirect(request.path, status=HTTPStatus.SEE_OTHER)


def _shown(
    request: HttpRequest, page: DecisionPage, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    campaign = page.order.batch.campaign
    context = {"page": page, "order": page.order, "campaign": campaign}
    context["seller"] = campaign.seller
    return render(request, page.template, context, status=status)
