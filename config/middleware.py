"""What stands before every page: honest answers instead of error pages."""

import logging
import re
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import unquote

from csp.constants import HEADER as POLICY_HEADER
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from campaigns.busy import RETRY_AFTER_SECONDS, is_busy

logger = logging.getLogger(__name__)


MAX_BODY = 1024**2
# Room for pictures; Django reads a form before it knows who sent it.
MAX_ADMIN_BODY = 64 * 1024**2
# A proof of transfer may be 8 MB; a larger one is still told so by its form, while
# `config.uploads` lets most of it pass by.
MAX_PROOF_BODY = 32 * 1024**2
PROOF_PAGE = re.compile(r"/o/[^/]+/proof/")
DEBUG_PAGES = (HTTPStatus.NOT_FOUND, HTTPStatus.INTERNAL_SERVER_ERROR)


class OddRequestMiddleware:
    """Refuses what no page of the shop can use, before anything reads it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # PostgreSQL stores no NUL: asked for one, it fails.
        if "\0" in request.path_info:
            return HttpResponse(status=HTTPStatus.NOT_FOUND)
        if "\0" in unquote(request.META.get("QUERY_STRING", "")):
            return HttpResponse(status=HTTPStatus.BAD_REQUEST)
        if _content_length(request) > (most := _most(request)):
            return _too_large(most)
        _drop_nul_cookies(request)
        return self.get_response(request)


def _drop_nul_cookies(request: HttpRequest) -> None:
    """Such a session never was."""
    cookies = request.COOKIES
    for name in [name for name, value in cookies.items() if "\0" in value]:
        del cookies[name]


def _content_length(request: HttpRequest) -> int:
    """As Django will read it; without a length it reads nothing."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _most(request: HttpRequest) -> int:
    if request.path_info.startswith("/admin/"):
        return MAX_ADMIN_BODY
    return MAX_PROOF_BODY if PROOF_PAGE.fullmatch(request.path_info) else MAX_BODY


def _too_large(most: int) -> HttpResponse:
    text = _("The form is larger than %(limit)s MB. Send fewer or smaller pictures.")
    return HttpResponse(
        text % {"limit": most // 1024**2},
        status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        content_type="text/plain; charset=utf-8",
    )


class ContentPolicyMiddleware:
    """The policy of `settings`, put together once: no page has a nonce or its own part.

    django-csp's own middleware does it twice for every answer.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = build_policy()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Django's pages about an error have scripts and styles inside.
        is_debug_page = settings.DEBUG and response.status_code in DEBUG_PAGES
        if not is_debug_page:
            response.headers.setdefault(POLICY_HEADER, self.policy)
        return response


class BusyMiddleware:
    """Turns a database that is too busy into a 503."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(
        self, request: HttpRequest, exception: Exception
    ) -> HttpResponse | None:
        if not is_busy(exception):
            return None
        logger.warning("busy: %s", exception)
        response = render(request, "503.html", status=503)
        response["Retry-After"] = str(RETRY_AFTER_SECONDS)
        return response
