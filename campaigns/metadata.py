"""What search engines and chat previews read: addresses, languages, schema.org data."""

import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.safestring import SafeString

from campaigns.choices import Choice
from campaigns.offer import Offer
from campaigns.web_addresses import absolute, in_language

SCHEMA = "https://schema.org"
HARMLESS = {ord(char): f"\\u{ord(char):04X}" for char in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class Links:
    """The page's own address, without its query, in each language."""

    canonical: str
    alternates: list[tuple[str, str]]


def links(path: str) -> Links:
    return Links(
        canonical=absolute(path),
        alternates=[
            (language, absolute(in_language(path, language)))
            for language, _ in settings.LANGUAGES
        ],
    )


def json_ld(data: dict[str, Any]) -> SafeString:
    """For a `<script type="application/ld+json">`: nothing in it ends the element."""
    return SafeString(json.dumps(data, ensure_ascii=False).translate(HARMLESS))  # noqa: S308


def product(offer: Offer, url: str) -> SafeString:
    campaign = offer.campaign
    return json_ld(
        {
            "@context": SCHEMA,
            "@type": "Product",
            "name": campaign.title,
            "description": campaign.tagline or campaign.title,
            "url": url,
            "inLanguage": campaign.lang,
            "image": [absolute(image.url) for image in offer.images],
            "brand": {"@type": "Brand", "name": campaign.seller.name},
            "offers": [_offer(offer, choice, url) for choice in offer.choices],
        }
    )


def share_image(offer: Offer) -> str:
    return absolute(offer.images[0].url) if offer.images else ""


def _offer(offer: Offer, choice: Choice, url: str) -> dict[str, Any]:
    campaign, batch = offer.campaign, offer.batch
    dated = batch if offer.phase.is_on_sale else None
    data = {
        "@type": "Offer",
        "url": url,
        "sku": choice.variant.sku,
        "name": choice.variant.label,
        "price": str(choice.price),
        "priceCurrency": campaign.currency,
        "availability": f"{SCHEMA}/{_availability(choice)}",
        "seller": {"@type": "Organization", "name": campaign.seller.name},
    }
    if dated and dated.closes_at:
        data["availabilityEnds"] = data["priceValidUntil"] = dated.closes_at.isoformat()
    if dated and dated.ships_from:
        data["availabilityStarts"] = dated.ships_from.isoformat()
    return data


def _availability(choice: Choice) -> str:
    return "PreOrder" if choice.most else "SoldOut"
