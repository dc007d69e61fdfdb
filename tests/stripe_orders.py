"""Orders paid by Stripe: placed by the shop's own door, paid at the double."""

from dataclasses import replace
from typing import Any

from django.utils import timezone

from campaigns.models import Batch
from orders.models import Order
from payments import attempts, inbox
from payments.checkout.placing import place
from payments.models import Payment
from tests.doubles.stripe_double import StripeDouble
from tests.drafts import make_draft, make_offer, new_key
from tests.factories import make_campaign

# In Stripe's hundredths of a rupiah: `drafts.TOTAL`.
TOTAL_MINOR = 16_800_000
CONSENT = "Nila may charge the balance once."


def place_by_stripe(*, consent: str = "", **offer: Any) -> Payment:
    """The first attempt of a pending order, its page open at Stripe."""
    draft = replace(make_draft(make_offer(**offer)), consent=consent)
    order = place(draft, gateway="stripe", submit_key=new_key())
    return Payment.objects.get(order=order)


def pay_by_stripe(stripe: StripeDouble, **offer: Any) -> Payment:
    """Confirmed: paid at Stripe, told, and applied."""
    payment = place_by_stripe(**offer)
    stripe.pay(payment.gateway_reference)
    hear(stripe)
    payment.refresh_from_db()
    return payment


def with_deposit(**columns: Any) -> dict[str, Any]:
    """Half of it now; for `place_by_stripe` and its like."""
    plan = {"plan": "deposit", "deposit_percent": 50}
    return {"campaign": make_campaign(**plan | columns)}


def hear(stripe: StripeDouble) -> list[str]:
    """Stripe's notifications arrive and are worked off."""
    heard = stripe.deliver()
    inbox.process_due()
    return heard


def look(order: Order) -> Order:
    """The shop asks Stripe how the latest attempt stands."""
    Payment.objects.filter(order=order).update(fetched_at=None)
    return attempts.refresh(order)


def make_balance_due(order):
    """Production started, and the balance is asked for."""
    now = timezone.now()
    Batch.objects.filter(pk=order.batch_id).update(
        stage="production", production_at=now, closes_at=now, closed_at=now
    )
