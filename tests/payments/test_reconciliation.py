"""What a gateway told nobody of is found by asking; what cannot be mended is listed."""

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models import F

from campaigns.clock import database_now
from campaigns.models import Campaign
from orders import cancellation
from orders.models import Message
from payments import inbox, sweep
from payments.errors import Unavailable
from payments.models import (
    Discrepancy,
    GatewayEvent,
    LedgerEntry,
    Payment,
    ReconciliationRun,
    Refund,
    SandboxPayment,
)
from payments.reconciliation import rounds as reconciliation
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    TOTAL,
    finish,
    ledger_of,
    mails_of,
    make_offer,
    payment_of,
    place_order,
    place_paid,
    refunds_of,
    rows_in,
    rows_of_orders,
    send_refunds,
    sums_of,
)
from tests.silence import down, faulty

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def reconcile(*arguments):
    """Exit code and what was printed."""
    out = StringIO()
    try:
        call_command("reconcile_payments", *arguments, stdout=out)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def told(*arguments):
    return json.loads(reconcile("--json", *arguments)[1])


def pay_unnoticed(order, **changes):
    """Money at the gateway whose notification is lost."""
    rows = SandboxPayment.objects.filter(
        reference=order.payments.latest("pk").reference
    )
    rows.update(**{"state": "paid", "received": F("amount")} | changes)


def grow_older(minutes=6):
    past = database_now() - minutes * MINUTE
    Payment.objects.update(created_at=past)


def everything():
    return rows_of_orders() | rows_in([Discrepancy, ReconciliationRun, GatewayEvent])


def listed():
    rows = Discrepancy.objects.open().order_by("pk")
    return list(rows.values_list("kind", "reference"))


def assert_paid_once(order):
    assert sums_of(order) == ("confirmed", TOTAL, 0, 0)
    assert ledger_of(order) == [("payment", TOTAL)]
    assert mails_of(order).count("order_confirmed") == 1


def test_a_lost_notification_is_made_up_for_once():
    order = place_order(make_offer())
    pay_unnoticed(order)

    assert reconcile() == (0, "1 compared, 1 brought up to date\n")

    assert_paid_once(order)
    before = rows_of_orders()
    assert reconcile()[0] == 0
    assert rows_of_orders() == before
    assert listed() == []
    assert_invariants()


def test_a_shop_without_payments_is_left_as_it_is():
    place = make_offer()
    before = everything()

    assert reconcile() == (0, "0 compared, 0 brought up to date\n")

    assert everything() == before
    assert place.orders.count() == 0


def test_what_agrees_is_compared_and_not_written():
    batch = make_offer()
    place_paid(batch)
    place_order(batch)
    cancellation.cancel_as_shown(place_paid(batch).pk, shown=TOTAL)
    send_refunds()
    before = rows_of_orders()

    code, text = reconcile()

    assert (code, text) == (0, "3 compared, 0 brought up to date\n")
    assert rows_of_orders() == before


def test_a_dry_run_only_reports():
    order = place_order(make_offer())
    pay_unnoticed(order)
    SandboxPayment.objects.create(
        reference="FOREIGN-1", amount=1, currency="IDR", received=1, state="paid"
    )
    before = everything()

    answer = told("--dry-run")
    code, _text = reconcile("--dry-run")

    assert code == 1
    assert (answer["compared"], answer["applied"], answer["dry_run"]) == (1, 1, True)
    assert [row["kind"] for row in answer["open"]] == ["paid_there", "unknown_object"]
    assert everything() == before


def test_money_nobody_asked_for_is_listed_and_not_guessed_about():
    place_paid(make_offer())
    SandboxPayment.objects.create(
        reference="FOREIGN-1",
        session="sbx_foreign",
        amount=5_000,
        currency="IDR",
        received=5_000,
        state="paid",
    )
    before = rows_of_orders()

    assert [reconcile()[0], reconcile()[0]] == [1, 1]

    found = Discrepancy.objects.get()
    assert (found.kind, found.reference) == ("unknown_object", "sbx_foreign")
    assert found.details == {"here": "unknown", "there": "5000.00 IDR"}
    assert found.seen_at > found.found_at
    assert rows_of_orders() == before

    refund = {"id": "r1", "reference": "", "amount": "5000", "state": "succeeded"}
    SandboxPayment.objects.filter(session="sbx_foreign").update(refunds={"r": refund})

    assert reconcile()[0] == 0
    found.refresh_from_db()
    assert found.resolution == "gone by itself"


def test_a_page_nobody_paid_on_is_no_difference():
    SandboxPayment.objects.create(reference="FOREIGN-1", amount=5, currency="IDR")

    assert reconcile()[0] == 0


