"""What each rail behind Midtrans can pay back, and for how long.

By Midtrans' own pages; a contract may say otherwise. What is not on its list of
refundable ways to pay (every virtual account, counter and paylater of others) ends in
the payout list.
"""

from datetime import datetime, time, timedelta
from typing import Any

from payments.gateways.base import RefundRule
from payments.gateways.clocks import JAKARTA

QRIS = "qris"
QRIS_GOPAY = "qris_gopay"
QRIS_SHOPEEPAY = "qris_shopeepay"
QRIS_SHOPEEPAY_ON_US = "qris_shopeepay_on_us"
SHOPEEPAY = "shopeepay"

# None: no end is stated.
REFUND_DAYS: dict[str, int | None] = {
    "credit_card": None,
    "akulaku": None,
    "gopay": 45,
    "dana": 45,
    "ovo": 7,
    "kredivo": 14,
    SHOPEEPAY: 365,
    # Scanned with the app of another house ("off us").
    QRIS: 7,
    QRIS_GOPAY: 45,
    QRIS_SHOPEEPAY: 7,
    QRIS_SHOPEEPAY_ON_US: 365,
}
# Sent to the provider at once; the others wait for Midtrans' own rounds.
DIRECT = {"gopay", "akulaku", "kredivo", SHOPEEPAY}
NO_REFUND = RefundRule(by_api=False)
# ShopeePay takes no refunds from five to midnight until six in the morning.
NIGHT_FROM, NIGHT_UNTIL = time(23, 55), time(6)


def method_of(status: dict[str, Any]) -> str:
    """The way it was paid; for QRIS also through whom, since that rules its refund."""
    method = str(status.get("payment_type", ""))
    if method != QRIS:
        return method
    acquirer = str(status.get("acquirer", "")).lower()
    issuer = str(status.get("issuer", "")).lower()
    if "shopee" in acquirer:
        return QRIS_SHOPEEPAY_ON_US if "shopee" in issuer else QRIS_SHOPEEPAY
    return QRIS_GOPAY if acquirer == issuer == "gopay" else QRIS


def rule_of(method: str) -> RefundRule:
    if method not in REFUND_DAYS:
        return NO_REFUND
    days = REFUND_DAYS[method]
    return RefundRule(by_api=True, within=timedelta(days=days) if days else None)


def is_direct(method: str) -> bool:
    return method in DIRECT or method.startswith(QRIS)


def rests(method: str, now: datetime) -> bool:
    local = now.astimezone(JAKARTA).time()
    is_night = local >= NIGHT_FROM or local < NIGHT_UNTIL
    return is_night and SHOPEEPAY in method
