"""A seller sends an update out; its buyer reads it on a phone and stops the mails."""

from datetime import timedelta

import pytest
from playwright.sync_api import expect

from campaigns.clock import database_now
from campaigns.models import Update
from orders.models import Message, Subscriber
from orders.updates import writing as update_writing
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.desk import make_owner, save, sign_in, take_step
from tests.browser.journeys import open_campaign
from tests.concurrency.racing import assert_invariants
from tests.drafts import place_paid

pytestmark = pytest.mark.django_db(transaction=True)


def time_passes() -> None:
    """The five minutes to take it back are over."""
    Update.objects.update(publish_at=database_now() - timedelta(seconds=1))
    update_writing.publish_due()
    update_writing.write_due()


def test_written_taken_back_published_read_and_unsubscribed(visitor):
    campaign = open_campaign()
    order = place_paid(campaign.batches.get())
    owner = make_owner(campaign.seller)
    desk = sign_in(visitor(viewport=DESKTOP).new_page(), owner.username)

    desk.goto(f"/admin/campaigns/update/add/?campaign={campaign.pk}")
    desk.fill("[name=title]", "Kain sudah datang")
    desk.fill("[name=body]", "Halo {name|kak}, **kainnya** ada.")
    save(desk)
    update = Update.objects.get()
    desk.goto(f"/admin/campaigns/update/{update.pk}/preview/")
    expect(desk.locator("pre").first).to_contain_text(
        f"Halo {order.name}, kainnya ada."
    )
    take_step(desk, f"campaigns/update/{update.pk}", "publish")
    take_step(desk, f"campaigns/update/{update.pk}", "take-back")
    update_writing.publish_due()
    assert not Message.objects.filter(kind="update").exists()
    take_step(desk, f"campaigns/update/{update.pk}", "publish")
    time_passes()

    phone = visitor(viewport=PHONE, java_script_enabled=False).new_page()
    phone.goto(f"/o/{order.token}/#update-{update.pk}")
    expect(phone.locator(f"#update-{update.pk}")).to_contain_text(order.name)
    phone.goto(f"/id/c/{campaign.slug}/updates/")
    expect(phone.locator(f"#update-{update.pk}")).to_contain_text("Halo kak")
    mail = Message.objects.get(update_of=update)
    path = mail.unsubscribe_url[mail.unsubscribe_url.index("/unsubscribe/") :]
    phone.goto(path)
    phone.locator("button[value=one]").click()
    expect(phone.locator("form[action$='/undo/']")).to_be_visible()
    assert Subscriber.objects.get().unsubscribed_at
    assert Message.objects.get(pk=mail.pk).state == "aborted"
    assert_invariants()


def test_a_reminder_is_asked_for_and_confirmed_without_script(visitor):
    campaign = open_campaign()
    phone = visitor(viewport=PHONE, java_script_enabled=False).new_page()

    phone.goto(f"/id/c/{campaign.slug}/reminder/")
    expect(phone.locator("input[value=promotions]")).not_to_be_checked()
    phone.fill("[name=email]", "ani@example.com")
    phone.locator("form.form button.btn").click()
    expect(phone.locator(".message-page h1")).to_be_visible()
    [line] = [
        line for line in Message.objects.get().text.split() if "/subscription/" in line
    ]
    phone.goto(line[line.index("/subscription/") :])
    phone.locator("form button.btn").click()

    expect(phone.locator("form")).to_have_count(0)
    assert Subscriber.objects.live().get().email == "ani@example.com"
