"""How an exact amount is shown, so that its last digits are not rounded away."""

from campaigns.money import exponent, format_money
from payments.models import Payment

DIGITS_OF_CODE = 3


def parted(payment: Payment) -> tuple[str, str]:
    """The amount in two parts: `Rp 202.` and `877`; the second is emphasized."""
    text = format_money(payment.amount, payment.currency)
    # Cents are parted from the whole by a point, which stands between three digits.
    width = DIGITS_OF_CODE + (1 if exponent(payment.currency) else 0)
    return text[:-width], text[-width:]
