"""Orders that exist already: ten real ones, multiplied in SQL.

The ten come through the shop's own doors: seven paid, two waiting, one expired. Copies
are the same rows under other keys, so what `check_invariants` says of the ten it must
say of a million.
"""

from decimal import Decimal

from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import Max, Sum

from campaigns.models import Allotment, Batch
from campaigns.money import rounded, to_minor_units
from orders.models import BuyerTally, Message, Order, OrderEvent, OrderLine
from payments import inbox
from payments.models import GatewayEvent, LedgerEntry, Payment, SandboxPayment
from tests.drafts import end_hold, make_offer, place_order
from tests.factories import pay_in_sandbox

TEMPLATES = 10
CAPACITY = 100_000_000
# More rows than any table has of the ten. Copies have keys below zero: they are older
# than what is measured, and take no key from a sequence.
STEP = 1000
TABLES: tuple[type[models.Model], ...] = (
    *(Order, OrderLine, OrderEvent, Message, BuyerTally),
    *(Payment, LedgerEntry, GatewayEvent, SandboxPayment),
)
# What is unique gets the number of its copy; what would fill the disk is cut.
VALUES = {
    "number": "substr(number, 1, 4) || n",
    "text": "substr(text, 1, 200)",
    "limit_keys": "CAST(replace(CAST(limit_keys AS text), '#', '#' || n || '-') AS {})",
    "identity": "replace(identity, '#', '#' || n || '-')",
} | {
    name: f"{name} || '-' || n"
    for name in (
        *("token", "submit_key", "dedupe_key", "message_id", "reference"),
        *("gateway_reference", "session", "debit", "credit"),
    )
}
COUNTING = {
    "postgresql": "WITH numbers AS (SELECT generate_series(%s::int, %s::int) AS n)",
    "sqlite": "WITH RECURSIVE numbers(n) AS "
    "(SELECT %s UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)",
}


class History:
    """The batch that all buyers want, with the ten orders and their copies."""

    def __init__(self) -> None:
        self.batch = make_offer(variants=3, capacity=CAPACITY)
        orders = [place_order(self.batch) for _n in range(TEMPLATES)]
        for order in orders[:7]:
            pay_in_sandbox(order)
        end_hold(orders[7])
        inbox.process_due()
        for order in orders:
            _shorten_identities(order)
        # What comes later is no template.
        self.last_keys = {model: _last_key(model) for model in TABLES}

    def grow_to(self, orders: int, *, are_new: bool = False) -> None:
        """Copy the ten until there are this many beside what was measured.

        New ones have keys above all others, as what is worked off in order must.
        """
        begun = 1 + Order.objects.filter(pk__lt=0).count() // TEMPLATES
        last = orders // TEMPLATES - 1
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET statement_timeout = 0")
            for model, last_key in self.last_keys.items():
                copy = _copy(model, "+" if are_new else "-")
                cursor.execute(copy, [begun, last, last_key])
            if are_new:
                for statement in connection.ops.sequence_reset_sql(no_style(), TABLES):
                    cursor.execute(statement)
            count_anew(self.batch)
            if connection.vendor == "postgresql":
                cursor.execute("VACUUM ANALYZE")  # Its own daemon would do so, later.


def _last_key(model: type[models.Model]) -> int:
    last: int = model._default_manager.aggregate(last=Max("pk"))["last"]
    return last


def _shorten_identities(order: Order) -> None:
    """Digests fill their column; a copy's must have room for its number."""
    keys = [f"{kind}#{order.pk}" for kind in ("email", "phone")]
    for digest, key in zip(order.limit_keys, keys, strict=True):
        BuyerTally.objects.filter(identity=digest).update(identity=key)
    Order.objects.filter(pk=order.pk).update(limit_keys=keys)


def _copy(model: type[models.Model], sign: str) -> str:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    values = ", ".join(_value(field, sign) for field in fields)
    table = model._meta.db_table
    return (
        f"{COUNTING[connection.vendor]} INSERT INTO {table} ({columns}) "
        f"SELECT {values} FROM {table}, numbers WHERE id BETWEEN 1 AND %s"
    )


def _value(field: "models.Field[object, object]", sign: str) -> str:
    is_copied = field.primary_key or field.related_model in TABLES
    if is_copied:
        return f'"{field.column}" {sign} {STEP} * n'
    json = "jsonb" if connection.vendor == "postgresql" else "text"
    column = field.column or ""
    return VALUES.get(column, f'"{column}"').format(json)


def count_anew(batch: Batch) -> None:
    """What copies hold, and orders that passed no cap, is taken."""
    lines = OrderLine.objects.filter(order__batch=batch, order__in=_holding())
    for allotment in Allotment.objects.filter(batch=batch):
        taken = lines.filter(allotment=allotment).aggregate(n=Sum("quantity"))["n"]
        Allotment.objects.filter(pk=allotment.pk).update(taken=taken or 0)
    orders, currency = _holding().filter(batch=batch), batch.campaign.currency
    goods = orders.aggregate(n=Sum("goods"))["n"] or Decimal(0)
    Batch.objects.filter(pk=batch.pk).update(
        taken=lines.aggregate(n=Sum("quantity"))["n"],
        orders_taken=orders.count(),
        goods_taken=to_minor_units(rounded(goods, currency), currency),
    )


def _holding() -> "models.QuerySet[Order]":
    return Order.objects.holding_units()
