"""What the payments app finishes by itself, late or twice without harm."""

from payments import closing, expiry, inbox, refund_runs, refund_sending

STEPS = (
    ("gateway events", inbox.process_due),
    ("expired holds", expiry.expire_overdue),
    ("closed pages", closing.close_abandoned),
    ("refunds of canceled batches", refund_runs.carry_on_all),
    ("refunds requested", refund_sending.request_all_owed),
    ("refunds sent", refund_sending.send_due),
)
