"""Campaigns with a past: lived through with the shop's functions, then dated back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import DateField, F, Model, QuerySet

from campaigns import schedule
from campaigns.actors import Actor
from campaigns.clock import Clock
from campaigns.models import Batch, BatchEvent, Campaign, Seller, Update
from campaigns.schedule import Window
from config import production
from config.demo.buyers import BUYERS, Buyer
from config.demo.offers import Offer
from fulfillment import dispatch
from fulfillment.models import Carrier, ProductionSheet, Shipment
from orders.delays import answers as delay_answers
from orders.delays import schedule_news
from orders.mail import rows as mail_rows
from orders.minimum import news as minimum_news
from orders.models import Decision, Message, Order, OrderEvent
from orders.news import production as production_news
from orders.updates import writing as update_writing
from orders.updates.audience import PROPOSED
from orders.updates.emails import update_mail
from orders.updates.recipients import Recipient
from payments.models import LedgerEntry, Payment

# Which rows belong to a batch, and by which way; they grow old together.
ROWS: tuple[tuple[type[Model], str], ...] = (
    (Campaign, "batches"),
    (Batch, "pk"),
    (BatchEvent, "batch"),
    (Update, "campaign__batches"),
    (Order, "batch"),
    (OrderEvent, "order__batch"),
    (Message, "order__batch"),
    (Payment, "order__batch"),
    (LedgerEntry, "order__batch"),
    (ProductionSheet, "batch"),
    (Shipment, "order__batch"),
)
# Mails that tell the dates of their batch.
DATED = ("order_placed", "order_confirmed", "batch_confirmed", "production_started")
DAYS_ON_SALE = 6


@dataclass(frozen=True)
class News:
    """What the seller told everybody, some days ago."""

    title: str
    body: str
    other_title: str
    other_body: str
    days_ago: int = 3

    def post(self, campaign: Campaign, author: Actor) -> None:
        update = Update.objects.create(
            campaign=campaign,
            author=author.user,
            statuses=list(PROPOSED),
            title=self.title,
            body=self.body,
            other_title=self.other_title,
            other_body=self.other_body,
        )
        update.schedule()
        Update.objects.filter(pk=update.pk).update(publish_at=Clock())
        update.publish()
        update_writing.write(update.pk)


@dataclass(frozen=True)
class Delay:
    """Its window moves by so many days; the first buyers answer, the others do not."""

    days: int
    reason: str
    answers: tuple[Decision.Answer, ...]

    def announce(self, batch: Batch, *, actor: Actor) -> None:
        moved = timedelta(days=self.days)
        if batch.ships_from is None or batch.ships_until is None:
            return
        window = Window(batch.ships_from + moved, batch.ships_until + moved)
        schedule.announce(batch, window=window, reason=self.reason, actor=actor)
        schedule_news.tell_batch(batch.pk)
        asked = Decision.objects.delays().open().filter(order__batch=batch)
        for decision, answer in zip(asked.order_by("pk"), self.answers, strict=False):
            delay_answers.answer(decision.pk, choice=answer)


@dataclass(frozen=True)
class PastOffer(Offer):
    """Its schedule counts from the day the orders came in.

    `orders` names units by SKU for one buyer after the other.
    """

    orders: tuple[dict[str, int], ...] = ()
    days_in_production: int = 10
    is_shipped: bool = False
    news: News | None = None
    delay: Delay | None = None

    def live_through(self, campaign: Campaign) -> None:
        batch, owner = campaign.batches.get(), _owner_of(campaign.seller)
        for buyer, units in self._purchases():
            buyer.order(batch, units)
        let_pass(batch, DAYS_ON_SALE)
        batch.close(actor=owner)
        let_pass(batch, 1)
        production.start(batch.pk, actor=owner)
        minimum_news.tell_going_ahead()
        production_news.tell_started()
        self._make(campaign, batch, owner)
        if self.is_shipped:
            self._ship_all(batch, owner)

    def _make(self, campaign: Campaign, batch: Batch, owner: Actor) -> None:
        news = self.news
        let_pass(batch, self.days_in_production - (news.days_ago if news else 0))
        if news:
            news.post(campaign, owner)
            let_pass(batch, news.days_ago)
        if self.delay:
            self.delay.announce(batch, actor=owner)

    def _purchases(self) -> Iterator[tuple[Buyer, dict[str, int]]]:
        yield from zip(BUYERS, self.orders, strict=False)

    def _ship_all(self, batch: Batch, owner: Actor) -> None:
        carriers = {carrier.name: carrier for carrier in Carrier.objects.all()}
        for order in batch.orders.order_by("pk"):
            carrier = carriers.get(order.shipping_service.split()[0])
            number = f"DEMO{order.pk:08}"
            dispatch.ship(
                order.pk, carrier=carrier, tracking_number=number, actor=owner
            )
        let_pass(batch, 4)
        dispatch.complete(batch.pk, actor=owner)
        let_pass(batch, 3)

    def _renew(self, seller: Seller) -> list[str]:
        """What is over stays over."""
        return []


def _owner_of(seller: Seller) -> Actor:
    return Actor.staff(seller.members.order_by("pk")[0])


def let_pass(batch: Batch, days: int) -> None:
    """All that happened so far happened this many days earlier."""
    for model, path in ROWS:
        rows: QuerySet[Any] = QuerySet(model).filter(**{path: batch.pk})
        for row in rows:
            moved = _earlier(row, timedelta(days=days))
            QuerySet(model).filter(pk=row.pk).update(**moved)
    _send_long_ago(batch)
    batch.refresh_from_db()


def _earlier(row: Model, by: timedelta) -> dict[str, Any]:
    moments: dict[str, date | None] = {
        field.name: getattr(row, field.name)
        for field in row._meta.fields
        if isinstance(field, DateField)
    }
    return {name: value - by for name, value in moments.items() if value}


def _send_long_ago(batch: Batch) -> None:
    """Mails of another day are not sent today; the dates they tell move too."""
    mails = Message.objects.filter(order__batch=batch)
    for mail in mails.filter(kind__in=DATED):
        order = Order.objects.for_page().get(messages=mail)
        subject, text = mail_rows.render(mail.kind, order)
        Message.objects.filter(pk=mail.pk).update(subject=subject, text=text)
    for mail in mails.exclude(update_of=None):
        _write_anew(mail)
    mails.update(state=Message.State.SENT, attempts=1, sent_at=F("created_at"))


def _write_anew(mail: Message) -> None:
    """The mail of an update; of its dates some stand in what was written about it."""
    if mail.update_of is None or mail.order_id is None:
        return
    order = Order.objects.for_page().get(pk=mail.order_id)
    reader = Recipient.of_order(order, mail.update_of.campaign)
    written = update_mail(mail.update_of, reader)
    Message.objects.filter(pk=mail.pk).update(
        subject=written.subject, text=written.text
    )
