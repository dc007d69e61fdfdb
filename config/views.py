"""Pages that belong to no app."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve

from payments.views import checkout_again

# Long forms come back filled in; a short one is quickly typed again.
SHOWN_AGAIN = {"checkout:checkout": checkout_again}


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form left open for days comes back with its input kept and a new token."""
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return render(request, "403_csrf.html", status=HTTPStatus.FORBIDDEN)
    if shown_again := SHOWN_AGAIN.get(match.view_name):
        return shown_again(request, **match.kwargs)
    return render(request, "403_csrf.html", status=HTTPStatus.FORBIDDEN)
