"""How long any cache may keep a public page: a second, never past a cut-off."""

from datetime import datetime, timedelta

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers

SECOND = timedelta(seconds=1)


def public(
    response: HttpResponse, *, now: datetime, changes_at: datetime | None
) -> HttpResponse:
    """Cacheable until `changes_at`, the next opening or cut-off the page tells of.

    Caches count whole seconds and rendering takes its time, so in the last two
    seconds the page is not kept at all.
    """
    is_steady = changes_at is None or changes_at - now > 2 * SECOND
    response["Cache-Control"] = f"public, max-age={int(is_steady)}"
    # The layout leaves the font out for readers who save data.
    patch_vary_headers(response, ["Save-Data"])
    return response