def test_money_here_that_the_gateway_does_not_know_is_listed_until_it_does():
    order = place_paid(make_offer())
    rows = SandboxPayment.objects.all()
    rows.update(received=0, state="open")

    code, text = reconcile()

    reference = payment_of(order).reference
    assert code == 1
    assert f"not_there: sandbox {reference} (here confirmed 168000.00 IDR" in text
    assert_paid_once(order)

    rows.update(received=F("amount"), state="paid")
    assert reconcile()[0] == 0
    assert Discrepancy.objects.get().resolution == "gone by itself"


def test_a_payment_the_gateway_has_lost_is_listed():
    place_paid(make_offer())
    SandboxPayment.objects.all().delete()

    assert reconcile()[0] == 1

    assert listed() == [("not_there", Payment.objects.get().reference)]


@pytest.mark.parametrize(
    ("changes", "there"),
    [
        ({"received": TOTAL - 1}, "167999.00 IDR"),
        ({"currency": "USD"}, "168000.00 USD"),
    ],
)
def test_another_amount_or_currency_stays_listed_until_decided(changes, there):
    order = place_order(make_offer())
    pay_unnoticed(order, **changes)

    assert [reconcile()[0], reconcile()[0]] == [1, 1]

    found = Discrepancy.objects.get()
    assert (found.kind, found.payment) == ("amount", payment_of(order))
    assert found.details == {"here": "168000.00 IDR", "there": there}
    assert sums_of(order) == ("pending", 0, 0, 0)


def test_a_refund_the_gateway_never_heard_of_is_listed():
    order = place_paid(make_offer())
    cancellation.cancel_as_shown(order.pk, shown=TOTAL)
    send_refunds()
    SandboxPayment.objects.update(refunds={})

    assert reconcile()[0] == 1

    assert listed() == [("refund", Refund.objects.get().reference)]


def test_a_refund_made_at_the_gateway_is_taken_over():
    order = place_paid(make_offer())
    refund = {"id": "re_1", "reference": "", "amount": "5000", "state": "succeeded"}
    SandboxPayment.objects.update(refunds={"k": refund})

    assert [reconcile()[0], reconcile()[0]] == [0, 0]

    assert refunds_of(order) == [("succeeded", Decimal(5_000), "external")]
    assert Refund.objects.count() == 1


def test_a_refund_of_another_amount_is_listed():
    order = place_paid(make_offer())
    cancellation.cancel_as_shown(order.pk, shown=TOTAL)
    send_refunds()
    row = SandboxPayment.objects.get()
    [key] = row.refunds
    row.refunds[key]["amount"] = "7"
    row.save()

    assert reconcile()[0] == 1

    found = Discrepancy.objects.get()
    assert found.details == {"here": "succeeded 168000.00", "there": "succeeded 7"}
    assert found.refund == Refund.objects.get()


def test_an_order_paid_twice_is_listed_until_the_seller_decides():
    order = place_order(make_offer())
    finish(order, "pay_twice")

    assert reconcile()[0] == 1
    assert listed() == [("paid_twice", Refund.objects.get().reference)]

    Refund.objects.update(approved_at=database_now())
    assert reconcile()[0] == 0


def test_books_that_lost_an_entry_are_listed():
    order = place_paid(make_offer())
    LedgerEntry.objects.all()._raw_delete("default")

    assert reconcile()[0] == 1

    found = Discrepancy.objects.get()
    assert (found.kind, found.reference) == ("ledger", order.number)
    assert found.details == {"here": "ledger 0, order 168000.00"}


def test_a_notification_that_was_given_up_stays_listed_until_its_money_is_found():
    order = place_order(make_offer())
    pay_unnoticed(order)
    GatewayEvent.objects.create(
        gateway="sandbox",
        dedupe_key="evt",
        reference=payment_of(order).reference,
        payment=payment_of(order),
        state="dead",
        body=b"",
    )

    code, _text = reconcile("--mode", "open")
    assert (code, listed()[0][0]) == (1, "event_dead")

    assert reconcile()[0] == 0
    assert_paid_once(order)


@pytest.mark.parametrize(("mode", "calls"), [("open", 3), ("daily", 1)])
def test_a_silent_gateway_costs_three_calls_and_is_named(mode, calls):
    batch = make_offer()
    for _n in range(5):
        place_order(batch)
    grow_older()
    before = rows_of_orders()

    with down() as made:
        code, text = reconcile("--mode", mode)

    assert code == 1
    assert text == "0 compared, 0 brought up to date\nno answer: sandbox\n"
    assert len(made) == calls
    assert rows_of_orders() == before
    assert ReconciliationRun.objects.get().silent == ["sandbox"]


def test_a_list_that_breaks_off_misses_nobody():
    place_paid(make_offer())

    with faulty(history=Unavailable("no route to host")):
        answer = told()

    assert (answer["silent"], answer["open"]) == (["sandbox"], [])


