"""The page that stops news; also what a mail program asks without showing it.

RFC 8058: one POST, without cookie, login or token of a form, answered by 200.
"""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from orders.pages import secret
from orders.subscriptions import unsubscribing
from orders.subscriptions.unsubscribing import Subject

View = Callable[[HttpRequest, Subject], None]
# What the form of the page sends beside what mail programs send.
ALL = "all"


def of_subject(change: View) -> Callable[[HttpRequest, str], HttpResponse]:
    """Do it for whom the link names, then show how things stand."""

    @wraps(change)
    def by_token(request: HttpRequest, token: str) -> HttpResponse:
        subject = Subject.of(token)
        if subject is None:
            raise Http404
        change(request, subject)
        with translation.override(subject.locale):
            context = {
                "subject": subject,
                "seller": subject.seller,
                "token": token,
                "is_stopped": subject.is_stopped,
                "address": _masked(subject.email),
            }
            response = render(request, "orders/unsubscribe.html", context)
        return secret(response, subject.locale)

    return by_token


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@of_subject
def unsubscribe(request: HttpRequest, subject: Subject) -> None:
    if request.method != "POST":
        return
    if request.POST.get("scope") == ALL:
        unsubscribing.stop_all(subject)
    else:
        unsubscribing.stop(subject)


@csrf_exempt
@require_POST
@of_subject
def resume(request: HttpRequest, subject: Subject) -> None:
    unsubscribing.resume(subject)


def _masked(email: str) -> str:
    """`s…@example.com`: enough for its owner, little for who was sent the link."""
    mailbox, at, domain = email.partition("@")
    return f"{mailbox[:1]}…{at}{domain}" if at else ""
