"""The hosted page the shop asks Stripe for."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from payments.gateways.base import PaymentIn
from payments.gateways.stripe_records import BY_PAGE, to_minor

SHORTEST, LONGEST = timedelta(minutes=30), timedelta(hours=24)
# Pages end on these minutes, so that a start that is repeated asks for the same page,
# and gets it by its key.
ON_THE_MINUTES: Final = timedelta(minutes=5)


def page_params(payment: PaymentIn, now: datetime) -> dict[str, Any]:
    price = {
        "currency": payment.currency.lower(),
        "unit_amount": to_minor(payment.amount, payment.currency),
        "product_data": {"name": payment.description},
    }
    # A session's metadata is not copied to what it charges.
    ours = marks(payment, BY_PAGE)
    intent: dict[str, Any] = {"metadata": ours, "description": payment.description}
    params: dict[str, Any] = {
        "mode": "payment",
        "line_items": [{"price_data": price, "quantity": 1}],
        "client_reference_id": payment.reference,
        "metadata": ours,
        "payment_intent_data": intent,
        "locale": payment.locale,
        "success_url": payment.return_url,
        "cancel_url": payment.return_url,
        "expires_at": int(_page_ends(payment, now).timestamp()),
        # Asked and paid in the shop's currency, never in one of Stripe's choice.
        "adaptive_pricing": {"enabled": False},
    }
    if payment.email:
        params["customer_email"] = payment.email
    if payment.saves_method:
        # Only a customer at Stripe can have a card that is charged again.
        params["customer_creation"] = "always"
        intent["setup_future_usage"] = "off_session"
    return params


def marks(payment: PaymentIn, source: str) -> dict[str, str]:
    return {"reference": payment.reference, "source": source}


def _page_ends(payment: PaymentIn, now: datetime) -> datetime:
    """With the hold, within what Stripe allows; a day where no hold is running."""
    earliest = _on_the_minutes(now + SHORTEST + ON_THE_MINUTES)
    latest = _on_the_minutes(now + LONGEST)
    wanted = payment.expires_at
    if wanted is None or wanted <= now:
        return latest
    return min(max(wanted, earliest), latest)


def _on_the_minutes(moment: datetime) -> datetime:
    step = int(ON_THE_MINUTES.total_seconds())
    return datetime.fromtimestamp(int(moment.timestamp()) // step * step, tz=UTC)
