"""Start of production: the plan is what was confirmed, and it stands."""

import pytest

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.errors import InvalidTransition
from campaigns.models import Batch
from config import production as start_of_production
from config import sweep as round_of_all
from fulfillment import production
from fulfillment.errors import NotDrained
from fulfillment.models import ProductionSheet, ProductionSheetLine
from orders import cancellation
from orders.models import Order
from orders.waitlist.offers import offer_freed
from payments import gateways, inbox
from payments.errors import GatewayError
from payments.gateways.sandbox import SandboxGateway
from payments.models import Payment, SandboxPayment
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    end_hold,
    finish,
    mails_of,
    make_offer,
    payment_of,
    place_order,
    place_paid,
    press,
    refunds_of,
    sums_of,
)
from tests.fulfillment.goods import close, in_production, rows_of_goods
from tests.silence import down
from tests.waiting import full_batch, give_back, offered_to, wait

pytestmark = pytest.mark.django_db

Stage = Batch.Stage


def plan_of(sheet):
    return [(line.sku, line.ordered, line.to_produce) for line in sheet.lines.all()]


def test_a_sheet_adds_up_what_was_confirmed():
    batch, orders = in_production([2, 1], [3])

    sheet = ProductionSheet.objects.get()
    first, second = batch.campaign.variants.all()
    assert (sheet.batch, sheet.number, sheet.frozen_by) == (batch, 1, None)
    assert plan_of(sheet) == [(first.sku, 5, 5), (second.sku, 1, 1)]
    assert [line.label for line in sheet.lines.all()] == [first.label, second.label]
    assert len(sheet.digest) == 64
    assert batch.stage == Stage.PRODUCTION
    assert batch.events.last().data == {"from": "closed"}
    assert len(orders) == 2
    assert_invariants()


def test_what_expired_or_was_canceled_is_not_produced():
    batch = make_offer()
    place_paid(batch)
    end_hold(place_order(batch))
    cancellation.cancel_as_shown(place_paid(batch).pk, shown=TOTAL)
    close(batch)

    sheet = production.freeze(batch.pk, actor=SYSTEM)

    assert sum(line.ordered for line in sheet.lines.all()) == 1
    assert_invariants()


def test_an_unpaid_order_holds_the_freeze_up():
    batch = make_offer()
    place_paid(batch)
    for _twice in range(2):
        place_order(batch)
    close(batch)
    before = rows_of_goods()

    with pytest.raises(NotDrained) as refusal:
        production.freeze(batch.pk, actor=SYSTEM)

    assert refusal.value.pending == 2
    assert rows_of_goods() == before


@pytest.mark.parametrize("stage", [s for s in Stage if s != Stage.CLOSED])
def test_only_a_closed_batch_is_frozen(stage):
    batch = make_offer()
    Batch.objects.update(stage=stage)
    before = rows_of_goods()

    with pytest.raises(InvalidTransition):
        production.freeze(batch.pk, actor=SYSTEM)

    assert rows_of_goods() == before


def test_freezing_twice_is_refused_and_leaves_the_first_sheet():
    batch, _orders = in_production()
    before = rows_of_goods()

    with pytest.raises(InvalidTransition):
        production.freeze(batch.pk, actor=SYSTEM)

    assert rows_of_goods() == before


def test_a_sheet_is_never_changed():
    in_production()
    sheet = ProductionSheet.objects.get()

    with pytest.raises(TypeError):
        sheet.save()
    with pytest.raises(TypeError):
        ProductionSheet.objects.all().delete()


# --- start of production: holds end first


def test_starting_ends_the_holds_and_takes_in_what_was_paid():
    batch = make_offer()
    paid, unheard, unpaid = (place_order(batch) for _n in range(3))
    finish(paid, "pay")
    SandboxPayment.objects.filter(reference=payment_of(unheard).reference).update(
        state="paid", received=TOTAL
    )
    close(batch)

    sheet = start_of_production.start(batch.pk, actor=SYSTEM)

    assert [sums_of(order)[0] for order in (paid, unheard, unpaid)] == [
        "confirmed",
        "confirmed",
        "expired",
    ]
    assert sum(line.ordered for line in sheet.lines.all()) == 2
    assert mails_of(unpaid) == ["order_placed", "order_expired"]
    assert [event.kind for event in unpaid.events.all()] == [
        "placed",
        "hold_ended",
        "expired",
    ]
    assert payment_of(unpaid).state == Payment.State.EXPIRED
    assert_invariants()


