"""Refuses requests in a charset other than UTF-8, before Django sees them."""

from collections.abc import Iterable
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.utils.http import parse_header_parameters


def only_utf8(application: WSGIApplication) -> WSGIApplication:
    """No middleware of Django: it fails on a charset while it makes the request."""

    def guarded(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if _is_utf8(environ.get("CONTENT_TYPE", "")):
            return application(environ, start_response)
        status = HTTPStatus.BAD_REQUEST
        start_response(
            f"{status} {status.phrase}",
            [("Content-Type", "text/plain"), ("Content-Length", "0")],
        )
        return [b""]

    return guarded


def _is_utf8(content_type: str) -> bool:
    try:
        _kind, parameters = parse_header_parameters(content_type)
    except (LookupError, ValueError):
        return False
    return parameters.get("charset", "utf-8").lower() in ("utf-8", "utf8")
