"""What each way to pay is called to the buyer."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WORDS: dict[str, Promise] = {
    "sandbox": _("Sandbox (no real money)"),
    "bank_transfer": _("Bank transfer"),
    "stripe": _("Card (Stripe)"),
    "midtrans": _("QRIS, e-wallet, virtual account or card (Midtrans)"),
    "xendit": _("QRIS, e-wallet, virtual account or card (Xendit)"),
    "cash": _("Cash"),
}


def in_words(gateway: str) -> Promise | str:
    return WORDS.get(gateway, gateway)
