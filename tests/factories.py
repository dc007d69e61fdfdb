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
from orders.models import Order
from payments import attempts
from payments.checkout.placing import Draft, DraftLine, place
from payments.models import Payment
from payments.sandbox import provider as sandbox

_numbers = itertools.count(1)
BUYER = {
    "name": "Sri Wahyuni",
    "address": "Jalan Riau 12, RT 3/RW 4",
    "province": "Jawa Barat",
    "city": "Kota Bandung",
    "district": "Coblong",
    "subdistrict": "",
    "postal_code": "40132",
    "landmark": "",
    "note": "",
}


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
    size: tuple[int, int] = (80, 60), *, format: str = "PNG", mode: str = "RGB"
) -> "ContentFile[bytes]":
    buffer = io.BytesIO()
    Image.new(mode, size, "navy").save(buffer, format)
    return ContentFile(buffer.getvalue(), name=f"photo.{format.lower()}")


def make_shop(**overrides: Any) -> Batch:
    """An open batch that can be ordered from: one variant, and a courier everywhere."""
    campaign = overrides.pop("campaign", None) or make_campaign(
        seller=make_seller(whatsapp="+6281200001111")
    )
    make_shipping_option(seller=campaign.seller)
    make_variant(campaign=campaign, options={"Ukuran": "L"}, sku="L")
    return make_batch(campaign=campaign, **overrides)


def checkout_data(batch: Batch, **overrides: Any) -> dict[str, Any]:
    """What a buyer's browser sends to order one unit of the first variant."""
    n = next(_numbers)
    campaign = batch.campaign
    variants = campaign.variants.values_list("pk", flat=True)
    couriers = campaign.seller.shipping_options.values_list("pk", flat=True)
    return {
        "batch": batch.number,
        f"quantity-{variants[0]}": 1,
        "schedule_version": batch.schedule_version,
        "submit_key": f"key-{n:032}",
        "name": "Sri Wahyuni",
        "email": f"sri-{n}@example.com",
        "phone": f"0812345{n:05}",
        "address": "Jalan Riau 12, RT 3/RW 4",
        "province": "Jawa Barat",
        "city": "Kota Bandung",
        "district": "Coblong",
        "postal_code": "40132",
        "shipping": couriers[0],
        "payment": "sandbox",
        "terms": "on",
    } | overrides


def make_order(**overrides: Any) -> Order:
    """A pending order of one unit, placed through the shop's own door.

    `batch` and `quantity` are what it is made from; other names are columns of it.
    """
    batch = overrides.pop("batch", None) or make_shop()
    quantity = overrides.pop("quantity", 1)
    order = place(_draft(batch, quantity), gateway="sandbox", submit_key=_submit_key())
    Order.objects.filter(pk=order.pk).update(**overrides)
    return Order.objects.for_page().get(pk=order.pk)


def make_confirmed_order(**overrides: Any) -> Order:
    """The same, paid in full on the sandbox's page."""
    order = make_order(**overrides)
    pay_in_sandbox(order)
    return Order.objects.for_page().get(pk=order.pk)


def pay_in_sandbox(order: Order, ending: str = "pay") -> None:
    """Let the buyer's visit to the sandbox end, and the shop ask how it ended."""
    sandbox.finish(order.payments.latest("pk").reference, ending)
    Payment.objects.filter(order=order).update(fetched_at=None)
    attempts.refresh(order)


def _draft(batch: Batch, quantity: int) -> Draft:
    batch = (
        Batch.objects.with_clock().select_related("campaign__seller").get(pk=batch.pk)
    )
    allotment = batch.allotments.select_related("variant").first()
    assert allotment is not None
    n = next(_numbers)
    line = DraftLine(variant=allotment.variant, allotment=allotment, quantity=quantity)
    return Draft(
        campaign=batch.campaign,
        batch=batch,
        schedule_version=batch.schedule_version,
        lines=(line,),
        shipping=batch.campaign.seller.shipping_options.get(),
        buyer=dict(BUYER, email=f"sri-{n}@example.com", phone=f"+62812345{n:05}"),
        locale="en",
    )


def _submit_key() -> str:
    return f"key-{next(_numbers):032}"
