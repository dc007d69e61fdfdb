"""The composer's placeholders: buttons with JavaScript, a list to copy without."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP
from tests.browser.desk import make_owner, sign_in
from tests.browser.journeys import open_campaign

pytestmark = pytest.mark.django_db(transaction=True)


def composer(visitor, **context):
    campaign = open_campaign()
    owner = make_owner(campaign.seller)
    page = sign_in(visitor(viewport=DESKTOP, **context).new_page(), owner.username)
    page.goto(f"/admin/campaigns/update/add/?campaign={campaign.pk}")
    return page


def test_a_button_writes_its_placeholder_at_the_cursor(visitor):
    page = composer(visitor)
    field = page.locator("[name=body]")

    field.fill("Halo , apa kabar")
    field.evaluate("field => field.setSelectionRange(5, 5)")
    page.locator(".field-body button", has_text="{name}").click()

    expect(field).to_have_value("Halo {name}, apa kabar")
    expect(field).to_be_focused()
    assert field.evaluate("field => field.selectionStart") == len("Halo {name}")
    expect(page.locator("[name=other_body]")).to_have_value("")


def test_without_script_the_placeholders_are_listed(visitor):
    page = composer(visitor, java_script_enabled=False)

    expect(page.locator(".field-body .placeholders code")).to_have_count(4)
    expect(page.locator(".field-body button")).to_have_count(0)
