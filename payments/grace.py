"""How long a hold waits for money under way, by the gateway it comes through."""

from datetime import datetime

from campaigns.clock import database_now
from payments import gateways, workdays
from payments.gateways.base import Caps
from payments.models import Payment


def end_of(payment: Payment) -> datetime:
    """After the end of the hold."""
    return _after(payment.order.expires_at or database_now(), payment)


def end_now(payment: Payment) -> datetime:
    """Of a grace that begins now."""
    return _after(database_now(), payment)


def _after(start: datetime, payment: Payment) -> datetime:
    caps = _caps(payment)
    if caps.grace_workdays:
        zone = payment.order.batch.campaign.seller.zone
        return workdays.after(start, caps.grace_workdays, zone)
    return start + caps.grace


def must_pass(payment: Payment) -> bool:
    """Whether the hold lasts for the whole grace, although its gateway answers.

    Not when the seller ended it: production waits for no bank. A proof that nobody
    looked at keeps its hold all the same, so that no paid order misses its batch.
    """
    return _caps(payment).waits_out_grace and not payment.order.hold_was_ended


def is_over(payment: Payment) -> bool:
    """Its end is written down when it begins, and may be moved from then on."""
    now = database_now()
    if payment.hold_until is None:
        payment.hold_until = end_of(payment)
        payment.save(update_fields=["hold_until"])
    return now >= payment.hold_until


def _caps(payment: Payment) -> Caps:
    return gateways.get(payment.gateway).caps
