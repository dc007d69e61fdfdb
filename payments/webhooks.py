"""The door for gateways: verify the raw bytes, store once, answer at once."""

import logging
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from campaigns.throttle import admits
from payments import gateways, inbox
from payments.errors import BadSignature

logger = logging.getLogger(__name__)

MAX_BODY = 256 * 1024
FORGERIES = 30
FORGERIES_SECONDS = 60


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, gateway: str) -> HttpResponse:
    if not gateways.is_listened_to(gateway):
        raise Http404
    try:
        raw = _body(request)
        notices = gateways.get(gateway).verify(request.headers, raw)
    except RequestDataTooBig:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    except BadSignature:
        return _refused(request, gateway)
    try:
        for notice in notices:
            inbox.receive(gateway, notice, raw)
    except DatabaseError as error:
        # Only its first line: what follows quotes the row, which may name the buyer.
        reason = str(error).partition("\n")[0]
        logger.error("%s: notification not stored: %s", gateway, reason)
        # Midtrans and others retry a 503 more often than a 500.
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    return HttpResponse("ok", content_type="text/plain")


def _body(request: HttpRequest) -> bytes:
    """The raw bytes, also of a body sent in chunks; raises RequestDataTooBig.

    Django reads no further than the length that was announced, and takes none for an
    empty body; a server that ends the stream itself says so.
    """
    environ = request.META
    is_announced = bool(environ.get("CONTENT_LENGTH"))
    if is_announced or not environ.get("wsgi.input_terminated"):
        raw = request.body
    else:
        raw = environ["wsgi.input"].read(MAX_BODY + 1)
    if len(raw) > MAX_BODY:
        raise RequestDataTooBig
    return raw


def _refused(request: HttpRequest, gateway: str) -> HttpResponse:
    """A true notification is taken from any address, so a flood shuts nobody out."""
    scope, limit = f"forgery:{gateway}", FORGERIES
    if settings.RATE_LIMITS and not admits(
        scope, request, limit=limit, seconds=FORGERIES_SECONDS
    ):
        wait = {"Retry-After": str(FORGERIES_SECONDS)}
        return HttpResponse(status=HTTPStatus.TOO_MANY_REQUESTS, headers=wait)
    logger.warning("%s: notification with a bad signature refused", gateway)
    bad = HTTPStatus.BAD_REQUEST
    return HttpResponse("bad signature", status=bad, content_type="text/plain")
