"""A shop, its two gateways, and everything that can happen to money between them."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.errors import CampaignError
from campaigns.models import Campaign
from config.invariants import all_invariants
from orders import cancellation
from orders.models import Order
from payments import approvals, attempts, cash, closing, expiry, inbox, suspense
from payments.checkout.placing import place
from payments.dues import balance_of
from payments.gateways.base import Inbound, RefundSnapshot
from payments.models import Dispute, LedgerEntry, Payment, Refund
from payments.reconciliation import rounds as reconciliation
from payments.reconciliation.comparing import FOUND_BY_ASKING
from payments.reconciliation.rounds import Mode
from payments.refunds import by_seller as seller_refunds
from payments.refunds import owed as refunds_owed
from payments.refunds import sending as refund_sending
from tests import invariants
from tests.drafts import make_draft, make_offer, new_key, run_out
from tests.payments.scripted import NOTHING, Record, dispute, journal

MONEY_NUMBERS = range(12, 18)
GATEWAYS = st.sampled_from(["alpha", "beta"])
PART = st.sampled_from([Decimal("0.25"), Decimal("0.5"), Decimal(1)])
WHICH = st.integers(0, 3)
ROUNDS_TO_REST = 6
TEN = Decimal(10)


def part_of(amount: Decimal, share: Decimal) -> Decimal:
    return (amount * share).quantize(Decimal(1))


class MoneyMachine(RuleBasedStateMachine):
    # Otherwise the books are checked when a history has come to rest.
    CHECKS_EACH_STEP = False

    def __init__(self) -> None:
        super().__init__()
        self.history = transaction.atomic()
        self.history.__enter__()
        self.numbers = itertools.count(1)
        self.by_hand = NOTHING
        journal.clear()

    def teardown(self) -> None:
        try:
            if hasattr(self, "orders"):
                self.come_to_rest()
        finally:
            transaction.set_rollback(True)
            self.history.__exit__(None, None, None)

    @initialize(
        gateways=st.lists(GATEWAYS, min_size=1, max_size=2),
        deposit=st.sampled_from([100, 30]),
        reinstates=st.booleans(),
        capacity=st.sampled_from([2, 5]),
    )
    def open_shop(
        self, gateways: list[str], deposit: int, reinstates: bool, capacity: int
    ) -> None:
        batch = make_offer(capacity=capacity)
        late = Campaign.LatePayment
        Campaign.objects.update(
            deposit_percent=deposit,
            late_payment=late.REINSTATE if reinstates else late.REFUND,
        )
        self.orders = [
            place(make_draft(batch), gateway=name, submit_key=new_key()).pk
            for name in gateways
        ]

    # What buyers, their banks and the gateways do

    @rule(which=WHICH, times=st.integers(1, 2))
    def pay(self, which: int, times: int) -> None:
        if record := self.record(which):
            record.take(times * record.amount)

    @rule(which=WHICH, share=PART)
    def pay_less(self, which: int, share: Decimal) -> None:
        if record := self.record(which):
            record.take(part_of(record.amount, share) or TEN)

    @rule(which=WHICH)
    def pay_in_dollars(self, which: int) -> None:
        record = self.record(which)
        if record and not record.received:
            record.currency = "USD"
            record.take(TEN)

    @rule(which=WHICH, state=st.sampled_from(["failed", "expired"]))
    def end_unpaid(self, which: int, state: str) -> None:
        record = self.record(which)
        if record and record.state == Payment.State.PENDING:
            record.state = Payment.State(state)

    @rule(which=WHICH)
    def reverse(self, which: int) -> None:
        record = self.record(which)
        if record and record.held > 0 and record.currency == "IDR":
            record.state = Payment.State.REVERSED
            record.reversed += record.held

    @rule(which=WHICH, share=PART)
    def refund_in_the_dashboard(self, which: int, share: Decimal) -> None:
        record = self.record(which)
        amount = part_of(record.held, share) if record else NOTHING
        if record and amount > 0 and record.currency == "IDR":
            name = f"dash_{next(self.numbers)}"
            seen = RefundSnapshot(
                gateway_reference=name, amount=amount, state=Refund.State.SUCCEEDED
            )
            record.refunds[name] = seen

    @rule(which=WHICH, state=st.sampled_from(["succeeded", "failed", "failed"]))
    def answer_a_refund(self, which: int, state: str) -> None:
        """One on its way ends, or one that succeeded comes back."""
        record = self.record(which)
        if record is None:
            return
        for key, seen in record.refunds.items():
            if seen.state != Refund.State.FAILED:
                record.settle_refund(key, Refund.State(state))
                return

    @rule(which=WHICH, share=PART)
    def dispute(self, which: int, share: Decimal) -> None:
        """Open with nothing moved, then withdrawn, then won or lost."""
        record = self.record(which)
        if record is None or record.currency != "IDR" or not record.received:
            return
        now = record.disputes.get("dp_1")
        amount = now.amount if now else part_of(record.amount, share) or TEN
        if now is None:
            moved, state = NOTHING, Dispute.State.OPEN
        elif not now.withdrawn and now.state == Dispute.State.OPEN:
            moved, state = min(amount, max(record.held, NOTHING)), Dispute.State.OPEN
        elif now.state == Dispute.State.OPEN:
            is_won = share < 1
            moved = NOTHING if is_won else now.withdrawn
            state = Dispute.State.WON if is_won else Dispute.State.LOST
        else:
            return
        record.disputes["dp_1"] = dispute(amount, withdrawn=moved, state=state)

    @rule(how=st.sampled_from(["succeeded", "pending", "failed", "lost"]))
    def let_the_next_refund(self, how: str) -> None:
        journal.next_refund = how

    # What the shop hears, in any order and any number of times

    @rule(which=WHICH, times=st.integers(1, 2), is_again=st.booleans())
    def hear(self, which: int, times: int, is_again: bool) -> None:
        if payment := self.payment(which):
            key = "again" if is_again else str(next(self.numbers))
            notice = Inbound(
                dedupe_key=f"{payment.reference}-{key}",
                type="news",
                reference=payment.reference,
            )
            for _time in range(times):
                inbox.receive(payment.gateway, notice, b"{}")
            inbox.process_due()

    @rule(order=WHICH)
    def come_back(self, order: int) -> None:
        row = self.order(order)
        row.payments.update(fetched_at=None)
        attempts.refresh(row)

    @rule(mode=st.sampled_from(list(Mode)))
    def reconcile(self, mode: Mode) -> None:
        reconciliation.reconcile(mode=mode)

    # What buyer and seller decide

    @rule(order=WHICH, wanted=GATEWAYS)
    def begin(self, order: int, wanted: str) -> None:
        attempts.begin(self.order(order), wanted=wanted)

    @rule(order=WHICH)
    def let_time_run_out(self, order: int) -> None:
        row = self.order(order)
        if row.status == Order.Status.PENDING:
            run_out(row)
            expiry.expire_overdue()

    @rule(order=WHICH)
    def cancel(self, order: int) -> None:
        row = self.order(order)
        self.allow(
            lambda: cancellation.cancel_as_shown(
                row.pk, shown=cancellation.quote(row).returned
            )
        )

    @rule(order=WHICH, share=PART)
    def cancel_as_seller(self, order: int, share: Decimal) -> None:
        row = self.order(order)
        if row.status not in Order.HOLDING:
            return
        shown = cancellation.quote_for_seller(row)
        kept = part_of(shown.kept, share)
        self.allow(
            lambda: cancellation.cancel_for_seller(
                row.pk, kept=kept, shown=shown, reason="", actor=SYSTEM
            )
        )

    @rule(order=WHICH, share=PART)
    def refund_as_seller(self, order: int, share: Decimal) -> None:
        row = self.order(order)
        net = balance_of(row).net
        self.allow(
            lambda: seller_refunds.refund(
                row.pk,
                amount=part_of(net, share),
                note="goodwill",
                shown=net,
                is_goodwill=True,
                actor=SYSTEM,
            )
        )

    @rule(which=WHICH, step=st.sampled_from(["credit", "send_back", "by_hand", "look"]))
    def decide_on_suspense(self, which: int, step: str) -> None:
        payment = self.payment(which)
        if payment is None:
            return
        steps: dict[str, Callable[[int], None]] = {
            "credit": lambda pk: suspense.credit(pk, actor=SYSTEM),
            "send_back": lambda pk: suspense.send_back(pk, note="x", actor=SYSTEM),
            "by_hand": self.return_dollars,
            "look": lambda pk: suspense.look_at(pk, note="x", actor=SYSTEM),
        }
        self.allow(lambda: steps[step](payment.pk))

    def return_dollars(self, pk: int) -> None:
        if not Payment.objects.get(pk=pk).has_own_suspense:
            suspense.returned_by_hand(pk, reference="Wise", actor=SYSTEM)

    @rule(is_approved=st.booleans())
    def decide_on_a_duplicate(self, is_approved: bool) -> None:
        if refund := Refund.objects.unapproved().first():
            pk = refund.pk
            if is_approved:
                self.allow(lambda: approvals.approve(pk, actor=SYSTEM))
            else:
                self.allow(lambda: approvals.decline(pk, note="x", actor=SYSTEM))

    @rule()
    def send_refunds(self) -> None:
        refund_sending.request_all_owed()
        Refund.objects.update(next_attempt_at=database_now())
        refund_sending.send_due()

    @rule()
    def pay_by_hand(self) -> None:
        for refund in Refund.objects.filter(state=Refund.State.MANUAL):
            if refund.approved_at:
                name = f"bank {next(self.numbers)}"
                cash.pay_back(refund.pk, reference=name, actor=SYSTEM)

    @rule()
    def close_abandoned_pages(self) -> None:
        closing.close_abandoned()

    # What holds after every step

    @invariant()
    def books_are_in_order_at_each_step(self) -> None:
        if self.CHECKS_EACH_STEP:
            self.books_are_in_order()

    def books_are_in_order(self) -> None:
        assert broken_money() == []

    @invariant()
    def nothing_is_below_zero_and_no_state_lags(self) -> None:
        for order in Order.objects.prefetch_related("payments"):
            assert order.amount_paid >= order.amount_refunded
            net = balance_of(order).net
            is_paid = net > 0 and net >= order.deposit
            assert order.status != Order.Status.PENDING or not is_paid

    def come_to_rest(self) -> None:
        """All news is heard and all that is owed is sent: both sides then agree."""
        journal.next_refund = "succeeded"
        for _round in range(ROUNDS_TO_REST):
            before = what_is_on_its_way()
            self.answer_everything()
            reconciliation.reconcile(mode=Mode.DAILY)
            self.decide_on_a_duplicate(is_approved=True)
            self.send_refunds()
            self.pay_by_hand()
            if what_is_on_its_way() == before:
                break
        reconciliation.reconcile(mode=Mode.DAILY)
        self.books_are_in_order()
        self.both_sides_agree()
        self.no_money_is_left_over()

    def answer_everything(self) -> None:
        for record in journal.records.values():
            for key, seen in record.refunds.items():
                if seen.state == Refund.State.PENDING:
                    record.settle_refund(key, Refund.State.SUCCEEDED)
            now = record.disputes.get("dp_1")
            if now and now.state == Dispute.State.OPEN:
                record.disputes["dp_1"] = replace(now, state=Dispute.State.LOST)

    def both_sides_agree(self) -> None:
        for payment in Payment.objects.prefetch_related("refunds"):
            record = journal.records.get(payment.reference)
            there = (record.received, record.taken_back) if record else (0, 0)
            here = (payment.amount_seen, payment.amount_reversed)
            assert here == there, (here, there, payment.state, record)
        for name in ("alpha", "beta"):
            held = sum(
                (record.held + record.fee for _r, record in journal.of(name)), NOTHING
            )
            assert gateway_account(name) == held - paid_by_hand(name)
        listed = reconciliation.reconcile(mode=Mode.DAILY).open_rows
        assert not listed.filter(kind__in=[*FOUND_BY_ASKING, "ledger"]).exists()

    def no_money_is_left_over(self) -> None:
        for order in Order.objects.all():
            left = balance_of(order).owed_back - refunds_owed.credit_of(order)
            assert left <= 0, f"{left} of {order.status} neither kept nor returned"
            assert balance_of(order).net >= 0 or order.amount_paid == 0

    def order(self, number: int) -> Order:
        pk = self.orders[number % len(self.orders)]
        return Order.objects.for_page().get(pk=pk)

    def payment(self, number: int) -> Payment | None:
        rows = list(Payment.objects.order_by("pk"))
        return rows[number % len(rows)] if rows else None

    def record(self, number: int) -> Record | None:
        records = list(journal.records.values())
        return records[number % len(records)] if records else None

    def allow(self, step: Callable[[], Any]) -> None:
        """Refused is fine, as long as nothing changed."""
        try:
            step()
        except CampaignError:
            return


def what_is_on_its_way() -> list[Any]:
    """When a round changes nothing of it, the next one would not either."""
    return [
        list(LedgerEntry.objects.values_list("pk")),
        list(Refund.objects.order_by("pk").values_list("pk", "state", "amount")),
        list(Payment.objects.order_by("pk").values_list("pk", "state")),
        list(Order.objects.order_by("pk").values_list("pk", "status")),
    ]


def broken_money() -> list[str]:
    checks = [one for one in all_invariants() if one.number in MONEY_NUMBERS]
    return invariants.broken(checks)


def gateway_account(name: str) -> Decimal:
    """What left the gateway's account for others, less what came back; in any money."""
    account = f"gateway:{name}"
    out = LedgerEntry.objects.filter(debit=account)
    back = LedgerEntry.objects.filter(credit=account).exclude(kind="returned")
    disputed = LedgerEntry.objects.filter(payment__gateway=name, kind="dispute")
    won = LedgerEntry.objects.filter(payment__gateway=name, kind="dispute_won")
    return total(out) - total(back) - total(disputed) + total(won)


def total(entries: Any) -> Decimal:
    return sum(entries.values_list("amount", flat=True), NOTHING)


def paid_by_hand(name: str) -> Decimal:
    """Refunds the gateway never heard of: the seller paid them by transfer."""
    known = {
        seen.gateway_reference
        for _reference, record in journal.of(name)
        for seen in record.refunds.values()
    }
    paid = Refund.objects.filter(payment__gateway=name, state=Refund.State.SUCCEEDED)
    by_hand = paid.exclude(gateway_reference__in=known)
    return sum(by_hand.values_list("amount", flat=True), NOTHING)
