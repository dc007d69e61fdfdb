"""The sandbox's hosted payment page, as another company's site would serve it."""

from http import HTTPStatus
from urllib.parse import urlsplit

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from payments.models import SandboxPayment
from payments.sandbox import endings as sandbox_endings
from payments.sandbox import provider as sandbox


# It stands in for another site, which has no session or cookie of ours to protect.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_cache=True)
def hosted_page(request: HttpRequest, reference: str) -> HttpResponse:
    if request.method == "POST":
        return _finish(request, reference, request.POST.get("ending", ""))
    return _page(request, reference)


def _finish(request: HttpRequest, reference: str, ending: str) -> HttpResponse:
    if ending not in sandbox.ENDINGS:
        return _page(request, reference, HTTPStatus.BAD_REQUEST)
    try:
        row = sandbox.finish(reference, ending)
    except SandboxPayment.DoesNotExist:
        raise Http404 from None
    except sandbox.SessionOver:
        return _page(request, reference, HTTPStatus.CONFLICT)
    return HttpResponseRedirect(_back(row), status=HTTPStatus.SEE_OTHER)


def _back(row: SandboxPayment) -> str:
    return urlsplit(row.return_url).path or "/"


def _page(
    request: HttpRequest, reference: str, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    row = get_object_or_404(SandboxPayment, reference=reference)
    is_open = row.state == SandboxPayment.State.OPEN
    context = {
        "payment": row,
        "endings": sandbox_endings.buttons(is_open=is_open),
        "is_open": is_open,
        "is_refused": status != HTTPStatus.OK,
        "back": _back(row),
    }
    return render(request, "payments/sandbox.html", context, status=status)
