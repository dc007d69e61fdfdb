"""Questions about a campaign: read, asked, and confirmed by a mailed link."""

from contextlib import suppress
from http import HTTPStatus
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from campaigns.errors import InvalidTransition
from campaigns.models import Campaign, Question
from campaigns.throttle import throttled, too_many
from orders import origins
from orders.holds import limits as hold_limits
from orders.pages import see_other
from orders.questions import lifecycle as question_lifecycle
from orders.questions.form import QuestionForm

ANSWERS_A_PAGE = 20


@require_http_methods(["GET", "HEAD", "POST"])
@throttled("questions", limit=64, seconds=600)
@cache_control(private=True, no_cache=True)
def ask(request: HttpRequest, slug: str) -> HttpResponse:
    campaign = _campaign(slug)
    form = QuestionForm(request.POST if request.method == "POST" else None)
    if not form.is_bound:
        return _page(request, campaign, form, HTTPStatus.OK)
    if not form.is_valid():
        return _page(request, campaign, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    locale = get_language() or campaign.lang
    origin = origins.of_request(request)
    try:
        question_lifecycle.ask(form.question(campaign, locale=locale, origin=origin))
    except question_lifecycle.TooManyQuestions:
        return too_many(request, hold_limits.RETRY_AFTER_SECONDS)
    return render(request, "orders/question_sent.html", _of(campaign))


@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_cache=True)
def confirm(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Looking changes nothing: mail programs follow links by themselves."""
    asked = Question.objects.select_related("campaign__seller")
    question = get_object_or_404(asked, campaign__slug=slug, token=token)
    if request.method == "POST":
        with suppress(InvalidTransition):
            question.confirm()
        return see_other(request.path)
    context = _of(question.campaign) | {"question": question}
    response = render(request, "orders/question_confirm.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _campaign(slug: str) -> Campaign:
    public = Campaign.objects.public().select_related("seller")
    return get_object_or_404(public, slug=slug)


def _page(
    request: HttpRequest, campaign: Campaign, form: QuestionForm, status: HTTPStatus
) -> HttpResponse:
    answered = Paginator(campaign.questions.answered(), ANSWERS_A_PAGE)
    context = _of(campaign) | {
        "form": form,
        "answers": answered.get_page(request.GET.get("page")),
        "longest": Question.LONGEST_TEXT,
    }
    with timezone.override(campaign.seller.time_zone):
        return render(request, "orders/questions.html", context, status=status)


def _of(campaign: Campaign) -> dict[str, Any]:
    return {"campaign": campaign, "seller": campaign.seller}
