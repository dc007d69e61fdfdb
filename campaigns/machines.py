"""For browsers and crawlers, not for readers: a seller's colors, pictures, the map."""

from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.exceptions import SuspiciousFileOperation
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils._os import safe_join
from django.views.decorators.http import require_safe

from campaigns import theme as colors
from campaigns.caching import for_everyone
from campaigns.metadata import links
from campaigns.models import Campaign, Seller
from campaigns.web_addresses import absolute

HOUR_SECONDS = 3600
YEAR_SECONDS = 31_536_000
# Nothing else under MEDIA_ROOT is handed out; proofs of transfer lie outside of it.
PUBLIC_FOLDER = "pictures"
IMAGE_TYPES = {".webp": "image/webp", ".jpg": "image/jpeg", ".png": "image/png"}
MOST_ADDRESSES = 10_000
ROBOTS = """User-agent: *
Disallow: /admin/
Disallow: /o/
Disallow: /waitlist/
Disallow: /unsubscribe/
Disallow: /sandbox/
Sitemap: {}
"""


@for_everyone
@require_safe
def theme(request: HttpRequest, slug: str) -> HttpResponse:
    seller = get_object_or_404(Seller.objects.only("theme_color"), slug=slug)
    css = colors.stylesheet(seller.theme_color)
    response = HttpResponse(css, content_type="text/css; charset=utf-8")
    response["Cache-Control"] = f"public, max-age={HOUR_SECONDS}"
    return response


@for_everyone
@require_safe
def media(request: HttpRequest, name: str) -> HttpResponseBase:
    """A picture; its name is new for every upload, so it never changes."""
    content_type = IMAGE_TYPES.get(Path(name).suffix)
    if content_type is None:
        raise Http404
    response = FileResponse(_public_file(name), content_type=content_type)
    response["Cache-Control"] = f"public, max-age={YEAR_SECONDS}, immutable"
    response["X-Content-Type-Options"] = "nosniff"
    # Pictures are compressed already; this keeps GZipMiddleware away from them.
    response["Content-Encoding"] = "identity"
    return response


def _public_file(name: str) -> IO[bytes]:
    folder, _, rest = name.partition("/")
    if folder != PUBLIC_FOLDER:
        raise Http404
    try:
        return Path(safe_join(settings.MEDIA_ROOT / folder, rest)).open("rb")
    except (OSError, ValueError, SuspiciousFileOperation):
        raise Http404 from None


@for_everyone
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    campaigns = Campaign.objects.public().only("slug").order_by("-pk")
    sellers = Seller.objects.filter(campaigns__in=Campaign.objects.public()).distinct()
    pages = [*sellers.only("slug", "name"), *campaigns[:MOST_ADDRESSES]]
    paths = [reverse("campaigns:home"), *(page.get_absolute_url() for page in pages)]
    context = {"pages": [links(path) for path in paths]}
    response = render(
        request, "campaigns/sitemap.xml", context, content_type="application/xml"
    )
    response["Cache-Control"] = f"public, max-age={HOUR_SECONDS}"
    return response


@for_everyone
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    text = ROBOTS.format(absolute("/sitemap.xml"))
    response = HttpResponse(text, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = f"public, max-age={HOUR_SECONDS}"
    return response
