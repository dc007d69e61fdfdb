"""All invariants, by number."""

import campaigns.invariants
import fulfillment.invariants
import orders.delays.invariants
import orders.invariants
import orders.mail.invariants
import orders.news.invariants
import orders.updates.invariants
import orders.waitlist.invariants
import payments.invariants
import payments.ledger.invariants
import payments.refunds.invariants
from campaigns.invariants import Invariant

APPS = (
    campaigns.invariants,
    orders.delays.invariants,
    orders.invariants,
    orders.mail.invariants,
    orders.updates.invariants,
    orders.news.invariants,
    orders.waitlist.invariants,
    payments.invariants,
    payments.ledger.invariants,
    payments.refunds.invariants,
    fulfillment.invariants,
)


def all_invariants() -> list[Invariant]:
    found = [invariant for app in APPS for invariant in app.INVARIANTS]
    return sorted(found, key=lambda invariant: invariant.number)
