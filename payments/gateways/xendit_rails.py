"""What each rail behind Xendit can pay back, and for how long.

Refunds go to the original way to pay, and not all of them can: what Xendit refuses ends
in the payout list, and so does every virtual account, counter and direct debit.
"""

from datetime import timedelta
from typing import Any

from payments.gateways.base import RefundRule

EWALLET = "ewallet"
RULES = {
    "credit_card": RefundRule(by_api=True),
    EWALLET: RefundRule(by_api=True),
    # Few issuers, and some only in full or on the same day.
    "qr_code": RefundRule(by_api=True, within=timedelta(days=30)),
    "qris": RefundRule(by_api=True, within=timedelta(days=30)),
}
NO_REFUND = RefundRule(by_api=False)


def method_of(invoice: dict[str, Any]) -> str:
    """`qris`, `bank_transfer`; a wallet with its name: `ewallet:dana`."""
    method = str(invoice.get("payment_method") or "").lower()
    channel = str(invoice.get("payment_channel") or "").lower()
    return f"{method}:{channel}" if method == EWALLET and channel else method


def rule_of(method: str) -> RefundRule:
    return RULES.get(method.partition(":")[0], NO_REFUND)
