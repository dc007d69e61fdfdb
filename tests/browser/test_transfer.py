"""A transfer on a phone: instructions, proof, the seller's look, confirmed."""

import pytest
from playwright.sync_api import expect

from orders.models import Order
from payments.models import TransferProof
from tests.browser import desk, journeys
from tests.browser.conftest import DESKTOP, PHONE
from tests.concurrency.racing import assert_invariants
from tests.factories import make_seller, picture_file
from tests.transfers import make_account, transfer_of

pytestmark = pytest.mark.django_db(transaction=True)

EVERYWHERE = pytest.mark.parametrize(
    "options",
    [
        pytest.param({"viewport": PHONE}, id="phone"),
        pytest.param({"viewport": PHONE, "java_script_enabled": False}, id="no-script"),
    ],
)


@pytest.fixture(autouse=True)
def both_ways(settings):
    """As in the running shop."""
    settings.PAYMENT_GATEWAYS = ["sandbox", "bank_transfer"]


@EVERYWHERE
def test_transfer_prove_and_be_confirmed(visitor, tmp_path, options):
    nila = make_seller(slug="nila", name="Nila Studio", whatsapp="+6281200001111")
    account = make_account(nila)
    desk.make_owner(nila)
    variant = journeys.open_campaign(seller=nila).variants.first()
    page = visitor(**options).new_page()

    journeys.choose(page, variant)
    journeys.fill_in(page)
    page.locator("[name=payment][value=bank_transfer]").check()
    journeys.send_order(page)
    page.wait_for_url("**/pay/")
    order = Order.objects.get()
    amount = transfer_of(order).amount
    expect(page.locator("main")).to_contain_text(account.number)
    expect(page.locator("u")).to_have_text(f"{amount:.0f}"[-3:])
    prove(page, order, tmp_path)
    accept(visitor(viewport=DESKTOP).new_page())

    order.refresh_from_db()
    assert (order.status, order.amount_paid) == ("confirmed", amount)
    assert TransferProof.objects.get().decision == "accepted"
    page.goto(f"/o/{order.token}/pay/")
    expect(page.locator(".notice.is-ok")).to_be_visible()
    assert_invariants()


def prove(page, order, folder):
    picture = folder / "bukti.png"
    picture.write_bytes(picture_file((540, 960)).read())
    page.locator(f"a[href='/o/{order.token}/proof/']").click()
    page.set_input_files("[name=file]", picture)
    page.locator("form.form button.btn-wide").click()
    page.wait_for_url("**/pay/")
    expect(page.locator(".notice.is-info")).to_be_visible()


def accept(staff):
    desk.sign_in(staff, "nila")
    staff.goto("/admin/payments/transferproof/queue/")
    expect(staff.locator("img.proof")).to_be_visible()
    staff.wait_for_function("document.querySelector('img.proof').naturalWidth === 540")
    staff.locator("form[action$='/accept/'] [type=submit]").click()
    expect(staff.locator(".messagelist .success")).to_be_visible()


@EVERYWHERE
def test_switch_from_the_hosted_page_to_a_transfer_and_back(visitor, options):
    nila = make_seller(slug="nila", name="Nila Studio")
    account = make_account(nila)
    variant = journeys.open_campaign(seller=nila).variants.first()
    page = visitor(**options).new_page()
    order = journeys.order(page, variant)

    page.locator("details.more summary").click()
    page.locator("[name=payment][value=bank_transfer]").check()
    page.locator("details.more button").click()
    expect(page.locator("main")).to_contain_text(account.number)
    page.locator("details.more summary").click()
    page.locator("[name=payment][value=sandbox]").check()
    page.locator("details.more button").click()
    page.wait_for_url("**/sandbox/**")
    page.locator("button[name=ending][value=pay]").click()
    page.wait_for_url("**/o/*/")

    states = order.payments.order_by("pk").values_list("gateway", "state")
    assert list(states) == [
        ("sandbox", "expired"),
        ("bank_transfer", "canceled"),
        ("sandbox", "confirmed"),
    ]
    assert_invariants()
