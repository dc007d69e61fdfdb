"""The ledger tells of each payment what its row says, account by account.

SQL groups and pre-selects; the candidates are decided in Python, with exact decimals.
"""

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from django.db.models import (
    Case,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from campaigns.clock import database_now
from campaigns.invariants import Invariant
from orders.invariants import differs
from orders.models import Order
from payments.models import Discrepancy, Dispute, GatewayEvent, LedgerEntry, Payment

Kind = LedgerEntry.Kind
Kinds = tuple[LedgerEntry.Kind, ...]
CHUNK = 5000
PATIENCE = timedelta(minutes=2)
NONE = Value(Decimal(0), output_field=DecimalField())

# What each column of a payment is in the ledger: what adds to it, and what lowers it.
COLUMNS: dict[str, tuple[Kinds, Kinds]] = {
    "amount_received": ((Kind.PAYMENT, Kind.ASSIGNED), ()),
    "amount_reversed": ((Kind.REVERSAL, Kind.DISPUTE), (Kind.DISPUTE_WON,)),
    "amount_in_suspense": ((Kind.SUSPENSE,), (Kind.ASSIGNED, Kind.RETURNED)),
    "amount_seen": ((Kind.PAYMENT, Kind.SUSPENSE), ()),
    "fee": ((Kind.FEE,), ()),
}
# A bank's line that waited in suspense before it was known whose it is was no payment's
# own: for the payment that gets it, it is money that arrives.
OF_A_LINE = Q(
    ledger_entries__kind=Kind.ASSIGNED, ledger_entries__statement_line__isnull=False
)


def payments_the_ledger_tells_differently() -> Iterable[str]:
    for payment in _suspects():
        entries = list(payment.ledger_entries.all())
        for column in COLUMNS:
            booked, stands = _booked(entries, column), getattr(payment, column)
            if booked != stands:
                yield f"payment {payment.pk}: {column} {stands}, ledger {booked}"


def _suspects() -> "QuerySet[Payment]":
    """One pass over payments and their entries."""
    sums = {f"in_{column}": _sum(*kinds) for column, kinds in COLUMNS.items()}
    off = Q()
    for column in COLUMNS:
        off |= differs(F(f"in_{column}"), F(column))
    grouped = Payment.objects.order_by().values("pk", *COLUMNS).annotate(**sums)
    keys = grouped.filter(off).values_list("pk", flat=True)
    found = Payment.objects.filter(pk__in=list(keys)).order_by("pk")
    return found.prefetch_related("ledger_entries")


def _sum(more: Kinds, less: Kinds) -> Coalesce:
    amount = F("ledger_entries__amount")
    signed = Case(
        When(OF_A_LINE, then=amount if Kind.PAYMENT in more else NONE),
        When(ledger_entries__kind__in=more, then=amount),
        When(ledger_entries__kind__in=less, then=-amount),
        default=NONE,
        output_field=DecimalField(),
    )
    return Coalesce(Sum(signed), NONE, output_field=DecimalField())


def _booked(entries: list[LedgerEntry], column: str) -> Decimal:
    more, less = COLUMNS[column]
    signs = dict.fromkeys(more, 1) | dict.fromkeys(less, -1)
    parts = (signs.get(_kind(entry), 0) * entry.amount for entry in entries)
    return sum(parts, start=Decimal(0))


def _kind(entry: LedgerEntry) -> Kind:
    is_of_a_line = entry.kind == Kind.ASSIGNED and entry.statement_line_id
    return Kind.PAYMENT if is_of_a_line else Kind(entry.kind)


def disputes_the_ledger_tells_differently() -> Iterable[str]:
    for dispute in Dispute.objects.prefetch_related("ledger_entries").iterator(CHUNK):
        parts = (
            entry.amount if entry.kind == Kind.DISPUTE else -entry.amount
            for entry in dispute.ledger_entries.all()
        )
        if (booked := sum(parts, start=Decimal(0))) != dispute.amount_withdrawn:
            stands = dispute.amount_withdrawn
            yield f"dispute {dispute.pk}: withdrawn {stands}, ledger {booked}"


def entries_between_the_wrong_accounts() -> Iterable[str]:
    """A buyer's account is of the entry's own order, in that order's currency."""
    of_buyers = LedgerEntry.objects.filter(
        Q(debit__startswith="customer:") | Q(credit__startswith="customer:")
    )
    fits = Q(currency=F("order__currency"), payment__order=F("order"))
    for pk in of_buyers.exclude(fits).order_by("pk").values_list("pk", flat=True):
        yield f"entry {pk}: of another order or currency than its account"


def currencies_that_changed() -> Iterable[str]:
    odd = Payment.objects.exclude(currency=F("order__currency")).order_by("pk")
    for pk, currency in odd.values_list("pk", "currency"):
        yield f"payment {pk}: in {currency}, its order is not"


def money_set_aside_for_nothing() -> Iterable[str]:
    """Nothing is left to pay for, so it should have been counted and returned."""
    limit = database_now() - PATIENCE
    ended = Q(order__canceled_at__lt=limit) | Q(order__expired_at__lt=limit)
    kept = Payment.objects.filter(
        ended, amount_in_suspense__gt=0, suspense_currency=F("currency")
    ).exclude(order__status__in=Order.HOLDING)
    for payment in kept.order_by("pk"):
        yield f"payment {payment.pk}: {payment.amount_in_suspense} still in suspense"


def money_set_aside_unseen() -> Iterable[str]:
    hidden = Payment.objects.filter(amount_in_suspense__gt=0, needs_review=False)
    for payment in hidden.order_by("pk"):
        yield f"payment {payment.pk}: money in suspense that nobody is shown"


def events_without_effect() -> Iterable[str]:
    """Applied means applied to a payment; given up means listed for a human."""
    done = GatewayEvent.objects.filter(state=GatewayEvent.State.DONE, payment=None)
    for pk in done.order_by("pk").values_list("pk", flat=True):
        yield f"event {pk}: applied to no payment"
    listed = Discrepancy.objects.filter(
        kind=Discrepancy.Kind.EVENT_DEAD, gateway=OuterRef("gateway")
    )
    dead = GatewayEvent.objects.filter(~Exists(listed), state=GatewayEvent.State.DEAD)
    for pk in dead.order_by("pk").values_list("pk", flat=True):
        yield f"event {pk}: given up and not listed"


INVARIANTS = (
    Invariant(12, "each notification has its effect", events_without_effect),
    Invariant(13, "no money is set aside for nothing", money_set_aside_for_nothing),
    Invariant(13, "money set aside is shown", money_set_aside_unseen),
    Invariant(15, "payments are as booked", payments_the_ledger_tells_differently),
    Invariant(15, "disputes are as booked", disputes_the_ledger_tells_differently),
    Invariant(15, "entries stay with their order", entries_between_the_wrong_accounts),
    Invariant(15, "currencies are frozen", currencies_that_changed),
)
