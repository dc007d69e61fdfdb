"""Asking to be told of an opening or of news, and confirming it."""

from http import HTTPStatus

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from campaigns.models import Campaign
from campaigns.throttle import throttled, too_many
from orders import origins
from orders.holds import limits as hold_limits
from orders.origins import Origin
from orders.pages import secret
from orders.subscriptions import wishes
from orders.subscriptions.form import ReminderForm
from orders.subscriptions.wishes import Confirmation, Kind, TooManyWishes, Wish


@require_http_methods(["GET", "HEAD", "POST"])
@throttled("reminder", limit=64, seconds=600)
@cache_control(private=True, no_cache=True)
def reminder(request: HttpRequest, slug: str) -> HttpResponse:
    public = Campaign.objects.public().select_related("seller")
    campaign = get_object_or_404(public, slug=slug)
    is_ahead = not campaign.batches.accepting().exists()
    form = ReminderForm(request.POST or None, campaign=campaign, is_ahead=is_ahead)
    context = {"form": form, "campaign": campaign, "seller": campaign.seller}
    if not form.is_valid():
        is_refused = request.method == "POST"
        status = HTTPStatus.UNPROCESSABLE_ENTITY if is_refused else HTTPStatus.OK
        return render(request, "orders/reminder.html", context, status=status)
    try:
        wishes.ask(_wish(request, campaign, form))
    except TooManyWishes:
        return too_many(request, hold_limits.RETRY_AFTER_SECONDS)
    return render(request, "orders/reminder_sent.html", context)


def _wish(request: HttpRequest, campaign: Campaign, form: ReminderForm) -> Wish:
    return Wish(
        campaign=campaign,
        email=form.cleaned_data["email"],
        kinds=[Kind(kind) for kind in form.cleaned_data["kinds"]],
        locale=get_language() or campaign.lang,
        origin=origins.of_request(request) or Origin(),
    )


# Whoever has the link may do it, also where cookies are off.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscription(request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing: programs that check mails open every link."""
    confirmation = Confirmation.of(token)
    if confirmation is None:
        raise Http404
    if request.method == "POST":
        confirmation.confirm()
        confirmation = Confirmation.of(token) or confirmation
    locale = confirmation.first.locale
    with translation.override(locale):
        context = _of(confirmation)
        response = render(request, "orders/subscription.html", context)
    return secret(response, locale)


def _of(confirmation: Confirmation) -> dict[str, object]:
    campaign = next((row.campaign for row in confirmation.rows if row.campaign), None)
    return {
        "confirmation": confirmation,
        "campaign": campaign,
        "seller": confirmation.first.owner,
    }
