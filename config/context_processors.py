from typing import Any

from django.conf import settings
from django.http import HttpRequest


def shop(request: HttpRequest) -> dict[str, Any]:
    """What the layout of every page needs; no query."""
    return {
        "sandbox_banner": "sandbox" in settings.PAYMENT_GATEWAYS,
        "save_data": saves_data(request),
    }


def saves_data(request: HttpRequest) -> bool:
    return request.headers.get("Save-Data", "").lower() == "on"
