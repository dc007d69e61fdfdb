"""Pages that belong to no app."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form left open for days comes back filled in, with a new token.

    A view may offer `refused_form(request, …)` for that; others get a plain page.
    """
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return render(request, "403_csrf.html", status=403)
    again = getattr(match.func, "refused_form", None)
    if again is None:
        return render(request, "403_csrf.html", status=403)
    response: HttpResponse = again(request, *match.args, **match.kwargs)
    return response
