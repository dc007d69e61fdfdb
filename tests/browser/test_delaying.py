"""New dates are announced, a buyer leaves because of them, and the money comes back."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from playwright.sync_api import expect

from campaigns.models import Batch
from orders.models import Decision, Order
from tests.browser.conftest import DESKTOP
from tests.browser.desk import make_owner, sign_in
from tests.concurrency.racing import assert_invariants
from tests.drafts import TOTAL, make_offer, place_paid, send_refunds, sums_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_buyer_on_a_phone_without_script_leaves_a_late_batch(visitor):
    batch = make_offer()
    order = place_paid(batch)
    owner = make_owner(batch.campaign.seller)
    desk = sign_in(visitor(viewport=DESKTOP).new_page(), owner.username)
    moved = {
        name: str(getattr(batch, name) + timedelta(days=14))
        for name in ("ships_from", "ships_until")
    }

    desk.goto(f"/admin/campaigns/batch/{batch.pk}/change/")
    desk.locator(".object-tools a[href$='/schedule/']").click()
    for name, day in moved.items():
        desk.fill(f"[name={name}]", day)
    desk.fill("[name=reason]", "Mesin jahit rusak, suku cadang datang pekan depan.")
    desk.locator("[name=preview]").click()
    expect(desk.locator("#preview-heading")).to_be_visible()
    assert Batch.objects.get().schedule_version == 1
    desk.locator("form[method=post] [type=submit].default").click()
    expect(desk.locator(".messagelist .success")).to_be_visible()
    call_command("sweep")

    phone = visitor(java_script_enabled=False).new_page()
    phone.goto(f"/o/{order.token}/")
    phone.locator("a[href*='/decision/']").click()
    expect(phone.locator("button[name=answer]")).to_have_count(2)
    phone.locator("button[name=answer][value=cancel]").click()
    expect(phone.locator("button[name=answer]")).to_have_count(0)
    send_refunds()

    assert (Decision.objects.get().answer, Order.objects.count()) == ("cancel", 1)
    assert sums_of(order) == ("canceled", TOTAL, TOTAL, 0)
    desk.goto(f"/admin/campaigns/batch/{batch.pk}/change/")
    canceled = desk.locator("a[href*='delay=cancel-']")
    expect(canceled).to_have_text("1")
    assert_invariants()
