"""Every invariant finds the row that breaks it, and a shop at work breaks none."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db.models import F

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Allotment, Batch
from config.invariants import all_invariants
from fulfillment.invariants import INVARIANTS as OF_GOODS
from orders import cancellation
from orders.delays.invariants import INVARIANTS as OF_DELAYS
from orders.models import BuyerTally, Message, Order, OrderEvent, OrderLine
from orders.news.invariants import INVARIANTS as OF_NEWS
from orders.updates.invariants import INVARIANTS as OF_UPDATES
from orders.waitlist.invariants import INVARIANTS as OF_WAITLISTS
from payments.ledger.invariants import INVARIANTS as OF_LEDGER
from payments.models import LedgerEntry, Payment, Refund
from payments.refunds import sending as refund_sending
from payments.refunds.invariants import INVARIANTS as OF_REFUNDS
from tests import invariants
from tests.drafts import (
    TOTAL,
    end_hold,
    finish,
    make_offer,
    place_order,
    place_paid,
    send_refunds,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def long_ago():
    return database_now() - HOUR


def delete(model):
    """Past the models, which refuse it for the ledger and for histories."""
    model.objects.all()._raw_delete("default")


def cancel(order):
    cancellation.cancel_as_shown(order.pk, shown=TOTAL)


def cancel_without_refund(order):
    cancel(order)
    Order.objects.update(canceled_at=long_ago())


def lose_a_refund(order):
    cancel(order)
    refund_sending.request_all_owed()
    Refund.objects.update(state="unknown", next_attempt_at=long_ago())


def forget_a_sent_refund(order):
    cancel(order)
    send_refunds()
    Order.objects.update(amount_refunded=0)


def send_more_back_than_came(order):
    cancel(order)
    refund_sending.request_all_owed()
    Refund.objects.update(amount=F("amount") + 1)


def outlive_its_hold(order):
    Order.objects.update(status="pending", expires_at=long_ago())


def make_undecided(order):
    Batch.objects.update(
        stage="production", production_at=database_now(), minimum_units=9
    )


def go_ahead_uncounted(order):
    counted = {"units": 1, "minimum": 9}
    order.batch.record("minimum_reached", actor=SYSTEM, data=counted)


def go_ahead_in_silence(order):
    Batch.objects.update(minimum_units=1, minimum_decided_at=long_ago())
    Order.objects.update(confirmed_at=long_ago())


def confirm_during_production(order):
    Batch.objects.update(production_at=long_ago(), stage="production")


def lose_the_money(order):
    Payment.objects.update(amount_received=0)
    Order.objects.update(amount_paid=0)


CORRUPTIONS = {
    "tally too high": (
        lambda _order: BuyerTally.objects.update(units=F("units") + 1),
        1,
        "tally {campaign}/{identity}: 2, orders hold 1",
    ),
    "tally lost": (
        lambda _order: delete(BuyerTally),
        1,
        "tally {campaign}/{identity}: missing, orders hold 1",
    ),
    "units nobody holds": (
        lambda _order: Batch.objects.update(taken=2),
        2,
        "batch {batch}: taken 2 in 1 orders, lines hold 1 in 1",
    ),
    "units sold twice": (
        lambda _order: Batch.objects.update(taken=0),
        2,
        "batch {batch}: taken 0 in 1 orders, lines hold 1 in 1",
    ),
    "orders miscounted": (
        lambda _order: Batch.objects.update(orders_taken=0),
        2,
        "batch {batch}: taken 1 in 0 orders, lines hold 1 in 1",
    ),
    "goods miscounted": (
        lambda _order: Batch.objects.update(goods_taken=F("goods_taken") + 1),
        2,
        "batch {batch}: goods taken 150001, orders hold 150000 IDR",
    ),
    "allotment too low": (
        lambda _order: Allotment.objects.update(taken=0),
        2,
        "allotment {allotment}: 0, lines hold 1",
    ),
    "a line that grew": (
        lambda _order: OrderLine.objects.update(ordered=3, quantity=3),
        2,
        "allotment {allotment}: 1, lines hold 3",
    ),
    "allotments do not add up": (
        lambda _order: Allotment.objects.update(taken=0),
        3,
        "batch {batch}: taken 1, allotments 0",
    ),
    "a hold without an end": (outlive_its_hold, 4, "order {order}: unpaid hold ended "),
    "placed after the close": (
        lambda _order: Batch.objects.update(closed_at=long_ago()),
        7,
        "order {order}: placed ",
    ),
    "confirmed during production": (
        confirm_during_production,
        8,
        "order {order}: confirmed ",
    ),
    "status changed by hand": (
        lambda _order: Order.objects.update(status="fulfilled"),
        9,
        "order {order}: fulfilled, its last event says confirmed",
    ),
    "history lost": (
        lambda _order: delete(OrderEvent),
        9,
        "order {order}: confirmed, its last event says pending",
    ),
    "money kept without a right": (
        cancel_without_refund,
        13,
        "order {order}: 168000.00 owed back without a refund",
    ),
    "more refunded than received": (
        send_more_back_than_came,
        14,
        "payment {payment}: refunds 168001.00, counted 168000.00 of 168000.00",
    ),
    "a refund not counted": (
        forget_a_sent_refund,
        15,
        "order {order}: paid 168000.00 refunded 0.00, rows say ",
    ),
    "total changed": (
        lambda _order: Order.objects.update(total=F("total") + 1),
        15,
        "order {order}: total 168001.00, lines 150000.00 + 18000.00 - 0.00",
    ),
    "price changed": (
        lambda _order: OrderLine.objects.update(unit_price=1),
        15,
        "order {order}: total 168000.00, lines 1.00 + 18000.00 - 0.00",
    ),
    "paid by hand": (
        lambda _order: Order.objects.update(amount_paid=F("amount_paid") + 1),
        15,
        "order {order}: paid 168001.00 refunded 0.00, rows say ",
    ),
    "books lost": (
        lambda _order: delete(LedgerEntry),
        15,
        "order {order}: ledger 0, order 168000.00",
    ),
    "confirmed without money": (
        lose_the_money,
        15,
        "order {order}: confirmed with 0.00",
    ),
    "a call nobody looked up": (lose_a_refund, 16, "refund {refund}: unknown since "),
    "a change nobody was told of": (
        lambda _order: Message.objects.filter(kind="order_confirmed").delete(),
        18,
        "order {order}: confirmed without a mail order_confirmed",
    ),
    "made without a decision": (
        make_undecided,
        25,
        "batch {batch}: made, its minimum was missed or never decided",
    ),
    "a count that did not reach it": (
        go_ahead_uncounted,
        25,
        "batch {batch}: 1 of 9 reached",
    ),
    "a batch goes ahead in silence": (
        go_ahead_in_silence,
        26,
        "order {order}: not told that batch {batch} goes ahead",
    ),
    "a mail tried for ever": (
        lambda _order: Message.objects.update(attempts=10),
        19,
        "message {message}: 10 attempts",
    ),
    "mail stuck with its sender": (
        lambda _order: Message.objects.filter(kind="order_placed").update(
            state="sending", leased_until=long_ago()
        ),
        19,
        "message {message}: its lease ended",
    ),
    "two mails that look like one": (
        lambda _order: Message.objects.update(message_id="<one@127.0.0.1>"),
        20,
        "2 mails are <one@127.0.0.1>",
    ),
}


def names_of(order):
    batch = order.batch
    return {
        "campaign": batch.campaign_id,
        "identity": order.limit_keys[0][:8],
        "batch": batch.pk,
        "allotment": batch.allotments.get().pk,
        "order": order.pk,
        "payment": order.payments.get().pk,
        "refund": getattr(Refund.objects.first(), "pk", 0),
        "message": Message.objects.earliest("pk").pk,
    }


def rows_breaking(number):
    asked = [each for each in all_invariants() if each.number == number]
    return [row for invariant in asked for row in invariant.violations()]


@pytest.mark.parametrize(
    ("corrupt", "number", "row"), CORRUPTIONS.values(), ids=CORRUPTIONS
)
def test_a_broken_invariant_is_named_with_its_row(corrupt, number, row):
    order = place_paid(make_offer())
    assert invariants.broken() == []

    corrupt(order)

    row = row.format(**names_of(order))
    rows = rows_breaking(number)
    assert any(broken.startswith(row) for broken in rows), rows
    assert invariants.broken()  # As the other tests look for it.


def test_the_command_names_what_is_broken_with_its_row_and_fails(capsys):
    order = place_paid(make_offer())
    Batch.objects.update(taken=2)

    with pytest.raises(SystemExit) as stop:
        call_command("check_invariants", quiet=True)

    assert stop.value.code == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "✗  2 taken equals the lines that hold units",
        f"     batch {order.batch_id}: taken 2 in 1 orders, lines hold 1 in 1",
        "✗  3 allotments add up to their batch",
        f"     batch {order.batch_id}: taken 2, allotments 1",
    ]
    assert printed.err == "2 invariants are broken\n"


def test_every_number_is_broken_by_a_corruption_above():
    # Except overrun caps, number 1 too: a constraint refuses those (test_capacity).
    broken = {number for _corrupt, number, _row in CORRUPTIONS.values()}
    elsewhere = {
        invariant.number
        for invariant in (
            *OF_GOODS,
            *OF_WAITLISTS,
            *OF_DELAYS,
            *OF_NEWS,
            *OF_LEDGER,
            *OF_REFUNDS,
            *OF_UPDATES,
        )
    }

    assert broken | elsewhere == {invariant.number for invariant in all_invariants()}


def test_of_a_sound_shop_nothing_is_said_when_asked_to_be_quiet(capsys):
    place_paid(make_offer())

    call_command("check_invariants", quiet=True)

    assert capsys.readouterr().out == ""


def test_a_shop_at_work_breaks_none(capsys):
    batch = make_offer(variants=2, capacity=20)
    for ending in ("pay", "pay_twice", "pay_less", "refund_first", "fail", "expire"):
        finish(place_order(batch, units=[1, 1]), ending)
    cancel(place_paid(batch))
    late = place_order(batch)
    end_hold(late)
    finish(late, "pay_late")
    returned = place_order(batch)
    end_hold(returned)
    Batch.objects.update(capacity=F("taken"))
    finish(returned, "pay_late")
    send_refunds()

    call_command("check_invariants")

    printed = capsys.readouterr().out
    assert printed.count("✓") == len(all_invariants())
    assert "✗" not in printed


def test_many_broken_rows_are_cut_short(capsys):
    batch = make_offer(capacity=30)
    for _n in range(21):
        place_order(batch)
    Order.objects.update(total=F("total") + 1)

    with pytest.raises(SystemExit):
        call_command("check_invariants", quiet=True)

    printed = capsys.readouterr().out.splitlines()
    start = printed.index("✗ 15 totals are lines and shipping")
    assert printed[start + 21] == "     …"


@pytest.mark.parametrize("column", ["goods", "total", "amount_paid"])
def test_one_cent_in_a_great_sum_is_found(column, capsys):
    batch = make_offer(capacity=30)
    order = place_order(batch)
    great = Decimal("899999999999.97")
    OrderLine.objects.update(unit_price=great)
    Payment.objects.update(amount_received=great)
    rest = {"goods": great, "total": great + order.shipping, "amount_paid": great}
    Order.objects.update(**rest)
    Order.objects.update(**{column: rest[column] + Decimal("0.01")})

    with pytest.raises(SystemExit):
        call_command("check_invariants", quiet=True)

    printed = capsys.readouterr().out
    totals = "✗ 15 totals are lines and shipping"
    sums = f"order {order.pk}: paid 899999999999.98"
    assert (totals in printed, sums in printed) == (
        column != "amount_paid",
        column == "amount_paid",
    )
