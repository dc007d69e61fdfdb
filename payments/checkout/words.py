"""The checkout page in words: rules, couriers, and what the total consists of."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from campaigns import balance_wording, wording
from campaigns.models import Batch, Campaign, ShippingOption

FEW_PROVINCES = 3

Money = Callable[[Decimal], str]


def rules(campaign: Campaign, batch: Batch) -> list[str]:
    """What the buyer agrees to, beside the window and the seller's refund rule."""
    hold = _("Pay within %(hold)s; after that your place goes to someone else.")
    sentences = [
        hold % {"hold": wording.hold(campaign.hold_minutes)},
        *balance_wording.sentences(campaign),
        wording.cancellation(campaign),
    ]
    if minimum := wording.minimum(batch):
        sentences.append(minimum)
    return sentences


def terms_changed() -> str:
    return _("A price or a rule changed while you were here. Check the order again.")


def reach(option: ShippingOption) -> str:
    """How long the service takes, and where it goes when that is not everywhere."""
    parts = []
    if option.days:
        parts.append(_("%(days)s days after production") % {"days": option.days})
    if len(option.provinces) > FEW_PROVINCES:
        count = len(option.provinces)
        parts.append(_("only to %(count)s provinces") % {"count": count})
    elif option.provinces:
        names = ", ".join(option.provinces)
        parts.append(_("only to %(provinces)s") % {"provinces": names})
    return " · ".join(parts)


def parts(
    goods: Decimal, shipping: Decimal | None, money: Money
) -> list[dict[str, str]]:
    """What the total consists of, for readers whose page stands still."""
    words = _("not chosen yet") if shipping is None else money(shipping)
    return [
        {"label": _("Goods"), "value": money(goods)},
        {"label": _("Shipping"), "value": words},
    ]


def sums(
    total: Decimal, shipping: Decimal | None, money: Money
) -> list[dict[str, Any]]:
    """The total; the script keeps it alive while the buyer chooses."""
    label = _("Total with shipping")
    if shipping is None:
        label = _("Total, before shipping")
    row = {"label": label, "value": money(total)}
    return [row | {"kind": "total", "live": True}]
