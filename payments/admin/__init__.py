"""The staff's side of money. Each module registers its own pages with the admin."""

from payments.admin import (
    bank,
    disputes,
    entry,
    event,
    ledger,
    money,
    order,
    payment,
    proofs,
    reconciliation,
    refund,
    refund_runs,
    sandbox,
    saved_cards,
    statements,
)

__all__ = [
    "bank",
    "disputes",
    "entry",
    "event",
    "ledger",
    "money",
    "order",
    "payment",
    "proofs",
    "reconciliation",
    "refund",
    "refund_runs",
    "sandbox",
    "saved_cards",
    "statements",
]
