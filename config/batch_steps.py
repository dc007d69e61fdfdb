"""Steps of a batch that concern orders, money and goods at once."""

from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns import dates
from campaigns.actors import Actor
from campaigns.admin.batch import BatchAdmin
from campaigns.admin.batch_steps import Close, LockAddresses
from campaigns.admin.transitions import Transition, WentOtherwise
from campaigns.clock import database_now
from campaigns.errors import MinimumUndecided, NotReady
from campaigns.models import Batch
from campaigns.money import format_money
from campaigns.wakeup import wake_up
from config import production
from fulfillment.errors import NotDrained
from fulfillment.production import confirmed_units, unpaid_orders
from orders.minimum import verdict as minimum_verdict
from orders.minimum import words as minimum_words
from orders.minimum.verdict import Outcome, Verdict
from orders.models import Order
from payments.refunds import runs as refund_runs

Stage = Batch.Stage
Fact = tuple[Any, object]


class CloseCounting(Close):
    """Says what the minimum makes of closing now: reopening may come too late."""

    def facts(self, row: Batch) -> list[Fact]:
        return [*super().facts(row), *_decided_soon(row)]


class LockCounting(LockAddresses):
    """Says how many buyers hear of it, and how many have to be told another way."""

    def facts(self, row: Batch) -> list[Fact]:
        orders = Order.objects.unpacked().filter(batch=row)
        return [
            *super().facts(row),
            (_("Orders to ship"), orders.count()),
            (_("Of them without an e-mail"), orders.filter(email="").count()),
        ]


def _decided_soon(batch: Batch) -> list[Fact]:
    below = _below_minimum(batch, minimum_verdict.confirmed_units(batch))
    if not below:
        return []
    when = _("as soon as no order can still be paid, perhaps within a minute")
    return [(_("Now"), minimum_words.standing(batch)), *below, (_("Decided"), when)]


class Production(Transition):
    name = "production"
    label = gettext_lazy("Start production")
    done = gettext_lazy("Production started")

    def is_offered(self, row: Batch) -> bool:
        return row.stage in Batch.BEFORE_PRODUCTION

    def facts(self, row: Batch) -> list[Fact]:
        units = confirmed_units(row)
        return [
            (_("Units to produce"), sum(units.values())),
            (_("Minimum"), row.minimum_units or "–"),
            *_below_minimum(row, sum(units.values())),
            (_("Variants"), len(units)),
            (_("Confirmed orders"), _count(row, Order.Status.CONFIRMED)),
            (_("Unpaid orders that end now"), unpaid_orders(row)),
            (_("From then on"), _("money that comes late goes back")),
        ]

    def missing(self, row: Batch) -> list[str]:
        return [_still_open(row)] if _takes_orders(row) else []

    def perform(self, row: Batch, *, actor: Actor, data: dict[str, Any]) -> None:
        try:
            production.start(row.pk, actor=actor)
        except production.StillOpen as refusal:
            raise NotReady([_still_open(row)]) from refusal
        except NotDrained as refusal:
            raise NotReady([_not_drained(refusal.pending)]) from refusal
        except MinimumUndecided as refusal:
            undecided = _("Its minimum is being counted. Try again in a minute.")
            raise NotReady([undecided]) from refusal
        except production.MinimumMissed as refusal:
            raise WentOtherwise(_otherwise(refusal.verdict)) from refusal


def _below_minimum(batch: Batch, units: int) -> list[Fact]:
    """What would happen instead, if none of the unpaid orders is paid yet."""
    if not batch.is_undecided or units >= (batch.minimum_units or 0):
        return []
    words = {
        Outcome.GOES_AHEAD: _("it is produced all the same, as buyers were told"),
        Outcome.EXTENDED: _("it is not produced: it reopens, and closes later once"),
        Outcome.MISSED: _("it is not produced: it is canceled, everyone is refunded"),
    }
    return [(_("Below the minimum"), words[minimum_verdict.outcome_with(batch, units)])]


def _otherwise(verdict: Verdict) -> str:
    if verdict.outcome == Outcome.EXTENDED and verdict.closes_at:
        words = _(
            "Production did not start: %(units)s of at least %(minimum)s are paid, so"
            " the batch takes orders again until %(moment)s. Its buyers are told."
        )
        moment = dates.moment(verdict.closes_at)
    else:
        words = _(
            "Production did not start: %(units)s of at least %(minimum)s are paid, so"
            " the batch is canceled and everyone gets a full refund."
        )
        moment = ""
    numbers = {"units": verdict.units, "minimum": verdict.minimum, "moment": moment}
    return words % numbers


def _takes_orders(batch: Batch) -> bool:
    is_over = batch.closes_at is not None and batch.closes_at <= database_now()
    return batch.stage == Stage.OPEN and not is_over


def _still_open(batch: Batch) -> str:
    return _("It takes orders until %(moment)s; close it first.") % {
        "moment": dates.moment(batch.closes_at) if batch.closes_at else "–"
    }


def _not_drained(pending: int) -> str:
    text = ngettext(
        "%(count)s unpaid order could not be ended, because its payment company does"
        " not answer. Try again in a few minutes.",
        "%(count)s unpaid orders could not be ended, because their payment company"
        " does not answer. Try again in a few minutes.",
        pending,
    )
    return text % {"count": pending}


class Cancel(Transition):
    name = "cancel"
    label = gettext_lazy("Cancel the batch")
    done = gettext_lazy("Canceled; its orders follow within minutes")

    def is_offered(self, row: Batch) -> bool:
        return Stage.CANCELED in Batch.TRANSITIONS.get(Stage(row.stage), ())

    def facts(self, row: Batch) -> list[Fact]:
        returned = format_money(_held(row), row.campaign.currency)
        return [
            (_("Confirmed orders that are canceled"), _count(row, "confirmed")),
            (_("Unpaid orders that are canceled"), _count(row, "pending")),
            (_("Units"), row.taken),
            (_("Comes back to the buyers"), returned),
            (_("Every buyer"), _("is told by mail and gets all back")),
            (_("This"), _("cannot be undone")),
        ]

    def perform(self, row: Batch, *, actor: Actor, data: dict[str, Any]) -> None:
        row.cancel(actor=actor)
        wake_up()
        refund_runs.begin(row, started_by=actor.user)


def _count(batch: Batch, status: str) -> int:
    return batch.orders.filter(status=status).count()


def _held(batch: Batch) -> Decimal:
    """What the shop holds of the orders that would be canceled."""
    live = batch.orders.filter(status__in=["pending", "confirmed"])
    sums = live.aggregate(paid=Sum("amount_paid"), back=Sum("amount_refunded"))
    return (sums["paid"] or Decimal(0)) - (sums["back"] or Decimal(0))


COUNTING: dict[type[Transition], Transition] = {
    Close: CloseCounting(),
    LockAddresses: LockCounting(),
}
BatchAdmin.transitions[:] = [
    COUNTING.get(type(step), step) for step in BatchAdmin.transitions
]
BatchAdmin.transitions.extend([Production(), Cancel()])
