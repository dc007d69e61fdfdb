"""The door for gateways: verify the raw bytes, store once, answer at once."""

import logging
from http import HTTPStatus

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from campaigns.busy import is_busy
from payments import gateways, inbox
from payments.errors import BadSignature

logger = logging.getLogger(__name__)


@csrf_exempt
@require_POST
def webhook(request: HttpRequest, gateway: str) -> HttpResponse:
    if gateway not in gateways.configured():
        raise Http404
    try:
        raw = request.body
    except RequestDataTooBig:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        notices = gateways.get(gateway).verify(request.headers, raw)
    except BadSignature:
        logger.warning("%s: notification with a bad signature refused", gateway)
        return HttpResponse("bad signature", status=400, content_type="text/plain")
    try:
        for notice in notices:
            inbox.receive(gateway, notice, raw)
    except DatabaseError as error:
        if not is_busy(error):
            raise
        # Midtrans and others retry a 503 more often than a 500.
        return HttpResponse(status=503)
    return HttpResponse("ok", content_type="text/plain")
