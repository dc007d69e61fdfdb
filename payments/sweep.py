"""What the payments app finishes by itself, late or twice without harm."""

from payments import balances, closing, expiry, inbox
from payments.cards import charging
from payments.reconciliation import rounds as reconciliation
from payments.refunds import runs as refund_runs
from payments.refunds import sending as refund_sending

STEPS = (
    ("gateway events", inbox.process_due),
    ("payments reconciled", reconciliation.reconcile_when_due),
    ("expired holds", expiry.expire_overdue),
    ("saved cards charged", charging.charge_due),
    ("balances asked for", balances.remind_due),
    ("unpaid balances ended", balances.end_unpaid),
    ("closed pages", closing.close_abandoned),
    ("refunds of canceled batches", refund_runs.carry_on_all),
    ("refunds requested", refund_sending.request_all_owed),
    ("refunds sent", refund_sending.send_due),
)
