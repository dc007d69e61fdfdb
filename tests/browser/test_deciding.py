"""A buyer reads a question and answers it, with script and without."""

import pytest
from playwright.sync_api import expect

from campaigns.models import Batch
from orders.models import Decision, Order
from tests.browser.conftest import DESKTOP, PHONE
from tests.concurrency.racing import assert_invariants
from tests.drafts import place_paid
from tests.orders.moving import ask, two_batches

pytestmark = pytest.mark.django_db(transaction=True)

EVERYWHERE = pytest.mark.parametrize(
    "options",
    [
        pytest.param({"viewport": DESKTOP}, id="desktop"),
        pytest.param({"viewport": PHONE, "java_script_enabled": False}, id="no-script"),
    ],
)


@EVERYWHERE
@pytest.mark.parametrize("choice", ["move", "stay"])
def test_the_order_page_leads_to_the_question_and_the_answer_counts(
    visitor, options, choice
):
    first, second = two_batches()
    decision = ask(place_paid(first), second)
    page = visitor(**options).new_page()

    page.goto(f"/o/{decision.order.token}/")
    page.locator(f"a[href$='/decision/{decision.pk}/']").click()
    page.locator(f"button[name=answer][value={choice}]").click()

    expect(page.locator("button[name=answer]")).to_have_count(0)
    expect(page).to_have_url(page.url.split("?")[0])
    decision = Decision.objects.get()
    assert (decision.state, decision.answer) == ("answered", choice)
    assert Order.objects.get().batch == (second if choice == "move" else first)
    assert sum(Batch.objects.values_list("taken", flat=True)) == 1
    assert_invariants()
