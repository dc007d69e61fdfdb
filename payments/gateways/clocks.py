"""Moments in a gateway's own words, and how long its page may stay open."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import timezone

from payments.gateways.base import Caps, PaymentIn

JAKARTA = ZoneInfo("Asia/Jakarta")
# A balance has no hold of its own to end with.
WITHOUT_HOLD = timedelta(days=1)


def page_length(payment: PaymentIn, caps: Caps) -> timedelta:
    """Until the hold ends, as far as the gateway's bounds allow."""
    end, now = payment.expires_at, timezone.now()
    wanted = end - now if end and end > now else WITHOUT_HOLD
    longest = caps.longest_page or wanted
    return max(min(wanted, longest), caps.shortest_page)


def moment(text: object, zone: ZoneInfo | None = None) -> datetime | None:
    """None for what is no moment; without an offset it is meant in `zone`."""
    try:
        read = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return read if read.tzinfo else read.replace(tzinfo=zone or UTC)
