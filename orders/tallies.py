"""The per-buyer limit: units per campaign and identity, over all orders.

An identity is a digest of a normalised e-mail or phone, so that the table holds no
personal data. An order keeps the identities it claimed: what is released is exactly
what was taken, even after the buyer's e-mail was corrected.
"""

from django.db import connection
from django.db.models import F
from django.utils.crypto import salted_hmac

from campaigns.models import Campaign
from orders.models import BuyerTally, Order

# The claim is one statement, so that two orders of one buyer cannot both see room.
CLAIM = """
    INSERT INTO orders_buyertally (campaign_id, identity, units) VALUES (%s, %s, %s)
    ON CONFLICT (campaign_id, identity) DO UPDATE
    SET units = orders_buyertally.units + excluded.units
"""
GMAIL = ("gmail.com", "googlemail.com")
WITHIN_LIMIT = " WHERE orders_buyertally.units + excluded.units <= %s"


class BuyerLimitReached(Exception):
    """The buyer already holds too many units of this campaign."""

    def __init__(self, *, limit: int, wanted: int) -> None:
        super().__init__(f"{wanted} wanted, {limit} per buyer")
        self.limit, self.wanted = limit, wanted


def identities(*, email: str, phone: str) -> list[str]:
    """Digests in the order in which their tallies are claimed: e-mail, then phone."""
    spellings = [("email", normalised_email(email)), ("phone", phone)]
    return [_digest(kind, value) for kind, value in spellings if value]


def normalised_email(email: str) -> str:
    """One mailbox, one spelling: lower case, without a `+tag`, the domain in ASCII.

    Gmail, where most buyers are, has two names and ignores dots in the mailbox's.
    """
    mailbox, at, domain = email.strip().casefold().partition("@")
    mailbox, domain = mailbox.partition("+")[0], _in_ascii(domain)
    if domain in GMAIL:
        mailbox, domain = mailbox.replace(".", ""), GMAIL[0]
    return f"{mailbox}{at}{domain}"


def _in_ascii(domain: str) -> str:
    """As mail is sent to it: wide letters and `xn--` are spellings of one domain."""
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return domain


def _digest(kind: str, value: str) -> str:
    return salted_hmac(f"orders.tallies.{kind}", value, algorithm="sha256").hexdigest()


def claim(order: Order, *, campaign: Campaign, units: int) -> None:
    """Count the units for every identity of the order, or raise BuyerLimitReached."""
    claim_for(order.limit_keys, campaign=campaign, units=units)


def claim_for(keys: list[str], *, campaign: Campaign, units: int) -> None:
    limit = campaign.buyer_limit
    if limit is not None and units > limit:
        raise BuyerLimitReached(limit=limit, wanted=units)
    for identity in keys:
        if not _claim(campaign.pk, identity, units, limit):
            raise BuyerLimitReached(limit=limit or 0, wanted=units)


def _claim(campaign_id: int, identity: str, units: int, limit: int | None) -> bool:
    statement = CLAIM
    values: tuple[int | str, ...] = (campaign_id, identity, units)
    if limit is not None:
        statement, values = CLAIM + WITHIN_LIMIT, (*values, limit)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount == 1)


def release(order: Order, *, campaign_id: int, units: int) -> None:
    for identity in order.limit_keys:
        tally = BuyerTally.objects.filter(campaign_id=campaign_id, identity=identity)
        tally.update(units=F("units") - units)


def held_by(*, campaign_id: int, email: str, phone: str) -> int:
    """Units the buyer holds now, for the words of a refusal."""
    tallies = BuyerTally.objects.filter(
        campaign_id=campaign_id, identity__in=identities(email=email, phone=phone)
    )
    return max((tally.units for tally in tallies), default=0)
