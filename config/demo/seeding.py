"""Creates what the demo lacks, relative to now, and edits nothing that is there."""

from config.demo import people
from config.demo.campaigns import OFFERS


def seed() -> list[str]:
    """What was created, in words; nothing when all is there."""
    people.get_or_create_user("admin", is_staff=True, is_superuser=True)
    created: list[str] = []
    sellers = {}
    for brand in people.BRANDS:
        sellers[brand.slug], is_new = brand.create()
        created += [f"seller {brand.slug}"] if is_new else []
    for offer in OFFERS:
        created += offer.create_missing(sellers[offer.seller])
    return created
