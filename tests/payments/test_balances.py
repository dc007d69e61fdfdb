"""Balances are asked for in time, and unpaid ones end by the rule agreed to."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.clock import database_now
from campaigns.models import Batch, Campaign
from orders.balance_terms import BalanceTerms, UnpaidBalance
from orders.models import Message, Order
from payments import attempts, balances, settlement
from payments.balances import Step, step_of
from payments.dues import balance_of
from payments.gateways.base import Caps, Snapshot
from payments.gateways.sandbox import SandboxGateway
from payments.models import Payment, Refund
from payments.sandbox import provider as sandbox
from tests.concurrency.racing import assert_invariants
from tests.drafts import (
    finish,
    mails_of,
    make_offer,
    payment_of,
    place_order,
    place_paid,
    press,
    refunds_of,
    rows_of_orders,
    send_refunds,
    sums_of,
)
from tests.factories import make_batch, make_campaign
from tests.orders.delaying import delay
from tests.payments.deposits import (
    BALANCE,
    DEPOSIT,
    deposit_paid,
    let_day_pass,
    let_last_notice_pass,
    make_deposit_offer,
    open_balance,
    read,
    reminders_of,
    set_due,
    start_production,
    today,
)

pytestmark = pytest.mark.django_db

JAKARTA = ZoneInfo("Asia/Jakarta")
NOVEMBER_20 = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)


def terms(**changes):
    """Production began on 21 November 2026 at 03.00 WIB; seven days to pay."""
    values = {
        "unpaid": UnpaidBalance.FORFEIT,
        "grace": timedelta(days=3),
        "days": 7,
        "on": None,
        "production_at": NOVEMBER_20,
        "planned_on": None,
        "zone": JAKARTA,
    }
    return BalanceTerms(**values | changes)


def at(day, hour, minute=0):
    return datetime(2026, 11, day, hour, minute, tzinfo=JAKARTA)


# --- when


def test_days_are_counted_from_the_start_of_production_at_the_sellers_place():
    assert terms().due_on == date(2026, 11, 28)
    assert terms().due_at == datetime(2026, 11, 29, tzinfo=JAKARTA)


def test_a_fixed_date_stands_whenever_production_starts():
    fixed = terms(days=None, on=date(2026, 12, 10), production_at=None)

    assert fixed.due_on == date(2026, 12, 10)
    assert fixed.asked_from == datetime(2026, 11, 26, tzinfo=JAKARTA)


def test_a_fixed_date_is_asked_for_when_production_starts_earlier():
    assert terms(days=None, on=date(2026, 12, 30)).asked_from == NOVEMBER_20


def test_before_production_the_day_is_only_expected():
    planned = terms(production_at=None, planned_on=date(2026, 12, 1))

    assert (planned.due_on, planned.due_at, planned.asked_from) == (None,) * 3
    assert planned.expected_on == date(2026, 12, 8)


def test_a_last_notice_gives_its_days_from_when_it_is_told():
    assert terms().last_day(at(29, 8)) == date(2026, 12, 2)
    assert terms().last_day(at(20, 8)) == date(2026, 12, 1)
    assert terms(unpaid=UnpaidBalance.HOLD).last_day(at(29, 8)) is None


@pytest.mark.parametrize(
    ("now", "step"),
    [
        (NOVEMBER_20 - timedelta(seconds=1), None),
        (NOVEMBER_20, Step.FIRST),
        (at(25, 7, 59), Step.FIRST),
        (at(25, 8), Step.SOON),
        (at(28, 7, 59), Step.SOON),
        (at(28, 8), Step.TODAY),
        (at(29, 7, 59), Step.TODAY),
        (at(29, 8), Step.LAST),
        (at(30, 23), Step.LAST),
    ],
)
def test_steps_follow_each_other_and_only_the_latest_is_told(now, step):
    assert step_of(terms(), now) == step


def test_a_balance_without_a_day_is_asked_for_once():
    assert step_of(terms(days=None), at(30, 23)) == Step.FIRST


# --- asked for


def test_before_production_nobody_is_asked():
    order = place_paid(make_deposit_offer())

    assert balances.remind_due() == 0
    assert reminders_of(order) == []


def test_when_production_starts_the_balance_is_asked_for_once_with_its_pay_link():
    order = deposit_paid()

    assert (balances.remind_due(), balances.remind_due()) == (1, 0)

    [mail] = order.messages.filter(kind="balance_due")
    day = today(order) + timedelta(days=7)
    assert f"/o/{order.token}/pay/" in mail.text
    assert "Rp 118.000" in mail.subject
    assert str(day.day) in mail.subject
    assert mail.locale == "id"


def test_reminders_come_once_each_and_end_with_the_payment():
    order = deposit_paid()
    balances.remind_due()
    set_due(order, in_days=2)
    balances.remind_due()
    balances.remind_due()
    open_balance(order)
    finish(order, "pay")
    set_due(order, in_days=-2)

    assert balances.remind_due() == 0
    assert reminders_of(order) == ["first", "soon"]
    assert not order.events.filter(kind="balance_overdue").exists()


def test_steps_that_were_missed_are_not_sent_afterwards():
    order = deposit_paid()
    set_due(order, in_days=-2)

    balances.remind_due()

    assert reminders_of(order) == ["last"]


def test_who_paid_everything_is_never_asked():
    batch = make_offer(campaign=make_campaign(plan="full"))
    order = place_paid(batch)
    start_production(batch)

    assert balances.remind_due() == 0
    assert reminders_of(order) == []


def test_money_set_aside_for_a_human_silences_the_reminders():
    order = deposit_paid()
    payment = open_balance(order)
    short = Snapshot(
        state=Payment.State.CONFIRMED, currency="IDR", received=BALANCE - 1000
    )
    settlement.apply(payment, short)

    assert balances.remind_due() == 0
    let_day_pass(order)
    assert reminders_of(order) == []


def test_many_unpaid_orders_are_asked_in_the_same_number_of_queries(
    django_assert_num_queries,
):
    batch = make_deposit_offer()
    for _n in range(3):
        place_paid(batch)
    start_production(batch)
    balances.remind_due()

    # A chunk and its mails; the clock, and the end of the list.
    with django_assert_num_queries(4):
        assert balances.remind_due() == 0


def test_an_order_moved_to_a_later_batch_is_asked_when_that_is_made():
    order = deposit_paid()
    balances.remind_due()
    later = make_batch(
        campaign=order.batch.campaign,
        stage=Batch.Stage.PRODUCTION,
        production_at=database_now(),
    )
    Order.objects.filter(pk=order.pk).update(batch=later)

    balances.remind_due()

    assert reminders_of(order) == ["first", "first"]


# --- ended


def test_a_forfeited_balance_ends_the_order_and_keeps_what_was_paid():
    order = deposit_paid("forfeit")
    let_last_notice_pass(order)

    assert (balances.end_unpaid(), balances.end_unpaid()) == (1, 0)
    send_refunds()

    assert sums_of(order) == ("canceled", DEPOSIT, 0, DEPOSIT)
    assert refunds_of(order) == []
    canceled = order.events.get(kind="canceled")
    assert (canceled.actor, canceled.data["reason"]) == ("system", "unpaid_balance")
    assert mails_of(order)[-1] == "order_canceled"
    assert Batch.objects.get().taken == 0
    assert_invariants()


def test_who_is_asked_about_a_delay_loses_nothing_by_not_paying_the_balance():
    order = deposit_paid("forfeit")
    let_last_notice_pass(order)
    delay(order.batch)

    assert balances.end_unpaid() == 1
    send_refunds()

    assert sums_of(order) == ("canceled", DEPOSIT, DEPOSIT, 0)
    assert_invariants()


def test_a_refund_less_deposit_returns_what_was_paid_above_it():
    order = deposit_paid("refund_less_deposit")
    pay_a_part(order, Decimal(60_000))
    let_last_notice_pass(order)

    assert balances.end_unpaid() == 1
    send_refunds()

    assert sums_of(order) == ("canceled", DEPOSIT + 60_000, 0, DEPOSIT)
    assert refunds_of(order) == [("manual", 60_000, "admin")]
    assert_invariants()


def pay_a_part(order, amount):
    """By a hand-made payment, the one kind that may fall short."""
    payment = attempts.unsaved(order, "cash", amount)
    payment.save()
    paid = Snapshot(state=Payment.State.CONFIRMED, currency="IDR", received=amount)
    settlement.apply(payment, paid)


def test_a_forfeit_keeps_a_part_of_the_balance_too():
    order = deposit_paid("forfeit")
    pay_a_part(order, Decimal(60_000))
    let_last_notice_pass(order)

    balances.end_unpaid()
    send_refunds()

    assert sums_of(order) == ("canceled", DEPOSIT + 60_000, 0, DEPOSIT + 60_000)
    assert_invariants()


def test_hold_ends_nothing_and_the_seller_finds_the_order():
    order = deposit_paid("hold")
    let_day_pass(order)

    assert balances.end_unpaid() == 0

    assert sums_of(order)[0] == "confirmed"
    assert order.events.get(kind="balance_overdue").data["pay_until"] is None
    assert reminders_of(order) == ["last"]


def test_orders_placed_before_there_was_a_rule_only_wait():
    order = deposit_paid("forfeit")
    rules = {
        name: value
        for name, value in order.rules.items()
        if not name.startswith(("balance_", "unpaid_"))
    }
    Order.objects.filter(pk=order.pk).update(rules=rules)
    set_due(order, in_days=-30)

    assert (balances.remind_due(), balances.end_unpaid()) == (1, 0)
    assert sums_of(order)[0] == "confirmed"
    assert reminders_of(order) == ["first"]


def test_a_later_edit_of_the_campaign_does_not_touch_an_order():
    order = deposit_paid("hold")
    Campaign.objects.update(unpaid_balance="forfeit", balance_due_days=1)
    let_day_pass(order)

    assert balances.end_unpaid() == 0
    assert BalanceTerms.of(read(order)).unpaid == UnpaidBalance.HOLD


def test_the_days_of_the_last_notice_are_waited_for():
    order = deposit_paid()
    let_day_pass(order)
    before = rows_of_orders()

    assert balances.end_unpaid() == 0
    assert rows_of_orders() == before


def test_a_last_notice_that_was_never_sent_ends_nothing():
    order = deposit_paid()
    let_last_notice_pass(order)
    Message.objects.filter(order=order).update(state=Message.State.FAILED)

    assert balances.end_unpaid() == 0
    assert sums_of(order)[0] == "confirmed"


def test_a_last_notice_sent_late_gives_its_days_all_the_same():
    order = deposit_paid()
    let_last_notice_pass(order)
    Message.objects.filter(order=order).update(
        sent_at=database_now() - timedelta(days=2)
    )

    assert balances.end_unpaid() == 0
    assert sums_of(order)[0] == "confirmed"


def test_an_order_without_an_address_for_mails_waits_for_its_seller():
    order = deposit_paid()
    Order.objects.filter(pk=order.pk).update(email="", source="chat")
    set_due(order, in_days=-2)

    assert (balances.remind_due(), balances.remind_due()) == (1, 0)
    assert balances.end_unpaid() == 0
    assert order.events.filter(kind="balance_overdue").count() == 1
    assert sums_of(order)[0] == "confirmed"


@pytest.mark.parametrize(
    "doubt",
    [
        {"amount_in_suspense": 1000, "suspense_currency": "IDR"},
        {"progress": "proof_uploaded"},
        {"progress": "processing"},
        {"amount_reversed": 1000},
    ],
)
def test_money_in_doubt_keeps_the_order_for_its_seller(doubt):
    order = deposit_paid()
    let_last_notice_pass(order)
    payment = open_balance(order)
    Payment.objects.filter(pk=payment.pk).update(**doubt)

    assert balances.end_unpaid() == 0
    assert sums_of(order)[0] == "confirmed"


def test_the_open_page_is_closed_at_the_gateway_before_the_order_ends():
    order = deposit_paid()
    payment = open_balance(order)
    let_last_notice_pass(order)

    assert balances.end_unpaid() == 1

    payment.refresh_from_db()
    assert payment.state == Payment.State.EXPIRED
    assert sums_of(order)[0] == "canceled"


def test_money_the_gateway_has_already_is_counted_instead():
    order = deposit_paid()
    payment = open_balance(order)
    let_last_notice_pass(order)
    sandbox.finish(payment.reference, "pay")

    assert balances.end_unpaid() == 0

    assert sums_of(order) == ("confirmed", DEPOSIT + BALANCE, 0, 0)


def test_money_that_comes_after_the_end_goes_back():
    order = deposit_paid()
    payment = open_balance(order)
    let_last_notice_pass(order)
    balances.end_unpaid()
    press(payment, "pay_late")
    finish(order, "resend")
    send_refunds()

    assert sums_of(order) == ("canceled", DEPOSIT + BALANCE, BALANCE, DEPOSIT)
    assert_invariants()


def test_a_silent_gateway_is_asked_again_before_anything_ends(monkeypatch):
    order = deposit_paid()
    open_balance(order)
    let_last_notice_pass(order)
    monkeypatch.setattr(balances.Pages, "close", lambda *_of: False)

    assert balances.end_unpaid() == 0
    assert sums_of(order)[0] == "confirmed"


def test_an_order_that_was_shipped_in_part_is_not_ended():
    order = deposit_paid()
    let_last_notice_pass(order)
    order.lines.update(shipped=1)

    assert balances.end_unpaid() == 0
    assert sums_of(order)[0] == "confirmed"


# --- what is due


def test_a_balance_paid_by_a_stale_link_while_the_deposit_is_open_counts():
    batch = make_deposit_offer()
    order = place_order(batch)
    deposit = payment_of(order)
    balance = attempts.unsaved(order, "sandbox", BALANCE, state=Payment.State.CANCELED)
    balance.purpose = Payment.Purpose.BALANCE
    balance.save()
    paid = Snapshot(state=Payment.State.CONFIRMED, currency="IDR", received=BALANCE)

    settlement.apply(balance, paid)
    assert sums_of(order) == ("confirmed", BALANCE, 0, 0)
    finish_first(deposit)

    assert sums_of(order) == ("confirmed", DEPOSIT + BALANCE, 0, 0)
    assert balance_of(read(order)).due == balance_of(read(order)).owed_back == 0
    assert not Refund.objects.exists()
    assert_invariants()


def finish_first(payment):
    sandbox.finish(payment.reference, "pay")
    paid = Snapshot(
        state=Payment.State.CONFIRMED, currency="IDR", received=payment.amount
    )
    settlement.apply(payment, paid)


def test_what_is_paid_above_the_total_by_stale_links_is_owed_back():
    order = deposit_paid()
    first = open_balance(order)
    finish(order, "pay")
    again = Snapshot(
        state=Payment.State.CONFIRMED, currency="IDR", received=BALANCE + 25_000
    )

    settlement.apply(first, again)

    [refund] = Refund.objects.all()
    assert (refund.amount, refund.approved_at) == (25_000, None)
    assert balance_of(read(order)).due == 0


def test_a_part_no_gateway_takes_makes_the_whole_total_due(monkeypatch):
    caps = Caps(minimum={"IDR": Decimal(60_000)})
    monkeypatch.setattr(SandboxGateway, "caps", caps)

    order = place_order(make_deposit_offer())

    assert (order.deposit, order.total) == (168_000, 168_000)
    assert payment_of(order).purpose == "full"


# --- told


def test_the_order_page_asks_for_the_balance_first(client):
    order = deposit_paid()
    Order.objects.filter(pk=order.pk).update(locale="en")

    text = client.get(f"/o/{order.token}/").content.decode()

    assert "Pay the balance of Rp\xa0118.000 by" in text
    assert text.count(f"/o/{order.token}/pay/") == 1
    assert "The balance is due by" in text


def test_pages_tell_the_last_day_once_the_balance_is_overdue(client):
    order = deposit_paid("refund_less_deposit")
    Order.objects.filter(pk=order.pk).update(locale="en")
    let_day_pass(order)
    last = today(order) + timedelta(days=3)

    for page in ("", "pay/"):
        text = client.get(f"/o/{order.token}/{page}").content.decode()
        assert f"You can still pay until the end of {last.day} {last:%B %Y}." in text


def test_before_production_the_expected_day_is_told(client):
    batch = make_deposit_offer()
    order = place_paid(batch)
    Order.objects.filter(pk=order.pk).update(locale="en")
    planned = batch.production_starts_on + timedelta(days=7)

    text = client.get(f"/o/{order.token}/").content.decode()

    assert "within 7 days after production starts" in text
    assert f"As planned, that is {planned.day} {planned:%B %Y}." in text


def test_the_end_is_told_with_what_was_kept(client):
    order = deposit_paid("forfeit")
    let_last_notice_pass(order)
    Order.objects.filter(pk=order.pk).update(locale="en")
    balances.end_unpaid()

    mail = order.messages.get(kind="order_canceled")
    page = client.get(f"/o/{order.token}/").content.decode()

    assert "your order ended by the rule you agreed to" in mail.text
    assert "Kept by the cancellation rule: Rp\xa050.000" in mail.text
    assert "The balance was not paid in time, so the order ended." in page


def test_staff_read_what_is_due_beside_the_payments(client):
    order = deposit_paid()
    client.force_login(User.objects.create_superuser("admin"))

    url = reverse("admin:orders_order_change", args=[order.pk])
    text = client.get(url, headers={"accept-language": "en"}).content.decode()

    assert "118.000</strong> of the total is still due." in text
    assert "The balance is due by" in text
