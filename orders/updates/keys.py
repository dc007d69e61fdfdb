"""What makes the mail of an update one and the same: the update and the mailbox."""

from django.db.models import QuerySet

from campaigns.models import Seller, Update
from orders.models import Message

KIND = "update"
# Enough of the digest to tell any two people apart; it becomes part of a Message-ID.
DIGEST_LENGTH = 32


def key_of(update_id: int, identity: str) -> str:
    """One mail for each person, whatever the number of their orders."""
    return f"{KIND}:{update_id}:{identity[:DIGEST_LENGTH]}"


def mails_to(identity: str, seller: Seller) -> "QuerySet[Message]":
    """Mails of this seller's updates to one mailbox, the newest first."""
    updates = Update.objects.published().filter(campaign__seller=seller)
    keys = [key_of(pk, identity) for pk in updates.values_list("pk", flat=True)]
    return Message.objects.filter(dedupe_key__in=keys).order_by("-pk")
