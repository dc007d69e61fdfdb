from dataclasses import replace
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.db.models import Sum
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import translation
from PIL import Image

from campaigns.clock import database_now
from campaigns.dates import day, window
from campaigns.models import (
    Allotment,
    Batch,
    BatchEvent,
    Campaign,
    Membership,
    Picture,
    ScheduleChange,
    Seller,
    ShippingOption,
    Variant,
)
from config.demo.campaigns import OFFERS
from config.demo.offers import Shot
from config.demo.people import PASSWORD
from config.demo.pictures import kaos
from fulfillment.models import ProductionSheet, Shipment
from orders.models import Decision, Message, Order
from payments import balances
from tests.factories import picture_file

MODELS = (
    Allotment,
    Batch,
    BatchEvent,
    Campaign,
    Decision,
    Membership,
    Message,
    Order,
    Picture,
    ProductionSheet,
    Seller,
    Shipment,
    ShippingOption,
    User,
    Variant,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def seeded(django_db_setup, django_db_blocker):
    """Seeded once; what a test changes is rolled back to here."""
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(DEBUG=True), pytest.MonkeyPatch.context() as patch:
            # Blank pictures, for drawing takes a while.
            patch.setattr(Shot, "file", lambda _shot: picture_file((40, 30)))
            call_command("seed_demo")
        yield
        transaction.set_rollback(True)


@pytest.fixture
def demo(seeded, settings):
    settings.DEBUG = True


def everything():
    return {model: list(model.objects.order_by("pk").values()) for model in MODELS}


@pytest.mark.once
def test_it_is_refused_outside_debug():
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("seed_demo")

    assert not Seller.objects.exists()
    assert not User.objects.exists()


@pytest.mark.once
def test_seeding_twice_changes_nothing(demo):
    before = everything()

    call_command("seed_demo")

    assert everything() == before


@pytest.mark.once
def test_what_was_edited_stays_edited(demo):
    Seller.objects.filter(slug="nila").update(name="Toko Lain", city="Garut")
    Campaign.objects.filter(slug="kaos-batik").update(title="Lain")

    call_command("seed_demo")

    assert Seller.objects.get(slug="nila").name == "Toko Lain"
    assert Campaign.objects.get(slug="kaos-batik").title == "Lain"


@pytest.mark.once
def test_the_shirt_is_open_in_two_batches_with_windows_of_their_own(demo):
    shirt = Campaign.objects.get(slug="kaos-batik")
    first, second = shirt.batches.accepting()

    assert (shirt.seller.slug, shirt.currency, shirt.plan) == ("nila", "IDR", "full")
    assert shirt.buyer_limit == 5
    assert first.minimum_units == 24
    assert first.ships_until is not None
    assert second.ships_from is not None
    assert first.ships_until < second.ships_from
    assert first.allotments.count() == shirt.variants.count() == 4
    assert first.allotments.aggregate(units=Sum("capacity")) == {"units": 60}
    assert first.capacity == 60


@pytest.mark.once
def test_the_gate_lets_the_open_ones_in_and_not_the_upcoming(demo):
    accepting = Batch.objects.accepting().values_list("campaign__slug", flat=True)

    assert set(accepting) == {"kaos-batik", "jaket-kanvas", "toples-sambal"}
    assert Campaign.objects.get(slug="sarung-bantal").is_public


@pytest.mark.once
def test_the_jacket_takes_a_deposit_and_a_name(demo):
    jacket = Campaign.objects.get(slug="jaket-kanvas")

    assert (jacket.plan, jacket.deposit_percent) == ("deposit", 40)
    assert jacket.personalization_label


@pytest.mark.once
def test_balances_of_the_first_jackets_are_due_and_one_is_paid(demo):
    batch = Batch.objects.get(campaign__slug="jaket-kanvas", number=1)
    orders = batch.orders.all()

    assert batch.stage == Batch.Stage.PRODUCTION
    assert sorted(order.still_due > 0 for order in orders) == [False, True, True]
    assert {order.rules["unpaid_balance"] for order in orders} == {
        "refund_less_deposit"
    }
    assert balances.remind_due() == 2


@pytest.mark.once
def test_every_picture_is_described_and_some_are_only_designs(demo):
    pictures = Picture.objects.all()

    assert pictures.count() == 16
    assert all(len(picture.alt) > 20 for picture in pictures)
    assert pictures.filter(kind=Picture.Kind.DESIGN).count() == 6


@pytest.mark.slow
@pytest.mark.once
def test_every_picture_is_drawn_in_full_size_and_differs():
    shots = [shot for offer in OFFERS for shot in offer.shots]

    drawn = [shot.draw() for shot in shots]

    assert {image.size for image in drawn} == {(1600, 1200)}
    kept = replace(shots[0], draw=lambda: drawn[0]).file()
    assert Image.open(kept).tobytes() == drawn[0].tobytes()
    assert len({image.tobytes() for image in drawn}) == 16


@pytest.mark.once
def test_every_seller_ships_to_west_java_and_everywhere_at_two_prices(demo):
    for seller in Seller.objects.all():
        options = seller.shipping_options.offered("IDR")
        near = {o.base_price for o in options if o.serves("Jawa Barat")}
        far = {o.base_price for o in options if o.serves("Papua")}

        assert far
        assert near > far


@pytest.mark.once
def test_staff_sign_in_with_the_demo_password(client, demo):
    for name in ("nila", "kunyit", "admin"):
        user = User.objects.get(username=name)
        assert user.is_staff
        assert user.check_password("demo")
        assert user.is_superuser == (name == "admin")
    owners = Membership.objects.filter(role="owner")
    assert set(owners.values_list("seller__slug", "user__username")) == {
        ("nila", "nila"),
        ("kunyit", "kunyit"),
    }


@pytest.mark.once
def test_demo_sellers_work_as_owners(demo):
    for slug in ("nila", "kunyit"):
        visitor = Client()
        entered = {"username": slug, "password": PASSWORD}
        assert visitor.post(reverse("admin:login"), entered).status_code == 302
        page = visitor.get(reverse("admin:campaigns_campaign_changelist"))
        sellers = {row.seller.slug for row in page.context["cl"].result_list}
        assert sellers == {slug}


@pytest.mark.once
def test_a_campaign_whose_batches_are_over_gets_new_ones(demo):
    shirt = Campaign.objects.get(slug="kaos-batik")
    old = shirt.batches.order_by("number").values()
    for batch in shirt.batches.all():
        Batch.objects.filter(pk=batch.pk).update(closes_at=batch.open_at)
    before = list(old)

    call_command("seed_demo")

    assert [*shirt.batches.values_list("number", flat=True)] == [1, 2, 3, 4]
    assert list(old)[:2] == before
    accepting = shirt.batches.accepting().values_list("number", flat=True)
    assert list(accepting) == [3, 4]


@pytest.mark.once
def test_pictures_are_the_same_every_time():
    assert kaos.cloth().tobytes() == kaos.cloth().tobytes()


@pytest.mark.once
def test_one_campaign_is_in_production_with_its_sheet(demo):
    batch = Batch.objects.get(campaign__slug="selendang-kawung")
    sheet = batch.sheets.get()
    now = database_now()

    assert batch.stage == "production"
    assert [line.ordered for line in sheet.lines.all()] == [7, 3]
    assert batch.production_starts_on <= now.date() <= batch.production_ends_on
    assert batch.closes_at < now - timedelta(days=10)
    assert not batch.orders.filter(placed_at__gt=batch.closes_at).exists()


@pytest.mark.once
def test_its_delay_is_announced_with_answers_and_open_questions(demo):
    batch = Batch.objects.get(campaign__slug="selendang-kawung")
    asked = Decision.objects.filter(schedule_change__batch=batch).order_by("pk")

    assert batch.schedule_version == 2
    assert [decision.answer for decision in asked] == ["wait", "cancel", "", "", ""]
    assert {decision.silence for decision in asked} == {"wait"}
    assert batch.orders.filter(status="canceled").get().amount_kept == 0


@pytest.mark.once
def test_one_campaign_was_shipped_and_completed(demo):
    batch = Batch.objects.get(campaign__slug="serbet-parang")

    assert batch.stage == "completed"
    assert set(batch.orders.values_list("status", flat=True)) == {"fulfilled"}
    assert Shipment.objects.filter(order__batch=batch).count() == 6
    assert batch.ships_from <= batch.shipping_at.date() <= batch.ships_until


@pytest.mark.once
def test_no_mail_of_the_past_is_sent_today(demo):
    past = ["production", "completed"]
    of_today = ["schedule_change", "order_canceled"]
    news = Message.objects.filter(order__batch__stage__in=past)
    mails = news.exclude(kind__in=of_today)

    assert mails.count() == 5 * 4 + 6 * 4 + 3 * 2 + 5
    assert not mails.due().exists()
    assert not mails.exclude(state="sent").exists()


@pytest.mark.once
def test_the_mail_of_an_update_tells_the_window_that_was_promised_then(demo):
    """Before the delay; and the days that the demo let pass moved it too."""
    [change] = ScheduleChange.objects.filter(batch__campaign__slug="selendang-kawung")
    mails = Message.objects.filter(kind="update", order__batch=change.batch)

    assert mails.count() == 5
    for mail in mails:
        with translation.override(mail.locale):
            assert window(change.old_from, change.old_until) in mail.text


@pytest.mark.once
def test_no_mail_names_days_that_were_promised_after_it(demo):
    [change] = ScheduleChange.objects.all()
    mails = Message.objects.filter(
        order__batch=change.batch, created_at__lt=change.announced_at
    )

    dated = [mail for mail in mails if " kirim " in mail.subject]
    assert {mail.kind for mail in dated} == {"order_confirmed", "batch_confirmed"}
    for mail in mails:
        with translation.override(mail.locale):
            assert window(change.new_from, change.new_until) not in mail.text
    for mail in dated:
        with translation.override(mail.locale):
            assert window(change.old_from, change.old_until) in mail.text


@pytest.mark.once
def test_each_mail_of_production_names_the_day_of_its_batch(demo):
    mails = Message.objects.filter(kind="production_started")

    assert mails.count() == 5 + 6
    for mail in mails.select_related("order__batch"):
        with translation.override(mail.locale):
            assert day(mail.order.batch.production_ends_on) in mail.text


@pytest.mark.once
def test_a_variant_is_gone_and_two_wait_for_it(demo):
    batch = Batch.objects.get(campaign__slug="jaket-kanvas", number=2)

    gone = batch.allotments.get(variant__sku="KANVAS-XL")
    waiting = batch.waitlist.values_list("variant", "quantity", "state")
    assert (gone.taken, gone.capacity, gone.sale) == (6, 6, "waitlist")
    assert list(waiting) == [(gone.variant_id, n, "waiting") for n in (1, 2)]


def test_the_seeded_shop_breaks_no_invariant(demo):
    call_command("check_invariants", quiet=True)
