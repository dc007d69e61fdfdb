"""Limits on unpaid orders at a time: nobody empties a batch without paying.

Counted are orders of the shop's own door, and offers of the waiting list once they are
accepted; what the staff entered is nobody's hoard.

The limit per buyer is exact: who claimed the buyer's tallies sees every order that
claimed them before. Those per address and per network are counted without a lock, so
that strangers never wait for each other: orders being placed at the same moment do not
see each other, and at most that many get in above the limit.
"""

from http import HTTPStatus

from django.db import connection

from campaigns import busy
from campaigns.errors import CampaignError
from orders.models import Order

PER_BUYER = 5
# A school, an office, a mobile carrier: many buyers share one address.
PER_ADDRESS = 100
PER_NETWORK = 400
RETRY_AFTER_SECONDS = 600
# When to come again, by the status of an answer that refuses for now.
COME_AGAIN = {
    HTTPStatus.SERVICE_UNAVAILABLE: busy.RETRY_AFTER_SECONDS,
    HTTPStatus.TOO_MANY_REQUESTS: RETRY_AFTER_SECONDS,
}

# Partial indexes carry both counts by origin. Orders of the buyer are read only when
# the tally says that there are units enough to have so many.
COUNT = """
SELECT
    (SELECT COUNT(*) FROM orders_order WHERE status = 'pending'
     AND NOT (hold_origin = '') AND hold_origin = %s AND id <> %s),
    (SELECT COUNT(*) FROM orders_order WHERE status = 'pending'
     AND NOT (hold_network = '') AND hold_network = %s AND id <> %s),
    CASE WHEN EXISTS (
        SELECT 1 FROM orders_buyertally
        WHERE campaign_id = %s AND identity IN (%s, %s) AND units >= %s)
    THEN (
        SELECT COUNT(*) FROM orders_order WHERE status = 'pending' AND phone <> ''
        AND source <> 'chat'
        AND batch_id IN (SELECT id FROM campaigns_batch WHERE campaign_id = %s)
        AND (CAST(limit_keys AS text) LIKE %s OR CAST(limit_keys AS text) LIKE %s)
        AND id <> %s)
    ELSE 0 END
"""


class TooManyUnpaid(CampaignError):
    """So many orders are unpaid already: all this buyer's, or of one connection."""

    def __init__(self, unpaid: int, *, is_buyers: bool) -> None:
        super().__init__(f"{unpaid} unpaid")
        self.unpaid, self.is_buyers = unpaid, is_buyers


def check(order: Order, *, campaign_id: int, units: int) -> None:
    """Raise TooManyUnpaid; in the order's transaction, once its tallies are claimed."""
    by_address, by_network, by_buyer = _counts(order, campaign_id, units)
    if by_buyer >= PER_BUYER:
        raise TooManyUnpaid(by_buyer, is_buyers=True)
    if by_address >= PER_ADDRESS or by_network >= PER_NETWORK:
        raise TooManyUnpaid(max(by_address, by_network), is_buyers=False)


def _counts(order: Order, campaign_id: int, units: int) -> tuple[int, int, int]:
    """Other unpaid orders: from the address, from the network, of the buyer."""
    keys = (order.limit_keys * 2)[:2]
    values = [
        *(order.hold_origin, order.pk, order.hold_network, order.pk),
        *(campaign_id, *keys, units + PER_BUYER),
        *(campaign_id, *(f"%{key}%" for key in keys), order.pk),
    ]
    with connection.cursor() as cursor:
        cursor.execute(COUNT, values)
        by_address, by_network, by_buyer = cursor.fetchone()
    return by_address, by_network, by_buyer
