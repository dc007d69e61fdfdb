"""Random histories of one shop, each step done by the shop and by its model."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.test import TestCase
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.errors import CampaignError
from campaigns.models import Batch
from config import production
from config import sweep as everything
from orders import cancellation
from orders.models import Order
from orders.tallies import BuyerLimitReached
from payments import attempts, inbox
from payments.checkout.placing import place
from payments.sandbox import provider as sandbox
from tests.concurrency import shop_of_model
from tests.concurrency.model import OPEN_PAGE, Purchase, Run, Shop
from tests.concurrency.shop_of_model import BUYERS, draft_of
from tests.drafts import approve_refunds, new_key, run_out, send_refunds

# A batch, a buyer, and units of each variant.
Wish = tuple[int, int, tuple[int, ...]]

BASKETS = st.sampled_from([(1, 0), (0, 1), (1, 1), (2, 0), (1, 2)])
WISHES = st.tuples(st.integers(0, 1), st.sampled_from(BUYERS), BASKETS)
CAPS = st.tuples(*[st.sampled_from([None, 3, 2, 1])] * 2)
RUNS = st.builds(Run, capacity=st.sampled_from([3, 2, 5, 1]), caps=CAPS)
ENDINGS = ("pay_late", "pay_twice", "pay_less", "pay", "fail", "expire")
FINAL_STEPS = ("produce", "cancel_batch")
SELLER_STEPS = ("close", "reopen", "reopen", "cut_off_passes", *FINAL_STEPS)
EARLIEST_END = 8


def refusal_of(step: Callable[[], object]) -> str | None:
    """Its name; a refusal leaves nothing behind."""
    try:
        step()
    except (CampaignError, BuyerLimitReached) as refusal:
        return type(refusal).__name__
    return None


class ShopMachine(RuleBasedStateMachine):
    SHOP: type[Shop] = Shop
    # Otherwise the invariants are checked at the end of each history.
    CHECKS_EACH_STEP = False

    purchases: Bundle[Purchase] = Bundle("purchases")

    def __init__(self) -> None:
        super().__init__()
        self.history = transaction.atomic()
        self.history.__enter__()
        self.steps = 0
        self.orders: list[int] = []

    def teardown(self) -> None:
        try:
            assert shop_of_model.broken_invariants() == []
        finally:
            transaction.set_rollback(True)
            self.history.__exit__(None, None, None)

    @initialize(
        target=purchases,
        wishes=st.lists(WISHES, min_size=2, max_size=4),
        paid=st.integers(0, 2),
        runs=st.lists(RUNS, min_size=2, max_size=2),
        buyer_limit=st.sampled_from([None, 6, 3]),
        deposit_percent=st.sampled_from([100, 50]),
        takes_late_money=st.booleans(),
        free_cancellation=st.sampled_from(["until_production", "until_close", "never"]),
    )
    def open_shop(self, wishes: list[Wish], paid: int, **rules: Any) -> Any:
        self.shop = self.SHOP(**rules)
        self.batches = shop_of_model.create(self.shop)
        placed = self.order_all(wishes)
        for purchase in self.shop.purchases[:paid]:
            self.pay(purchase)
        return placed

    # Buyers

    @rule(target=purchases, wishes=st.lists(WISHES, min_size=1, max_size=3))
    def order(self, wishes: list[Wish]) -> Any:
        return self.order_all(wishes)

    def order_all(self, wishes: list[Wish]) -> Any:
        placed = [self.order_once(*wish) for wish in wishes]
        return multiple(*filter(None, placed))

    def order_once(
        self, number: int, buyer: int, units: tuple[int, ...]
    ) -> Purchase | None:
        run = self.shop.runs[number]
        expected = self.shop.refusal(run, buyer, units)
        draft, key = draft_of(self.batch(run), buyer, units), new_key()
        refusal = refusal_of(lambda: place(draft, gateway="sandbox", submit_key=key))
        assert refusal == expected
        if refusal:
            return None
        self.orders.append(Order.objects.get(submit_key=key).pk)
        return self.shop.place(run, buyer, units)

    @rule(purchase=purchases)
    def press_the_button_again(self, purchase: Purchase) -> None:
        order = self.order_of(purchase)
        draft = draft_of(order.batch, purchase.buyer, purchase.units)
        twin = place(draft, gateway="sandbox", submit_key=order.submit_key)
        assert twin == order

    @rule(purchase=purchases)
    def pay(self, purchase: Purchase) -> None:
        self.end_visit(purchase, "pay", is_heard=True)

    @rule(purchase=purchases, ending=st.sampled_from(ENDINGS), is_heard=st.booleans())
    def end_visit(self, purchase: Purchase, ending: str, is_heard: bool) -> None:
        """The shop hears of it by a notification, or only when it asks."""
        if not purchase.visits:
            return
        visit = purchase.visits[-1]
        if visit.page != OPEN_PAGE and ending != "pay_late":
            return
        visit.end(ending)
        payment = self.order_of(purchase).payments.latest("pk")
        with TestCase.captureOnCommitCallbacks(execute=is_heard):
            sandbox.finish(payment.reference, ending)
        inbox.process_due()
        if is_heard:
            self.shop.hear(purchase, visit)

    @rule(purchase=purchases)
    def pay_too_late(self, purchase: Purchase) -> None:
        self.time_to_pay_runs_out(purchase, is_noticed=True)
        self.end_visit(purchase, "pay_late", is_heard=True)

    @rule(purchase=purchases)
    def try_to_pay_again(self, purchase: Purchase) -> None:
        before = self.order_of(purchase).payments.count()
        payment = attempts.next_attempt(self.order_of(purchase).pk, "sandbox")
        if payment and not payment.redirect_url:
            attempts.start(payment)
        is_new = self.order_of(purchase).payments.count() > before
        assert is_new == self.shop.try_again(purchase)

    @rule(purchase=purchases)
    def cancel(self, purchase: Purchase) -> None:
        kept = self.shop.kept_if_canceled(purchase)
        returned = purchase.paid - purchase.refunded - kept
        order_id = self.order_of(purchase).pk
        refusal = refusal_of(
            lambda: cancellation.cancel_as_shown(order_id, shown=Decimal(returned))
        )
        if self.shop.may_cancel(purchase):
            assert refusal is None
            self.shop.cancel(purchase, kept=kept)
        else:
            is_repeat = purchase.status == "canceled"
            assert refusal == (None if is_repeat else "NotCancelable")

    # Time

    @rule(purchase=purchases, is_noticed=st.booleans())
    def time_to_pay_runs_out(self, purchase: Purchase, is_noticed: bool) -> None:
        if purchase.status == "pending":
            run_out(self.order_of(purchase))
            purchase.is_overdue = True
        if is_noticed:
            self.sweep()

    def cut_off_passes(self, run: Run) -> None:
        if run.is_accepting:
            Batch.objects.filter(pk=self.batch(run).pk).update(closes_at=database_now())
            run.is_past_cut_off = True

    @rule()
    def sweep(self) -> None:
        assert None not in everything.run().values()
        self.shop.sweep()

    @rule()
    def send_refunds(self) -> None:
        approve_refunds()
        send_refunds()
        self.shop.approve_refunds()
        self.shop.send_refunds()

    # The seller

    @rule(number=st.integers(0, 1), step=st.sampled_from(SELLER_STEPS))
    def change_stage(self, number: int, step: str) -> None:
        """Steps that are final come late, so that a history becomes interesting."""
        run = self.shop.runs[number]
        if step not in FINAL_STEPS or self.steps > EARLIEST_END:
            getattr(self, step)(run)

    def close(self, run: Run) -> None:
        if self.done(run, "open", lambda batch: batch.close(actor=SYSTEM)):
            run.stage = "closed"

    def reopen(self, run: Run) -> None:
        closes_at = self.batches[self.shop.runs.index(run)].closes_at
        if self.done(
            run, "closed", lambda batch: batch.reopen(closes_at=closes_at, actor=SYSTEM)
        ):
            run.stage, run.is_past_cut_off = "open", False

    @rule(number=st.integers(0, 1), capacity=st.integers(0, 8))
    def change_capacity(self, number: int, capacity: int) -> None:
        run = self.shop.runs[number]
        batch, fits = self.batch(run), capacity >= self.shop.taken(run)
        refusal = refusal_of(lambda: batch.change_capacity(capacity, actor=SYSTEM))
        assert refusal == (None if fits else "CapacityBelowTaken")
        if fits:
            run.capacity = capacity

    def produce(self, run: Run) -> None:
        is_over = run.stage == "closed" or (run.stage == "open" and run.is_past_cut_off)
        origin = run.stage if is_over else None
        if self.done(
            run, origin, lambda batch: production.start(batch.pk, actor=SYSTEM)
        ):
            self.shop.start_production(run)

    def cancel_batch(self, run: Run) -> None:
        allowed = run.stage if run.stage != "canceled" else None
        if self.done(run, allowed, lambda batch: batch.cancel(actor=SYSTEM)):
            run.stage = "canceled"

    # After every step

    @invariant()
    def database_equals_model(self) -> None:
        self.steps += 1
        if hasattr(self, "shop"):
            assert self.stored() == self.predicted()
            if self.CHECKS_EACH_STEP:
                assert shop_of_model.broken_invariants() == []

    def stored(self) -> dict[str, Any]:
        return shop_of_model.stored(self.batches, self.orders)

    def predicted(self) -> dict[str, Any]:
        return shop_of_model.predicted(self.shop)

    def done(self, run: Run, origin: str | None, step: Any) -> bool:
        """Whether the step was done: exactly when the batch was in this stage."""
        batch = self.batch(run)
        was_done = refusal_of(lambda: step(batch)) is None
        assert was_done == (run.stage == origin)
        return was_done

    def batch(self, run: Run) -> Batch:
        return Batch.objects.get(pk=self.batches[self.shop.runs.index(run)].pk)

    def order_of(self, purchase: Purchase) -> Order:
        pk = self.orders[self.shop.purchases.index(purchase)]
        return Order.objects.select_related("batch").get(pk=pk)
