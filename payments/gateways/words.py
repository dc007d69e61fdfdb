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

# What happens next, in one line.
STEPS: dict[str, Promise] = {
    "bank_transfer": _(
        "You transfer an exact amount from your own bank. The seller checks it, mostly"
        " within a working day."
    ),
    "cash": _("You pay the seller in person."),
}
HOSTED: Promise = _("You pay on the page of the payment company, and return here.")


def next_step(gateway: str) -> Promise:
    return STEPS.get(gateway, HOSTED)


def in_words(gateway: str) -> Promise | str:
    return WORDS.get(gateway, gateway)
