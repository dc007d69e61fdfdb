"""Orders of a deposit plan, in production, on any day before or after their balance."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Batch
from config.demo.past import let_pass
from fulfillment import production
from orders.models import Message, Order, OrderEvent
from payments import attempts, balances
from payments.models import Payment
from tests.drafts import make_offer, place_paid
from tests.factories import make_campaign
from tests.fulfillment.goods import close

# 30 % of Rp 168.000, rounded to thousands, and the rest of it.
DEPOSIT, BALANCE = Decimal(50_000), Decimal(118_000)
DUE_DAYS = 7


def make_deposit_offer(*, capacity: int = 100, **rules: Any) -> Batch:
    terms = {"balance_due_days": DUE_DAYS} | rules
    campaign = make_campaign(plan="deposit", deposit_percent=30, **terms)
    return make_offer(campaign=campaign, capacity=capacity)


def start_production(batch: Batch) -> Batch:
    production.freeze(close(batch).pk, actor=SYSTEM)
    return Batch.objects.get(pk=batch.pk)


def deposit_paid(unpaid: str = "forfeit", **rules: Any) -> Order:
    """Its deposit is here, its batch in production, its balance due in seven days."""
    batch = make_deposit_offer(unpaid_balance=unpaid, **rules)
    order = place_paid(batch)
    start_production(batch)
    return read(order)


def read(order: Order) -> Order:
    return Order.objects.for_page().get(pk=order.pk)


def today(order: Order) -> date:
    return database_now().astimezone(order.zone).date()


def set_due(order: Order, *, in_days: int) -> None:
    """All happened so long ago that the last day to pay is so many days away."""
    batch = Batch.objects.get(pk=order.batch_id)
    assert batch.production_at is not None
    began = today(order) + timedelta(days=in_days - DUE_DAYS)
    let_pass(batch, (batch.production_at.astimezone(order.zone).date() - began).days)


def let_day_pass(order: Order) -> None:
    """The balance's day is over, and the last notice was sent a moment ago."""
    set_due(order, in_days=-2)
    balances.remind_due()
    sent = {"state": Message.State.SENT, "sent_at": database_now()}
    Message.objects.filter(state=Message.State.QUEUED).update(**sent)


def let_last_notice_pass(order: Order) -> None:
    """The days of the last notice are over too, for all of its batch."""
    let_day_pass(order)
    let_pass(Batch.objects.get(pk=order.batch_id), 5)
    yesterday = today(order) - timedelta(days=1)
    for noted in OrderEvent.objects.filter(kind="balance_overdue"):
        data = noted.data | {"pay_until": yesterday.isoformat()}
        QuerySet(OrderEvent).filter(pk=noted.pk).update(data=data)


def open_balance(order: Order) -> Payment:
    """The buyer opened the gateway's page for the balance."""
    payment = attempts.begin(order, wanted="sandbox")
    assert payment is not None
    return payment


def reminders_of(order: Order) -> list[str]:
    """The steps told, in order: first, soon, today, last."""
    mails = order.messages.filter(kind="balance_due").order_by("pk")
    return [key.rsplit("-", 1)[1] for key in mails.values_list("dedupe_key", flat=True)]
