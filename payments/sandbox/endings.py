"""The endings of the sandbox's page: what each button does, in one sentence."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from payments.sandbox import provider as sandbox

WORDS: dict[str, tuple[Promise, Promise]] = {
    "pay": (_("Pay"), _("The full amount arrives, as if from a bank.")),
    "fail": (
        _("Payment fails"),
        _("The bank says no. Nothing is charged, and the buyer may try again."),
    ),
    "expire": (
        _("Let it expire"),
        _("This page closes without a payment."),
    ),
    "pay_late": (
        _("Pay after expiry"),
        _("The session expires first; then the full amount arrives all the same."),
    ),
    "pay_twice": (
        _("Pay twice"),
        _("The full amount arrives two times; one of them is to be returned."),
    ),
    "pay_less": (
        _("Pay too little"),
        _("Only nine tenths of the amount arrive."),
    ),
    "resend": (
        _("Send the last notification again"),
        _("The shop hears the same news once more; nothing may change."),
    ),
    "refund_first": (
        _("Refund before payment"),
        _("The news of a refund arrives before the news of its payment."),
    ),
    "refund_fails_later": (
        _("Pay, and let a refund fail later"),
        _("The amount arrives; the next refund is accepted and then comes back."),
    ),
    "unknown_order": (
        _("Notify about an unknown order"),
        _("A signed notification names a payment that the shop never asked for."),
    ),
    "forge": (
        _("Send a forged notification"),
        _("Someone claims a payment with a wrong signature; the shop must refuse it."),
    ),
}


@dataclass(frozen=True)
class EndingButton:
    name: str
    label: Promise
    sentence: Promise
    is_possible: bool


def buttons(*, is_open: bool) -> list[EndingButton]:
    """In the order of the page; after the session's end only what still works."""
    return [
        EndingButton(name, *WORDS[name], is_open or name in sandbox.AFTERWARDS)
        for name in sandbox.ENDINGS
    ]
