"""What buyers read about a phase: badges, counts, cut-offs. Told in the active zone."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import dates
from campaigns.models import Batch, Campaign
from campaigns.phases import Phase

DAY = timedelta(days=1)
MINUTES_PER_HOUR = 60
KINDS = {
    Phase.OPEN: "po",
    Phase.NEARLY_FULL: "warn",
    Phase.NEXT_BATCH: "po",
    Phase.FULL: "warn",
    Phase.SCHEDULED: "info",
    Phase.PRODUCTION: "info",
    Phase.SHIPPING: "ok",
    Phase.MISSED: "bad",
    Phase.CANCELED: "bad",
}


@dataclass(frozen=True)
class Badge:
    text: str
    kind: str


def badge(phase: Phase, batch: Batch | None) -> Badge:
    return Badge(_badge_text(phase, batch), KINDS.get(phase, ""))


def status(phase: Phase) -> str:
    return {
        Phase.SCHEDULED: _("Opening soon"),
        Phase.OPEN: _("Open"),
        Phase.NEARLY_FULL: _("Nearly full"),
        Phase.NEXT_BATCH: _("Open"),
        Phase.FULL: _("Full"),
        Phase.CLOSED: _("Closed, counting"),
        Phase.PRODUCTION: _("In production"),
        Phase.SHIPPING: _("Shipping"),
        Phase.COMPLETED: _("Completed"),
        Phase.MISSED: _("Minimum missed, money returned"),
        Phase.CANCELED: _("Canceled"),
    }[phase]


def window(batch: Batch) -> str:
    return dates.window_short(batch.ships_from, batch.ships_until)


def left(units: int, batch: Batch) -> str:
    return _("%(left)s of %(capacity)s left") % {
        "left": units,
        "capacity": batch.capacity,
    }


def units_left(units: int) -> str:
    return _("%(n)s left") % {"n": units}


def cut_off(batch: Batch, now: datetime) -> str:
    """`closes 30 Nov 2026`; on the last day what is left of it."""
    if batch.closes_at is None:
        return ""
    if batch.closes_at - now < DAY:
        return _("closes: %(left)s") % {"left": dates.days_left(batch.closes_at, now)}
    return _("closes %(day)s") % {"day": dates.day_short(batch.closes_at)}


def opening(batch: Batch | None) -> str:
    if batch is None or batch.opens_at is None:
        return _("The opening date will be announced.")
    return _("opens %(moment)s") % {"moment": dates.moment_short(batch.opens_at)}


def promise(phase: Phase, batch: Batch) -> str:
    """The date that matters next to people who wait for this batch."""
    if phase is Phase.COMPLETED and batch.completed_at:
        return _("completed %(day)s") % {"day": dates.day_short(batch.completed_at)}
    if batch.ships_until is None:
        return _("shipping date not known yet")
    return _("ships %(window)s") % {"window": window(batch)}


def hold(minutes: int) -> str:
    if minutes % MINUTES_PER_HOUR:
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    hours = minutes // MINUTES_PER_HOUR
    return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}


def cancellation(campaign: Campaign) -> str:
    """The buyer's right to cancel, in one sentence."""
    kept = campaign.cancellation_kept_percent
    rules = Campaign.FreeCancellation
    if campaign.free_cancellation == rules.NEVER:
        return _kept(kept)
    free = {
        rules.UNTIL_CLOSE: _("You can cancel free of charge until the batch closes."),
        rules.UNTIL_PRODUCTION: _(
            "You can cancel free of charge until production starts."
        ),
    }[rules(campaign.free_cancellation)]
    return free if kept == 0 else f"{free} {_later(kept)}"


def minimum(batch: Batch) -> str:
    """What happens below the minimum; said before anyone pays. Empty without one."""
    if not batch.minimum_units:
        return ""
    rules, days = Batch.MinimumRule, batch.extension_days
    return {
        rules.PROCEED: _("If fewer than %(n)s are paid, it is produced all the same."),
        rules.EXTEND: ngettext(
            "If fewer than %(n)s are paid when it closes, the closing moves once by"
            " %(days)s day, if the schedule allows. If it is missed all the same,"
            " everyone gets a full refund.",
            "If fewer than %(n)s are paid when it closes, the closing moves once by"
            " %(days)s days, if the schedule allows. If it is missed all the same,"
            " everyone gets a full refund.",
            days,
        ),
        rules.CANCEL: _("If fewer than %(n)s are paid, everyone gets a full refund."),
    }[batch.rule_below_minimum] % {"n": batch.minimum_units, "days": days}


def _badge_text(phase: Phase, batch: Batch | None) -> str:
    if batch is None or not phase.is_on_sale:
        return status(phase)
    state = {
        Phase.NEARLY_FULL: _("Nearly full"),
        Phase.NEXT_BATCH: _("Batch %(number)s") % {"number": batch.number},
    }.get(phase, _("Pre-order"))
    return f"{state} · {promise(phase, batch)}"


def _kept(percent: int) -> str:
    if percent == 0:
        return _("You can cancel free of charge until it ships.")
    if percent == 100:
        return _("An order cannot be canceled for a refund.")
    return _("If you cancel, the seller keeps %(percent)s%%.") % {"percent": percent}


def _later(percent: int) -> str:
    if percent == 100:
        return _("After that there is no refund.")
    return _("After that the seller keeps %(percent)s%%.") % {"percent": percent}
