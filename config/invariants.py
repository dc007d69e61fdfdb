"""All invariants, by number."""

import campaigns.invariants
import fulfillment.invariants
import orders.delay_invariants
import orders.invariants
import orders.mail_invariants
import orders.news_invariants
import orders.update_invariants
import orders.waitlist_invariants
import payments.invariants
import payments.ledger_invariants
import payments.refund_invariants
from campaigns.invariants import Invariant

APPS = (
    campaigns.invariants,
    orders.delay_invariants,
    orders.invariants,
    orders.mail_invariants,
    orders.update_invariants,
    orders.news_invariants,
    orders.waitlist_invariants,
    payments.invariants,
    payments.ledger_invariants,
    payments.refund_invariants,
    fulfillment.invariants,
)


def all_invariants() -> list[Invariant]:
    found = [invariant for app in APPS for invariant in app.INVARIANTS]
    return sorted(found, key=lambda invariant: invariant.number)
