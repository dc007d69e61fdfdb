"""Valid saved rows for tests; name only what the test is about."""

import io
import itertools
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.utils import timezone
from PIL import Image

from campaigns.models import (
    Allotment,
    Batch,
    Campaign,
    Picture,
    Seller,
    ShippingOption,
    Variant,
)

_numbers = itertools.count(1)


def make_seller(**overrides: Any) -> Seller:
    n = next(_numbers)
    values = {
        "name": f"Seller {n}",
        "slug": f"seller-{n}",
        "email": f"seller-{n}@example.com",
        "city": "Bandung",
        "refund_rule": "Full refund until production starts.",
    }
    return Seller.objects.create(**values | overrides)


def make_campaign(**overrides: Any) -> Campaign:
    """Published and not archived."""
    n = next(_numbers)
    values = {
        "slug": f"campaign-{n}",
        "title": f"Campaign {n}",
        "materials": "Cotton",
        "published_at": timezone.now() - timedelta(days=2),
    }
    seller = overrides.pop("seller", None) or make_seller()
    return Campaign.objects.create(seller=seller, **values | overrides)


def make_variant(**overrides: Any) -> Variant:
    n = next(_numbers)
    values = {"sku": f"sku-{n}", "options": {"Size": f"L{n}"}, "price": 185_000}
    campaign = overrides.pop("campaign", None) or make_campaign()
    return Variant.objects.create(campaign=campaign, **values | overrides)


def make_batch(**overrides: Any) -> Batch:
    """Open since yesterday, for seven days, ten units, an allotment per variant."""
    now = timezone.now()
    campaign = overrides.pop("campaign", None) or make_campaign()
    closes_at = overrides.get("closes_at") or now + timedelta(days=7)
    values = {
        "number": campaign.batches.count() + 1,
        "stage": Batch.Stage.OPEN,
        "opens_at": min(now, closes_at) - timedelta(days=1),
        "closes_at": closes_at,
        "capacity": 10,
        "production_starts_on": closes_at.date() + timedelta(days=1),
        "production_ends_on": closes_at.date() + timedelta(days=20),
        "ships_from": closes_at.date() + timedelta(days=25),
        "ships_until": closes_at.date() + timedelta(days=30),
    }
    batch = Batch.objects.create(campaign=campaign, **values | overrides)
    batch.complete_allotments()
    return batch


def make_allotment(**overrides: Any) -> Allotment:
    """The row of a batch and variant, made or changed to what is asked for."""
    batch = overrides.pop("batch", None)
    variant = overrides.pop("variant", None)
    batch = batch or make_batch(campaign=variant.campaign if variant else None)
    variant = variant or make_variant(campaign=batch.campaign)
    allotment, _ = Allotment.objects.update_or_create(
        batch=batch, variant=variant, defaults=overrides
    )
    return allotment


def make_picture(**overrides: Any) -> Picture:
    values = {"alt": "A shirt on a table", "file": picture_file()}
    campaign = overrides.pop("campaign", None) or make_campaign()
    return Picture.objects.create(campaign=campaign, **values | overrides)


def make_shipping_option(**overrides: Any) -> ShippingOption:
    values = {"service": "JNE REG", "base_price": 18_000, "days": "2–4"}
    seller = overrides.pop("seller", None) or make_seller()
    return ShippingOption.objects.create(seller=seller, **values | overrides)


def picture_file(
    size: tuple[int, int] = (800, 600), *, format: str = "PNG", mode: str = "RGB"
) -> "ContentFile[bytes]":
    buffer = io.BytesIO()
    Image.new(mode, size, "navy").save(buffer, format)
    return ContentFile(buffer.getvalue(), name=f"photo.{format.lower()}")
