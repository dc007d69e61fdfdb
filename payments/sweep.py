"""What the payments app finishes by itself, late or twice without harm."""

from payments import (
    balances,
    closing,
    expiry,
    inbox,
    reconciliation,
    refund_sending,
)

STEPS = (
    ("gateway events", inbox.process_due),
    ("payments reconciled", reconciliation.reconcile_when_due),
    ("expired holds", expiry.expire_overdue),
    ("balances asked for", balances.remind_due),
    ("unpaid balances ended", balances.end_unpaid),
    ("closed pages", closing.close_abandoned),
    ("refunds requested", refund_sending.request_all_owed),
    ("refunds sent", refund_sending.send_due),
)
