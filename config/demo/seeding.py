"""Creates what the demo lacks, relative to now, and edits nothing that is there."""

from collections.abc import Iterator

from config.demo import people
from config.demo.campaigns import OFFERS


def seed() -> Iterator[str]:
    """Tells in words what it creates while it goes; nothing when all is there."""
    people.get_or_create_user("admin", is_staff=True, is_superuser=True)
    sellers = {}
    for brand in people.BRANDS:
        sellers[brand.slug], is_new = brand.create()
        if is_new:
            yield f"seller {brand.slug}"
    for offer in OFFERS:
        yield from offer.create_missing(sellers[offer.seller])
