"""A stranger asks, confirms by mail, and reads the answer: a phone without script."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import expect

from campaigns.models import Question
from orders.models import Message
from tests.browser.desk import make_owner, sign_in
from tests.browser.journeys import open_campaign
from tests.concurrency.racing import assert_invariants

pytestmark = pytest.mark.django_db(transaction=True)


def link_in(kind: str) -> str:
    text = Message.objects.get(kind=kind).text
    found = re.search(rf"{re.escape(settings.BASE_URL)}(/\S+)", text)
    assert found
    return found.group(1)


def test_ask_confirm_answer_and_read_without_javascript(visitor):
    campaign = open_campaign(lang="id")
    make_owner(campaign.seller)
    buyer = visitor(java_script_enabled=False).new_page()

    buyer.goto("/id/c/kaos-kawung/")
    buyer.locator("#questions a[href$='/questions/']").click()
    buyer.locator("form.form button.btn").click()
    expect(buyer.locator(".error-summary")).to_be_visible()
    buyer.fill("[name=text]", "Bahannya menyusut?\n<b>Setelah</b> dicuci?")
    buyer.fill("[name=email]", "ani@example.com")
    buyer.locator("form.form button.btn").click()
    expect(buyer.locator("form")).to_have_count(0)
    buyer.goto(link_in("question_confirm"))
    buyer.locator("form button.btn").click()
    expect(buyer.locator("form")).to_have_count(0)

    seller = visitor(java_script_enabled=False).new_page()
    sign_in(seller, campaign.seller.slug)
    seller.locator("a[href='/admin/campaigns/question/?state__exact=waiting']").click()
    seller.locator("#result_list tbody th a").click()
    seller.locator("a[href$='/answer/']").click()
    seller.fill("[name=answer]", "Tidak, sudah dicuci sekali.")
    seller.locator("input[type=submit].default").click()

    assert Question.objects.get().state == "answered"
    buyer.goto(link_in("question_answered"))
    expect(buyer.locator(".log")).to_contain_text("Tidak, sudah dicuci sekali.")
    buyer.goto("/id/c/kaos-kawung/")
    expect(buyer.locator("#questions")).to_contain_text("<b>Setelah</b> dicuci?")
    expect(buyer.locator("#questions")).not_to_contain_text("ani@example.com")
    assert_invariants()
