"""A campaign as buyers would see it, for its own people only."""

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from campaigns.admin.base import ShopModelAdmin
from campaigns.offer import Offer
from campaigns.text import markdown

NAME = "campaigns_campaign_preview"


class PreviewedAdmin(ShopModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.preview_view)
        return [path("<path:object_id>/preview/", view, name=NAME), *super().get_urls()]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        row = context.get("original")
        if row is not None and self.may_preview(request, row):
            context["preview_url"] = reverse(f"admin:{NAME}", args=[row.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    def may_preview(self, request: HttpRequest, row: Any) -> bool:
        """The page tells prices."""
        is_seen = self.has_view_permission(request, row)
        return is_seen and self.sees_money(request, row)

    @method_decorator(require_safe)
    def preview_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if not self.may_preview(request, row):
            raise PermissionDenied
        response = _page(request, Offer.preview(row.pk))
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Cache-Control"] = "private, no-store"
        return response


def _page(request: HttpRequest, offer: Offer) -> HttpResponse:
    context = {
        "offer": offer,
        "seller": offer.seller,
        "story": markdown.render(offer.campaign.story),
        "is_preview": True,
        "change_url": reverse(
            "admin:campaigns_campaign_change", args=[offer.campaign.pk]
        ),
    }
    with timezone.override(offer.seller.time_zone):
        return render(request, "campaigns/campaign_preview.html", context)
