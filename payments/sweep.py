"""What the payments app finishes by itself, late or twice without harm."""

from payments import (
    balances,
    closing,
    expiry,
    inbox,
    reconciliation,
    refund_runs,
    refund_sending,
    saved_cards,
)

STEPS = (
    ("gateway events", inbox.process_due),
    ("payments reconciled", reconciliation.reconcile_when_due),
    ("expired holds", expiry.expire_overdue),
    ("saved cards charged", saved_cards.charge_due),
    ("balances asked for", balances.remind_due),
    ("unpaid balances ended", balances.end_unpaid),
    ("closed pages", closing.close_abandoned),
    ("refunds of canceled batches", refund_runs.carry_on_all),
    ("refunds requested", refund_sending.request_all_owed),
    ("refunds sent", refund_sending.send_due),
)
