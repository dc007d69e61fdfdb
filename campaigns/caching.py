"""How long any cache may keep a public page: a second, never past a cut-off."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

SECOND = timedelta(seconds=1)
KEPT = "public, max-age=1"
NOT_KEPT = "public, max-age=0"
Parameters = ParamSpec("Parameters")
Response = TypeVar("Response", bound=HttpResponseBase)
View = Callable[Concatenate[HttpRequest, Parameters], Response]


def for_everyone(view: View[Parameters, Response]) -> View[Parameters, Response]:
    """The view and what runs after it see no cookies: no page differs by visitor.

    Without this the session middleware answers a stale session cookie by deleting it,
    and a cache would hand that deletion to everyone.
    """

    @wraps(view)
    def without_cookies(
        request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> Response:
        request.COOKIES = {}
        return view(request, *args, **kwargs)

    return without_cookies


def public(
    response: HttpResponse, *, now: datetime, changes_at: datetime | None
) -> HttpResponse:
    """Cacheable until `changes_at`, the next opening or cut-off the page tells of.

    Caches count whole seconds and rendering takes its time, so in the last two
    seconds the page is not kept at all.
    """
    is_steady = changes_at is None or changes_at - now > 2 * SECOND
    response["Cache-Control"] = KEPT if is_steady else NOT_KEPT
    # The layout leaves the font out for readers who save data.
    patch_vary_headers(response, ["Save-Data"])
    return response
