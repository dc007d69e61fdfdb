"""The deposit plan in sentences, the same before paying and on the order afterwards."""

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import dates
from campaigns.models import Campaign

UnpaidBalance = Campaign.UnpaidBalance


def sentences(campaign: Campaign) -> list[str]:
    """When the balance is due and what happens without it; empty for full payment."""
    if campaign.plan != Campaign.Plan.DEPOSIT:
        return []
    days, day = campaign.balance_due_days, campaign.balance_due_on
    rule = UnpaidBalance(campaign.unpaid_balance)
    return [due(days=days, on=day), unpaid(rule, grace=Campaign.BALANCE_GRACE_DAYS)]


def due(*, days: int | None, on: date | None) -> str:
    if on:
        return _("The balance is due by %(day)s.") % {"day": dates.day(on)}
    if days is None:
        return _("The balance is due before it ships.")
    if days == 0:
        return _("The balance is due on the day production starts.")
    words = ngettext(
        "The balance is due within %(n)s day after production starts.",
        "The balance is due within %(n)s days after production starts.",
        days,
    )
    return words % {"n": days}


def unpaid(rule: Campaign.UnpaidBalance, *, grace: int) -> str:
    """`grace` is what a last notice adds to the date."""
    if rule == UnpaidBalance.HOLD:
        return _("Until the balance is paid, your order waits and is not shipped.")
    notice = ngettext(
        "If it is not paid by then, you get a last notice with %(n)s more day.",
        "If it is not paid by then, you get a last notice with %(n)s more days.",
        grace,
    )
    return f"{notice % {'n': grace}} {ending(rule)}"


def ending(rule: Campaign.UnpaidBalance) -> str:
    """What happens after the last notice."""
    return {
        UnpaidBalance.FORFEIT: _(
            "After that the order ends and the seller keeps what you paid."
        ),
        UnpaidBalance.REFUND_LESS_DEPOSIT: _(
            "After that the order ends and the seller keeps the deposit; what you paid"
            " above it comes back."
        ),
        UnpaidBalance.HOLD: "",
    }[rule]
