"""Where an order stands and what happens next, in its buyer's words."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from campaigns import dates
from campaigns.models import Batch
from campaigns.money import format_money
from campaigns.templatetags.shop import day_tag, moment_tag
from orders import balance_words
from orders.balance_terms import BalanceTerms
from orders.models import Order


@dataclass(frozen=True)
class Next:
    """The next thing with its date (safe HTML), and a word on it."""

    what: str
    note: str = ""
    # Of a confirmed order: a balance, with the button to pay it.
    is_payment: bool = False


def title(order: Order) -> str:
    """The state of the order, as the page's heading says it."""
    if order.status == Order.Status.CONFIRMED:
        return _confirmed(order)
    held = order.amount_paid - order.amount_refunded
    if held and order.status == Order.Status.PENDING:
        return _("Paid in part")
    if order.amount_paid and order.status == Order.Status.EXPIRED:
        return _("Paid too late")
    return {
        Order.Status.PENDING: _("Waiting for your payment"),
        Order.Status.FULFILLED: _("Shipped"),
        Order.Status.EXPIRED: _("Not paid in time"),
        Order.Status.CANCELED: _("Canceled"),
    }[Order.Status(order.status)]


def _confirmed(order: Order) -> str:
    if order.batch.stage == Batch.Stage.CANCELED:
        return _("The batch was canceled")
    if any(line.shipped for line in order.lines.all()):
        return _("Shipped in part")
    if order.batch.stage in Batch.BEFORE_PRODUCTION:
        if order.deposit < order.total:
            return _("Deposit paid, waiting for production")
        return _("Paid, waiting for production")
    if order.batch.stage == Batch.Stage.PRODUCTION:
        return _("In production")
    return _("Made, waiting to be shipped")


def upcoming(order: Order) -> Next:
    if order.status == Order.Status.PENDING:
        return _payment(order)
    if order.status == Order.Status.CONFIRMED:
        return (
            _of_canceled_batch(order)
            or _balance(order)
            or _production(order)
            or _shipping(order)
        )
    if order.status == Order.Status.FULFILLED:
        shipped = format_html(_("Shipped on {day}"), day=day_tag(order.fulfilled_at))
        return Next(shipped, order.shipping_service)
    if order.status == Order.Status.EXPIRED:
        return Next(_("Your place was given back"), _("You can order again."))
    return Next(_("This order is canceled"), _("Nothing more will be charged."))


def _payment(order: Order) -> Next:
    before = format_html(_("Pay before {moment}"), moment=moment_tag(order.expires_at))
    return Next(before, _("Your place is held until then."))


def _of_canceled_batch(order: Order) -> Next | None:
    if order.batch.stage != Batch.Stage.CANCELED:
        return None
    return Next(_("Your order is being canceled"), _("All that you paid comes back."))


def _balance(order: Order) -> Next | None:
    """Once it is asked for, nothing else is the buyer's to do."""
    terms = BalanceTerms.of(order)
    is_asked = terms.asked_from is not None and terms.asked_from <= timezone.now()
    if not (order.still_due and is_asked):
        return None
    amount = format_money(order.still_due, order.currency)
    passed = balance_words.noted(order, terms)
    day = passed.last_day if passed else terms.due_on
    note = " ".join(balance_words.sentences(order)) if passed else ""
    if day is None:
        words = _("Pay the balance of %(amount)s before it ships")
        return Next(words % {"amount": amount}, note, is_payment=True)
    words = _("Pay the balance of {amount} by {day}")
    what = format_html(words, amount=amount, day=day_tag(day))
    return Next(what, note, is_payment=True)


def _production(order: Order) -> Next | None:
    """The step before shipping that is still ahead, if there is one."""
    batch = order.batch
    note = _("The shipping date is not known yet.")
    if batch.ships_until:
        note = _("Ships %(window)s (estimated).") % {"window": _window(batch)}
    if batch.stage == Batch.Stage.OPEN and batch.closes_at:
        closes = _("The batch closes {moment}")
        return Next(format_html(closes, moment=moment_tag(batch.closes_at)), note)
    if batch.stage not in Batch.BEFORE_PRODUCTION:
        return None
    if batch.production_starts_on:
        starts = _("Production starts {day}")
        return Next(format_html(starts, day=day_tag(batch.production_starts_on)), note)
    return Next(_("Production comes next"), note)


def _shipping(order: Order) -> Next:
    batch = order.batch
    if not batch.has_window:
        unknown = _("No shipping date can be given for your order for now.")
        return Next(unknown, _("We tell you when there is one."))
    if batch.ships_until and batch.ships_until < timezone.localdate():
        return Next(
            _("Later than planned"),
            _("It was to ship %(window)s. Ask the seller for the new date.")
            % {"window": _window(batch)},
        )
    ships = _("Ships %(window)s") % {"window": _window(batch)}
    return Next(ships, _("Estimated. We tell you when it changes."))


def _window(batch: Batch) -> str:
    return dates.window(batch.ships_from, batch.ships_until)
