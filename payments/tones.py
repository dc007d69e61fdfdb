"""Which tone the badge of a state has, in the admin and on the order's panel."""

PAYMENTS = {
    "created": "info",
    "pending": "info",
    "confirmed": "ok",
    "failed": "bad",
    "reversed": "bad",
}
REFUNDS = {
    "requested": "info",
    "sending": "info",
    "unknown": "warn",
    "pending": "info",
    "manual": "warn",
    "succeeded": "ok",
    "failed": "bad",
}
EVENTS = {"received": "info", "done": "ok", "retry": "warn", "dead": "bad"}
DISPUTES = {"open": "warn", "won": "ok", "lost": "bad"}
SANDBOX = {"open": "info", "paid": "ok", "failed": "bad"}
RUNS = {"running": "info", "stopped": "bad", "done": "ok"}
