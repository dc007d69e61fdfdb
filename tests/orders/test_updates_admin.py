"""The composer: written, looked at, sent out, and not to be unsaid."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import translation

from campaigns.clock import database_now
from campaigns.models import Update, UpdatePicture
from orders.models import Message, Order
from orders.updates import writing as update_writing
from tests.config.admin_world import hire
from tests.factories import (
    make_campaign,
    make_confirmed_order,
    make_order,
    make_shop,
    picture_file,
)
from tests.forms import fields_of
from tests.orders.posts import make_update, publish, send_out, subscribe

pytestmark = [pytest.mark.django_db, pytest.mark.once]
BASE = "/admin/campaigns/update"
INLINES = {
    "pictures-TOTAL_FORMS": 0,
    "pictures-INITIAL_FORMS": 0,
    "amendments-TOTAL_FORMS": 0,
    "amendments-INITIAL_FORMS": 0,
}


@pytest.fixture
def batch():
    return make_shop()


@pytest.fixture
def staff(client: Client, batch) -> Iterator[Client]:
    client.force_login(hire(batch.campaign.seller, "manager"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    with translation.override("en"):
        yield client


def entered(batch, /, **changed):
    fields = {
        "campaign": batch.campaign_id,
        "title": "Kain datang",
        "body": "Halo {name|kak}",
        "kind": "service",
        "audience": "public",
        "statuses": ["confirmed", "fulfilled"],
    }
    return fields | INLINES | changed


def step(update, name, **data):
    return f"{BASE}/{update.pk}/{name}/"


def text_of(response):
    return " ".join(response.content.decode().replace("\xa0", " ").split())


# Writing


def test_a_draft_is_kept_with_its_author_and_sent_to_nobody(staff, batch):
    make_confirmed_order(batch=batch)

    response = staff.post(f"{BASE}/add/", entered(batch, batch=batch.pk))

    update = Update.objects.get()
    assert response.status_code == 302
    assert (update.state, update.batch, update.author.username[:7]) == (
        "draft",
        batch,
        "manager",
    )
    assert update.statuses == ["confirmed", "fulfilled"]
    assert not Message.objects.filter(kind="update").exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"title": ""}, "required"),
        ({"body": "{nama}"}, "Not a placeholder: {nama}"),
        ({"title": "a\u202eb"}, "invisible control character"),
        ({"title": "\u200b"}, "invisible control character"),
        ({"body": "\u200b\u2060"}, "invisible control character"),
        ({"other_title": "News"}, "write both, or neither"),
        ({"kind": "promotion", "audience": "buyers"}, "A promotion goes to who asked"),
        ({"statuses": []}, "Choose at least one state"),
        ({"statuses": ["canceled"]}, "Select a valid choice"),
        ({"kind": "spam"}, "Select a valid choice"),
    ],
)
def test_bad_input_is_named_and_nothing_kept(staff, batch, changed, words):
    response = staff.post(f"{BASE}/add/", entered(batch, **changed))

    assert response.status_code == 200
    assert words in text_of(response)
    assert not Update.objects.exists()


def test_a_batch_of_another_campaign_is_refused(staff, batch):
    other = make_shop(campaign=make_campaign(seller=batch.campaign.seller))

    response = staff.post(f"{BASE}/add/", entered(batch, batch=other.pk))

    assert "It belongs to another campaign" in text_of(response)
    assert not Update.objects.exists()


def test_a_line_break_in_a_title_becomes_a_space(staff, batch):
    staff.post(f"{BASE}/add/", entered(batch, title="Kain\r\nBcc: x@example.com"))

    assert Update.objects.get().title == "Kain Bcc: x@example.com"


def test_a_picture_needs_words_and_is_re_encoded(staff, batch, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    picture = {"pictures-TOTAL_FORMS": 1, "pictures-0-position": 0}
    without = staff.post(
        f"{BASE}/add/",
        entered(batch, **picture, **{"pictures-0-file": picture_file((40, 30))}),
    )
    words = {"pictures-0-alt": "Kain", "pictures-0-file": picture_file((40, 30))}

    staff.post(f"{BASE}/add/", entered(batch, **picture, **words))

    assert without.status_code == 200
    assert UpdatePicture.objects.get().file.name.endswith("full.webp")


# Looking


def test_the_preview_tells_who_gets_it_and_how_it_reads(staff, batch):
    longest = make_confirmed_order(batch=batch, name="Raden Ajeng Sri Wahyuningsih")
    for _n in range(2):
        make_confirmed_order(batch=batch)
    without = make_confirmed_order(batch=batch)
    Order.objects.filter(pk=without.pk).update(email="", source="chat")
    make_order(batch=batch)
    update = make_update(
        campaign=batch.campaign, other_title="Cloth", other_body="Hi {name}"
    )

    html = text_of(staff.get(step(update, "preview")))

    assert "paid, not shipped / shipped: 3 people; 1 order left out" in html
    assert "no e-mail address (1)" in html
    assert html.count("<pre") == 6
    assert "Raden Ajeng Sri Wahyuningsih" in html
    assert "Halo Raden Ajeng Sri Wahyuningsih, kainnya semua" not in html
    assert "17 characters" in html
    shown = staff.get(step(update, "preview"), {"person": longest.pk, "language": "en"})
    assert "Hi Raden Ajeng" in shown.content.decode()
    assert "sandbox" in shown["Content-Security-Policy"]
    for bad in ("0x", "999999", "9" * 30):
        person = {"person": bad, "language": "en"}
        assert staff.get(step(update, "preview"), person).status_code == 404


def test_its_figures_lead_to_the_orders_they_count(staff, batch):
    paid, without = (make_confirmed_order(batch=batch) for _n in range(2))
    make_order(batch=batch)
    Order.objects.filter(pk=without.pk).update(email="", source="chat")
    update = make_update(campaign=batch.campaign)
    orders = "/admin/orders/order/"

    def listed(value):
        page = staff.get(orders, {"update": value})
        return {order.pk for order in page.context["cl"].queryset}

    assert listed(update.pk) == {paid.pk, without.pk}
    assert listed(f"{update.pk}-no-email") == {without.pk}
    assert listed(f"{update.pk}-twice") == set()
    assert listed("nonsense") == set()
    assert listed(make_update().pk) == set()


def test_a_test_goes_to_oneself_and_is_not_counted(staff, batch):
    make_confirmed_order(batch=batch)
    update = make_update(campaign=batch.campaign)

    staff.post(step(update, "test"))

    mail = Message.objects.get(kind="update")
    assert mail.to.startswith("manager-")
    assert (mail.order, mail.update_of, mail.unsubscribe_url) == (None, None, "")
    assert Order.objects.get().token not in mail.text
    assert "/unsubscribe/" not in mail.text
    assert send_out(update) == [Order.objects.get().email]


# Sending out


def test_published_taken_back_and_published(staff, batch):
    make_confirmed_order(batch=batch)
    update = make_update(campaign=batch.campaign)

    assert "1" in text_of(staff.get(step(update, "publish")))
    staff.post(step(update, "publish"))
    scheduled = Update.objects.get()
    staff.post(step(update, "take-back"))
    draft = Update.objects.get()
    staff.post(step(update, "publish"))
    Update.objects.update(publish_at=database_now() - timedelta(seconds=1))
    update_writing.publish_due()
    staff.post(step(update, "take-back"))
    update_writing.write_due()

    left = scheduled.publish_at - scheduled.created_at
    assert timedelta(minutes=4, seconds=50) < left < timedelta(minutes=5, seconds=30)
    assert (scheduled.state, draft.state) == ("scheduled", "draft")
    assert Update.objects.get().state == "published"
    assert Message.objects.filter(update_of=update).count() == 1


def test_a_public_update_waits_for_a_public_campaign(staff, batch):
    batch.campaign.published_at = None
    batch.campaign.save(update_fields=["published_at"])
    update = make_update(campaign=batch.campaign)

    response = staff.post(step(update, "publish"), follow=True)

    assert "not public" in text_of(response)
    assert Update.objects.get().state == "draft"


def test_within_thirty_minutes_words_change_and_mails_stay(staff, batch):
    make_confirmed_order(batch=batch)
    update = make_update(campaign=batch.campaign)
    send_out(update)
    page = f"{BASE}/{update.pk}/change/"
    shown = fields_of(staff.get(page))

    staff.post(page, shown | {"title": "Kain sudah lengkap", "audience": "buyers"})

    update.refresh_from_db()
    assert (update.title, update.audience) == ("Kain sudah lengkap", "public")
    assert Message.objects.get(update_of=update).subject == "Kain sudah datang"


@pytest.mark.parametrize("state", ["scheduled", "old"])
def test_too_late_to_edit_is_said_and_changes_nothing(staff, batch, state):
    update = make_update(campaign=batch.campaign)
    page = f"{BASE}/{update.pk}/change/"
    shown = fields_of(staff.get(page))
    if state == "scheduled":
        update.schedule()
    else:
        publish(update)
        Update.objects.update(published_at=database_now() - timedelta(minutes=31))

    response = staff.post(page, shown | {"title": "Lain"}, follow=True)

    words = {"scheduled": "Take it back to change it", "old": "30 minutes ago"}[state]
    assert words in text_of(response)
    assert Update.objects.get().title == "Kain sudah datang"


def test_what_is_missing_is_added_below(staff, batch):
    update = make_update(campaign=batch.campaign)
    publish(update)

    staff.post(step(update, "amend"), {"text": "Mulai **Senin**."})
    refused = staff.post(step(update, "amend"), {"text": "Halo {name}"})

    assert [added.text for added in update.amendments.all()] == ["Mulai **Senin**."]
    assert "no placeholders" in text_of(refused)
    assert not Message.objects.filter(kind="update").exists()


def test_only_a_draft_is_deleted(staff, batch):
    draft, told = (make_update(campaign=batch.campaign) for _n in range(2))
    publish(told)

    answers = [
        staff.post(step(update, "delete"), {"post": "yes"}).status_code
        for update in (draft, told)
    ]

    assert answers == [302, 403]
    assert Update.objects.get() == told


# Afterwards


def test_the_log_counts_and_lists_its_mails(staff, batch, django_assert_num_queries):
    orders = [make_confirmed_order(batch=batch) for _n in range(3)]
    update = make_update(campaign=batch.campaign)
    send_out(update)
    Message.objects.filter(order=orders[0], update_of=update).update(state="failed")

    page = staff.get(step(update, "mails"))
    failed = text_of(staff.get(step(update, "mails"), {"state": "failed"}))

    counts = {count.state: count.value for count in page.context["counts"]}
    assert counts == {"queued": 2, "sending": 0, "sent": 0, "failed": 1, "aborted": 0}
    assert orders[0].email in failed
    assert orders[1].email not in failed
    with django_assert_num_queries(10):
        staff.get(step(update, "mails"))


def test_who_no_mail_reaches_is_told_by_chat(staff, batch):
    without, failing, reached = (
        make_confirmed_order(batch=batch, name=name) for name in ("Sri", "=1+1", "Budi")
    )
    Order.objects.filter(pk=without.pk).update(email="", source="chat")
    update = make_update(campaign=batch.campaign)
    send_out(update)
    Message.objects.filter(order=failing, update_of=update).update(state="failed")

    html = text_of(staff.get(step(update, "whatsapp")))
    rows = staff.get(step(update, "whatsapp"), {"format": "csv"}).content.decode()

    digits = without.phone.lstrip("+")
    assert f"https://wa.me/{digits}?text=" in html
    assert without.token in html
    assert reached.number not in html
    assert len(rows.splitlines()) == 3
    assert '"\'=1+1"' in rows


def test_roles_see_what_they_may(client, batch):
    update = make_update(campaign=batch.campaign)
    subscribe(batch.campaign, "reader@example.com")
    pages = [step(update, name) for name in ("change", "preview", "mails", "publish")]
    pages.append("/admin/orders/subscriber/")

    client.force_login(hire(batch.campaign.seller, "packer"))
    refused = [client.get(page).status_code for page in pages]
    client.force_login(hire(batch.campaign.seller, "manager"))
    allowed = [client.get(page).status_code for page in pages]

    assert set(refused) <= {403, 404}
    assert allowed == [200] * 5


def test_subscribers_are_counted_and_listed_to_read(staff, batch):
    row = subscribe(batch.campaign, "reader@example.com")
    subscribe(batch.campaign, "asked@example.com", confirmed_at=None)

    html = text_of(staff.get("/admin/orders/subscriber/"))

    assert "News: <strong>1</strong>" in html
    assert "reader@example.com" in html
    assert staff.get("/admin/orders/subscriber/add/").status_code == 403
    page = f"/admin/orders/subscriber/{row.pk}/change/"
    assert staff.post(page, {"email": "x@example.com"}).status_code == 403


def test_placeholders_are_a_list_and_the_script_comes_from_a_file(staff, batch):
    page = staff.get(f"{BASE}/add/?campaign={batch.campaign_id}").content.decode()

    for name in ("name", "number", "batch", "window"):
        assert page.count(f"<li><code>{{{name}}}</code>") == 2
    assert "js/composer.js" in page
    assert '" defer>' in page or " defer " in page
