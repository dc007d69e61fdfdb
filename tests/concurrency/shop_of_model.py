"""The model's shop as rows, and the rows as the numbers the model predicts."""

from collections import Counter, defaultdict
from dataclasses import replace
from decimal import Decimal
from typing import Any

from campaigns.models import Allotment, Batch, Campaign
from fulfillment.models import ProductionSheetLine
from orders.models import BuyerTally, Order
from orders.tallies import identities
from payments.checkout.placing import Draft
from payments.models import Payment, Refund, SandboxPayment
from tests import invariants
from tests.concurrency.model import KEPT_PERCENT, PRICE, Purchase, Run, Shop
from tests.drafts import make_draft
from tests.factories import (
    make_batch,
    make_campaign,
    make_shipping_option,
    make_variant,
)

BUYERS = (0, 1, 2)
BATCH_COLUMNS = ("stage", "capacity", "taken", "orders_taken", "goods_taken")
ORDER_COLUMNS = (
    *("status", "total", "deposit"),
    *("amount_paid", "amount_refunded", "amount_kept"),
    "schedule_version",
)
UNSENT = (Refund.State.REQUESTED, Refund.State.SENDING)


def create(shop: Shop) -> list[Batch]:
    """Rows for an empty shop; batches in the order of its runs."""
    campaign = make_campaign(
        buyer_limit=shop.buyer_limit,
        late_payment="reinstate" if shop.takes_late_money else "refund",
        free_cancellation=shop.free_cancellation,
        cancellation_kept_percent=KEPT_PERCENT,
        **_plan(shop),
    )
    make_shipping_option(seller=campaign.seller)
    for _cap in shop.runs[0].caps:
        make_variant(campaign=campaign, price=PRICE)
    return [_create_batch(campaign, run) for run in shop.runs]


def _plan(shop: Shop) -> dict[str, Any]:
    if shop.deposit_percent == 100:
        return {}
    return {"plan": Campaign.Plan.DEPOSIT, "deposit_percent": shop.deposit_percent}


def _create_batch(campaign: Campaign, run: Run) -> Batch:
    batch = make_batch(campaign=campaign, capacity=run.capacity)
    for allotment, cap in zip(batch.allotments.order_by("pk"), run.caps, strict=True):
        Allotment.objects.filter(pk=allotment.pk).update(capacity=cap)
    return batch


def contact(buyer: int) -> dict[str, str]:
    return {"email": f"buyer-{buyer}@example.com", "phone": f"+62812555000{buyer}"}


def draft_of(batch: Batch, buyer: int, units: tuple[int, ...]) -> Draft:
    draft = make_draft(batch, units=list(units))
    return replace(
        draft,
        lines=tuple(line for line in draft.lines if line.quantity),
        buyer=draft.buyer | contact(buyer),
    )


def predicted(shop: Shop) -> dict[str, Any]:
    return {
        "batches": [_predicted_batch(shop, run) for run in shop.runs],
        "orders": [_predicted_order(shop, purchase) for purchase in shop.purchases],
        "tallies": {
            buyer: [shop.held_by(buyer), shop.held_with_phone(buyer)]
            for buyer in BUYERS
        },
    }


def _predicted_batch(shop: Shop, run: Run) -> dict[str, Any]:
    return {
        "stage": run.stage,
        "capacity": run.capacity,
        "taken": shop.taken(run),
        "orders_taken": len(shop.held(run)),
        "goods_taken": shop.taken(run) * PRICE,
        "allotments": [shop.taken_of(run, v) for v in range(len(run.caps))],
        "sheet": [(run.sheet or Counter())[v] for v in range(len(run.caps))],
    }


def _predicted_order(shop: Shop, purchase: Purchase) -> dict[str, Any]:
    return {
        "batch": shop.runs.index(purchase.batch),
        "status": purchase.status,
        "total": purchase.total,
        "deposit": purchase.deposit,
        "amount_paid": purchase.paid,
        "amount_refunded": purchase.refunded,
        "amount_kept": purchase.kept,
        "schedule_version": purchase.version,
        "requested": purchase.requested + purchase.unapproved,
        "arrived": sum(visit.arrived for visit in purchase.visits),
        "attempts": [visit.is_open for visit in purchase.visits],
    }


def stored(batches: list[Batch], orders: list[int]) -> dict[str, Any]:
    """The same as `predicted`, from the database."""
    rows = {
        row["pk"]: row for row in Order.objects.values("pk", "batch", *ORDER_COLUMNS)
    }
    payments, unsent = _stored_payments(), _unsent_refunds()
    numbers = {batch.pk: number for number, batch in enumerate(batches)}
    return {
        "batches": [_stored_batch(batch.pk) for batch in batches],
        "orders": [
            {column: rows[pk][column] for column in ORDER_COLUMNS}
            | {"batch": numbers[rows[pk]["batch"]]}
            | {"requested": unsent[pk], **payments[pk]}
            for pk in orders
        ],
        "tallies": _stored_tallies(batches[0].campaign_id),
    }


def _stored_batch(batch_id: int) -> dict[str, Any]:
    allotments = Allotment.objects.filter(batch=batch_id).order_by("pk")
    rows = list(allotments.values_list("variant", "taken"))
    produced = ProductionSheetLine.objects.filter(sheet__batch=batch_id)
    sheet = Counter(dict(produced.values_list("variant", "ordered")))
    batch: dict[str, Any] = Batch.objects.values(*BATCH_COLUMNS).get(pk=batch_id)
    return batch | {
        "allotments": [taken for _variant, taken in rows],
        "sheet": [sheet[variant] for variant, _taken in rows],
    }


def _stored_payments() -> defaultdict[int, dict[str, Any]]:
    """Of each order: what reached its pages, and which attempts are open."""
    arrived = dict(SandboxPayment.objects.values_list("reference", "received"))
    found: defaultdict[int, dict[str, Any]]
    found = defaultdict(lambda: {"arrived": Decimal(0), "attempts": []})
    for payment in Payment.objects.order_by("pk"):
        found[payment.order_id]["arrived"] += arrived[payment.reference]
        found[payment.order_id]["attempts"].append(payment.is_open)
    return found


def _unsent_refunds() -> Counter[int]:
    unsent = Refund.objects.filter(state__in=UNSENT)
    sums: Counter[int] = Counter()
    for order_id, amount in unsent.values_list("payment__order", "amount"):
        sums[order_id] += int(amount)
    return sums


def _stored_tallies(campaign_id: int) -> dict[int, list[int]]:
    """Units of each buyer by e-mail and by phone."""
    tallies = BuyerTally.objects.filter(campaign=campaign_id)
    units = dict(tallies.values_list("identity", "units"))
    return {
        buyer: [units.get(key, 0) for key in identities(**contact(buyer))]
        for buyer in BUYERS
    }


def broken_invariants() -> list[str]:
    return invariants.broken()