def test_whose_time_to_pay_the_start_cut_short_is_told_so():
    batch = make_offer()
    ended = place_order(batch)
    Order.objects.update(locale="en")
    close(batch)

    start_of_production.start(batch.pk, actor=SYSTEM)

    told = ended.messages.get(kind="order_expired")
    assert told.subject == f"Your unpaid order ended before production – {ended.number}"
    assert told.text.startswith("The seller ended the time to pay earlier than you")
    assert "ran out" not in told.text


def test_whose_offer_the_start_cut_short_is_told_so(client):
    batch, [first, _second] = full_batch()
    entry = wait(batch, locale="en")
    give_back(first)
    offer_freed()
    close(batch)

    start_of_production.start(batch.pk, actor=SYSTEM)

    told = offered_to(entry).messages.get(kind="order_expired").text
    page = client.get(entry.url).content.decode()
    assert told.startswith("The seller ended the offer of the waiting list earlier")
    assert "next in line" not in told
    assert "join it again" not in told
    assert "The seller ended the offer to start production." in page
    assert "next in line" not in page


def test_money_after_the_start_is_owed_back():
    batch = make_offer()
    order = place_order(batch)
    close(batch)
    start_of_production.start(batch.pk, actor=SYSTEM)

    press(payment_of(order), "pay_late")
    inbox.process_due()

    assert sums_of(order) == ("expired", TOTAL, 0, 0)
    assert refunds_of(order) == [("requested", TOTAL, "late")]
    assert_invariants()


def silent(_gateway, _payment):
    raise GatewayError("no answer")


def test_a_silent_gateway_holds_the_start_up_until_it_answers(monkeypatch):
    batch = make_offer()
    order = place_order(batch)
    close(batch)

    with monkeypatch.context() as patch:
        patch.setattr(SandboxGateway, "cancel", silent)
        with pytest.raises(NotDrained) as refusal:
            start_of_production.start(batch.pk, actor=SYSTEM)

    assert refusal.value.pending == 1
    assert sums_of(order)[0] == "pending"
    assert Batch.objects.get().stage == Stage.CLOSED
    assert not ProductionSheet.objects.exists()
    assert gateways.get("sandbox").fetch(
        gateways.payment_in(payment_of(order))
    ).state == (Payment.State.PENDING)

    start_of_production.start(batch.pk, actor=SYSTEM)
    order.refresh_from_db()
    assert order.status == "expired"
    assert order.events.filter(kind="hold_ended").count() == 1


def test_a_gateway_down_for_hours_takes_no_right_to_pay_from_a_hold_at_close():
    batch = make_offer()
    order = place_order(batch)
    close(batch)

    with down():
        assert round_of_all.run()["expired holds"] == 0
    finish(order, "pay")

    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    sheet = start_of_production.start(batch.pk, actor=SYSTEM)
    assert sum(line.ordered for line in sheet.lines.all()) == 1
    assert_invariants()


def test_a_gateway_down_for_hours_holds_the_start_up_for_its_grace_alone():
    batch = make_offer()
    order = place_order(batch)
    close(batch)

    with down():
        for _try in range(2):
            with pytest.raises(NotDrained):
                start_of_production.start(batch.pk, actor=SYSTEM)
        Payment.objects.update(hold_until=database_now())
        start_of_production.start(batch.pk, actor=SYSTEM)
    press(payment_of(order), "pay")
    inbox.process_due()

    assert Batch.objects.get().stage == Stage.PRODUCTION
    assert sum(line.ordered for line in ProductionSheetLine.objects.all()) == 0
    assert sums_of(order) == ("expired", TOTAL, 0, 0)
    assert refunds_of(order) == [("requested", TOTAL, "late")]
    assert_invariants()


def test_an_open_batch_is_refused_before_its_cut_off_and_its_holds_live_on():
    batch = make_offer()
    place_order(batch)
    before = rows_of_goods()

    with pytest.raises(start_of_production.StillOpen):
        start_of_production.start(batch.pk, actor=SYSTEM)

    assert rows_of_goods() == before


def test_a_batch_past_its_cut_off_is_closed_on_the_way():
    batch = make_offer()
    place_paid(batch)
    Batch.objects.update(closes_at=Batch.objects.with_clock().get().clock)

    start_of_production.start(batch.pk, actor=SYSTEM)

    kinds = list(batch.events.values_list("kind", flat=True))
    assert kinds == ["closed", "production"]


@pytest.mark.parametrize("stage", ["draft", "production", "shipping", "canceled"])
def test_starting_from_another_stage_ends_no_hold(stage):
    batch = make_offer()
    place_order(batch)
    Batch.objects.update(stage=stage)
    before = rows_of_goods()

    with pytest.raises(InvalidTransition):
        start_of_production.start(batch.pk, actor=SYSTEM)

    assert rows_of_goods() == before