def test_the_sweep_asks_every_ten_minutes_for_what_waits_five():
    order = place_order(make_offer())
    pay_unnoticed(order)
    assert reconciliation.reconcile_when_due() == 0
    assert sums_of(order)[0] == "pending"

    grow_older(minutes=5)
    assert reconciliation.reconcile_when_due() == 1
    assert_paid_once(order)

    other = place_order(make_offer())
    pay_unnoticed(other)
    grow_older()
    assert reconciliation.reconcile_when_due() == 0
    started = database_now() - reconciliation.EVERY
    ReconciliationRun.objects.update(started_at=started)
    assert reconciliation.reconcile_when_due() == 1
    assert_paid_once(other)


def test_with_nothing_waiting_the_sweep_keeps_no_round():
    place_paid(make_offer())

    assert reconciliation.reconcile_when_due() == 0

    assert not ReconciliationRun.objects.exists()


def test_hours_without_notifications_end_in_the_same_books():
    """Paid, failed, expired, paid late, paid twice: none of it was notified."""
    batch = make_offer(capacity=9)
    orders = [place_order(batch) for _n in range(5)]
    paid, failed, expired, twice, short = orders
    pay_unnoticed(paid)
    pay_unnoticed(failed, state="failed", received=0)
    pay_unnoticed(expired, state="expired", received=0)
    pay_unnoticed(twice, received=2 * F("amount"))
    pay_unnoticed(short, received=1)
    grow_older(minutes=200)

    for _name, step in sweep.STEPS:
        step()

    states = [order.payments.get().state for order in orders]
    assert states == ["confirmed", "failed", "expired", "confirmed", "confirmed"]
    assert_paid_once(paid)
    assert refunds_of(twice) == [("requested", TOTAL, "duplicate")]
    assert sums_of(short) == ("pending", 0, 0, 0)
    assert not GatewayEvent.objects.exists()
    assert sorted(kind for kind, _ref in listed()) == ["amount", "paid_twice"]
    assert_invariants()


def test_only_the_gateway_asked_for_is_compared():
    order = place_order(make_offer())
    pay_unnoticed(order)

    code, text = reconcile("--gateway", "stripe")

    assert (code, text.splitlines()[-1]) == (1, "no answer: stripe")
    assert sums_of(order)[0] == "pending"

    assert reconcile("--gateway", "sandbox")[0] == 0
    assert_paid_once(order)


@pytest.mark.parametrize(
    "arguments",
    [("--gateway", "nobody"), ("--since", "yesterday"), ("--mode", "weekly")],
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(CommandError):
        call_command("reconcile_payments", *arguments)


def test_a_seller_is_told_of_new_differences_once():
    batch = make_offer()
    Campaign.objects.update(lang="en")
    order = place_order(batch)
    pay_unnoticed(order, received=1)

    reconcile()
    reconcile()

    alert = Message.objects.get(kind="seller_alert")
    assert alert.to == batch.campaign.seller.email
    assert alert.subject == "1 payment differs from its gateway"
    line = f"- Another amount or currency: sandbox {payment_of(order).reference}"
    assert line in alert.text
    assert "/admin/payments/discrepancy/" in alert.text


def test_operators_are_told_of_money_nobody_asked_for():
    User.objects.create_superuser("admin", "ops@example.com")
    SandboxPayment.objects.create(
        reference="FOREIGN-1", amount=1, currency="IDR", received=1, state="paid"
    )

    reconcile()

    alert = Message.objects.get(kind="seller_alert")
    assert (alert.to, alert.campaign) == ("ops@example.com", None)


def test_one_broken_payment_stops_no_other(monkeypatch, caplog):
    batch = make_offer()
    broken, order = place_order(batch), place_order(batch)
    pay_unnoticed(broken)
    pay_unnoticed(order)
    apply = reconciliation.settlement.apply

    def apply_or_break(payment, snapshot):
        if payment.order_id == broken.pk:
            raise RuntimeError("no such luck")
        return apply(payment, snapshot)

    monkeypatch.setattr(reconciliation.settlement, "apply", apply_or_break)

    reconcile()

    assert_paid_once(order)
    assert sums_of(broken)[0] == "pending"
    assert "no such luck" in caplog.text


def test_one_that_was_settled_by_the_inbox_meanwhile_is_no_difference(monkeypatch):
    """The page had expired; while its gateway answered, it was paid all the same."""
    order = place_order(make_offer())
    pay_unnoticed(order, state="expired", received=0)
    grow_older()
    fetch = reconciliation.Inquiry.payment

    def answer_late(inquiry, payment):
        snapshot = fetch(inquiry, payment)
        if payment_of(order).is_open:
            finish(order, "pay_late")
        return snapshot

    monkeypatch.setattr(reconciliation.Inquiry, "payment", answer_late)

    assert reconcile("--mode", "open")[0] == 0

    assert inbox.process_due() == 0
    assert_paid_once(order)
