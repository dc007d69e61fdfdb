"""Whatever happens to money, in whatever order: the books and the gateways agree."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from payments import gateways
from payments.ledger import books
from payments.models import LedgerEntry
from payments.reconciliation import rounds as reconciliation
from tests.payments.random_money import MoneyMachine

pytestmark = pytest.mark.django_db

QUICK = settings(
    max_examples=10,
    stateful_step_count=15,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(QUICK, max_examples=600, stateful_step_count=40, derandomize=False)
UNTIL_FOUND = settings(QUICK, max_examples=300, phases=[Phase.generate])


@pytest.fixture(autouse=True)
def scripted(monkeypatch, settings):
    settings.PAYMENT_GATEWAYS = ["alpha", "beta"]
    for name in ("alpha", "beta"):
        adapter = f"tests.payments.scripted.{name.title()}"
        monkeypatch.setitem(gateways.ADAPTERS, name, adapter)
    monkeypatch.setattr(reconciliation, "CAN_BE_ASKED", ["alpha", "beta"])


def test_books_and_gateways_agree_after_random_histories():
    run_state_machine_as_test(MoneyMachine, settings=QUICK)


@pytest.mark.parametrize("deposit", [30, 100])
@pytest.mark.parametrize(
    "leaves",
    [
        [("refund_in_the_dashboard", {"share": Decimal("0.25")})],
        [("dispute", {"share": Decimal("0.25")})] * 2,
        [("reverse", {})],
    ],
    ids=["refunded", "disputed", "reversed"],
)
def test_money_short_of_what_was_asked_may_go_back_before_it_is_heard_of(
    leaves, deposit
):
    history = MoneyMachine()
    history.open_shop(["alpha"], deposit=deposit, reinstates=True, capacity=2)

    for step, told in [("pay_less", {"share": Decimal("0.5")}), *leaves]:
        getattr(history, step)(which=0, **told)

    history.teardown()  # Both sides come to rest, and agree.


@pytest.mark.long
def test_books_and_gateways_agree_after_each_step_of_long_histories(monkeypatch):
    monkeypatch.setattr(MoneyMachine, "CHECKS_EACH_STEP", True)
    run_state_machine_as_test(MoneyMachine, settings=LONG)


@pytest.mark.once
@pytest.mark.parametrize(
    "kind", ["refund", pytest.param("assigned", marks=pytest.mark.long)]
)
def test_control_an_entry_that_is_left_out_is_found(monkeypatch, kind):
    enter = books.enter

    def forget(order, payment, entry_kind, *arguments, **options):
        if entry_kind != LedgerEntry.Kind(kind):
            enter(order, payment, entry_kind, *arguments, **options)

    monkeypatch.setattr(books, "enter", forget)

    with pytest.raises(AssertionError):
        run_state_machine_as_test(MoneyMachine, settings=UNTIL_FOUND)
