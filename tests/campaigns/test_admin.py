"""The seller's pages: what is edited, what is refused, what no form can touch."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db.models import F
from django.forms import ModelForm
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from campaigns import readiness
from campaigns.admin.batch import BatchAdmin
from campaigns.models import Allotment, Batch, BatchEvent, Campaign, Seller, Variant
from tests.factories import (
    make_allotment,
    make_batch,
    make_campaign,
    make_picture,
    make_seller,
    make_shipping_option,
    make_variant,
)
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

Stage = Batch.Stage


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


def change_url(row):
    return reverse(
        f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk]
    )


def step_url(row, name):
    return reverse(
        f"admin:{row._meta.label_lower.replace('.', '_')}_{name}", args=[row.pk]
    )


def edit(staff, row, shown=None, **entered):
    """Post the change form as it was shown, with these fields entered."""
    shown = shown or fields_of(staff.get(change_url(row)))
    return staff.post(change_url(row), shown | entered)


def text_of(response):
    return response.content.decode()


# --- saving only what was changed


def claim(batch, units):
    Batch.objects.filter(pk=batch.pk).update(taken=F("taken") + units)


def saved_stale(batch, model_admin, form_class):
    """Save a form whose batch was read before seven units were claimed."""
    stale = Batch.objects.get(pk=batch.pk)
    claim(batch, 7)
    form = form_class(data={"number": 5}, instance=stale)
    form.is_valid()
    request = RequestFactory().post("/")
    model_admin.save_form(request, form, change=True)
    model_admin.save_model(request, stale, form, change=True)
    batch.refresh_from_db()
    return batch


class PlainForm(ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Batch
        fields = ("number",)


def test_plain_admin_would_reset_claimed_units():
    batch = make_batch(number=1, taken=0)

    saved_stale(batch, admin.ModelAdmin(Batch, admin.site), PlainForm)

    assert (batch.number, batch.taken) == (5, 0)


def test_form_read_before_a_claim_leaves_the_claimed_units(staff):
    batch = make_batch(number=1, taken=0, stage=Stage.DRAFT)
    shown = fields_of(staff.get(change_url(batch)))
    claim(batch, 7)

    response = edit(staff, batch, shown, number=5, capacity=90)

    batch.refresh_from_db()
    assert response.status_code == 302
    assert (batch.number, batch.capacity, batch.taken) == (5, 90, 7)


def test_claim_between_reading_and_saving_survives(staff, monkeypatch):
    batch = make_batch(stage=Stage.DRAFT, capacity=100)
    checked = BatchAdmin.save_related

    def claim_first(*args):
        claim(batch, 7)
        checked(*args)

    monkeypatch.setattr(BatchAdmin, "save_related", claim_first)
    edit(staff, batch, capacity=90)

    batch.refresh_from_db()
    assert (batch.capacity, batch.taken) == (90, 7)


def test_posted_counters_and_states_are_ignored(staff):
    batch = make_batch(stage=Stage.DRAFT, taken=3)

    posted = {"taken": 0, "stage": "completed", "orders_taken": 9, "closed_at_0": "x"}
    edit(staff, batch, **posted, capacity=55)

    batch.refresh_from_db()
    assert (batch.capacity, batch.taken, batch.stage) == (55, 3, Stage.DRAFT)
    assert (batch.orders_taken, batch.closed_at) == (0, None)


def test_field_left_alone_keeps_what_somebody_else_entered(staff):
    campaign = make_campaign(title="Kaos", tagline="Lama")
    shown = fields_of(staff.get(change_url(campaign)))
    Campaign.objects.update(title="Kaos Batik")

    edit(staff, campaign, shown, tagline="Baru")

    campaign.refresh_from_db()
    assert (campaign.title, campaign.tagline) == ("Kaos Batik", "Baru")


def test_field_both_changed_is_a_conflict_and_nothing_is_saved(staff):
    campaign = make_campaign(title="Kaos", tagline="Lama")
    shown = fields_of(staff.get(change_url(campaign)))
    Campaign.objects.update(title="Kaos Batik")

    response = edit(staff, campaign, shown, title="Kaos Jumputan", tagline="Baru")

    campaign.refresh_from_db()
    assert (campaign.title, campaign.tagline) == ("Kaos Batik", "Lama")
    assert set(response.context["adminform"].form.errors) == {"title"}


def test_inline_rows_save_only_what_was_changed(staff):
    campaign = make_campaign()
    variant = make_variant(campaign=campaign, price=185_000, weight_grams=200)
    shown = fields_of(staff.get(change_url(campaign)))
    Variant.objects.update(weight_grams=300)

    edit(staff, campaign, shown, **{"variants-0-price": "190000"})

    variant.refresh_from_db()
    assert variant.price == 190_000
    assert variant.weight_grams == 300


def test_form_without_its_memory_still_saves(staff):
    campaign = make_campaign(tagline="Lama")
    shown = fields_of(staff.get(change_url(campaign)))
    del shown["seen"]

    edit(staff, campaign, shown, tagline="Baru")

    assert Campaign.objects.get().tagline == "Baru"


# --- capacity


def test_capacity_may_shrink_to_what_is_taken(staff):
    batch = make_batch(stage=Stage.OPEN, capacity=100, taken=40)

    edit(staff, batch, capacity=40)

    batch.refresh_from_db()
    event = BatchEvent.objects.get(kind="capacity")
    assert batch.capacity == 40
    assert (event.data, str(event.user)) == ({"from": 100, "to": 40}, "admin")


def test_capacity_below_taken_is_refused_with_the_number(staff):
    batch = make_batch(stage=Stage.OPEN, capacity=100, taken=40)

    response = edit(staff, batch, capacity=39)

    batch.refresh_from_db()
    assert response.status_code == 200
    assert "40" in response.context["adminform"].form.errors["capacity"][0]
    assert batch.capacity == 100
    assert not BatchEvent.objects.exists()


def test_capacity_lost_to_a_claim_is_refused_and_nothing_is_half_saved(
    staff, monkeypatch
):
    batch = make_batch(stage=Stage.DRAFT, number=1, capacity=100, taken=40)
    checked = Batch.change_capacity

    def claim_first(self, capacity, *, actor):
        claim(batch, 30)
        checked(self, capacity, actor=actor)

    monkeypatch.setattr(Batch, "change_capacity", claim_first)
    response = edit(staff, batch, capacity=60, number=3)

    batch.refresh_from_db()
    assert response.status_code == 302
    assert "70" in text_of(staff.get(response["Location"]))
    assert (batch.capacity, batch.number) == (100, 1)
    assert not LogEntry.objects.exists()


def test_allotment_below_taken_is_refused_with_the_number(staff):
    batch = make_batch(stage=Stage.OPEN, capacity=100, taken=12)
    allotment = make_allotment(batch=batch, capacity=20, taken=12)

    response = edit(staff, batch, **{"allotments-0-capacity": 11})

    assert "12" in text_of(response)
    assert Allotment.objects.get(pk=allotment.pk).capacity == 20


def test_allotment_lost_to_a_claim_is_refused(staff, monkeypatch):
    batch = make_batch(stage=Stage.OPEN, capacity=100, taken=12)
    allotment = make_allotment(batch=batch, capacity=20, taken=12)
    checked = BatchAdmin.save_related

    def claim_first(*args):
        Allotment.objects.filter(pk=allotment.pk).update(taken=19)
        checked(*args)

    monkeypatch.setattr(BatchAdmin, "save_related", claim_first)
    response = edit(staff, batch, capacity=90, **{"allotments-0-capacity": 15})

    assert response.status_code == 302
    assert Allotment.objects.get(pk=allotment.pk).capacity == 20
    assert Batch.objects.get().capacity == 100


# --- dates


def local(moment):
    """As the two inputs of a moment want it, in the staff's zone."""
    moment = timezone.localtime(moment, timezone.get_fixed_timezone(7 * 60))
    return f"{moment:%Y-%m-%d}", f"{moment:%H:%M:%S}"


def closing(moment):
    return dict(zip(("closes_at_0", "closes_at_1"), local(moment), strict=True))


def test_cut_off_of_an_open_batch_moves_to_the_future_and_is_recorded(staff):
    batch = make_batch(stage=Stage.OPEN)
    later = (timezone.now() + timedelta(days=3)).replace(microsecond=0)

    edit(staff, batch, **closing(later))

    assert Batch.objects.get().closes_at == later
    recorded = BatchEvent.objects.get(kind="cut_off").data["to"]
    assert datetime.fromisoformat(recorded) == later


def test_cut_off_of_an_open_batch_cannot_move_to_the_past(staff):
    batch = make_batch(stage=Stage.OPEN)

    response = edit(staff, batch, **closing(timezone.now() - timedelta(minutes=1)))

    assert set(response.context["adminform"].form.errors) == {"closes_at"}
    assert Batch.objects.get().closes_at == batch.closes_at


def test_batch_cannot_close_before_it_opens(staff):
    batch = make_batch(stage=Stage.DRAFT)

    long_ago = timezone.now() - timedelta(days=300)
    response = edit(staff, batch, **closing(long_ago))

    assert set(response.context["adminform"].form.errors) == {"closes_at"}


@pytest.mark.parametrize(
    ("name", "entered"),
    [
        ("opens_at", {"opens_at_0": "0001-01-01", "opens_at_1": "00:00"}),
        ("closes_at", {"closes_at_0": "9999-12-31", "closes_at_1": "23:59"}),
        ("ships_until", {"ships_until": "9999-12-31"}),
        ("production_starts_on", {"production_starts_on": "0026-12-01"}),
    ],
)
def test_year_that_is_a_typing_error_is_named_at_its_field(staff, name, entered):
    batch = make_batch(stage=Stage.DRAFT)

    response = edit(staff, batch, **entered)

    (reason,) = response.context["adminform"].form.errors[name]
    assert "2000" in reason
    assert "2999" in reason
    assert Batch.objects.get().opens_at == batch.opens_at


@pytest.mark.parametrize("days", ["91", "2147483647", "9" * 30])
def test_extension_beyond_the_calendar_is_named_at_its_field(staff, days):
    batch = make_batch(stage=Stage.DRAFT, minimum_units=5, minimum_rule="extend")

    response = edit(staff, batch, extension_days=days)

    assert set(response.context["adminform"].form.errors) == {"extension_days"}
    assert Batch.objects.get().extension_days == batch.extension_days


def test_hold_beyond_the_calendar_is_named_at_its_field(staff):
    campaign = make_campaign()

    response = edit(staff, campaign, hold_minutes="9223372036854775807")

    assert set(response.context["adminform"].form.errors) == {"hold_minutes"}
    assert Campaign.objects.get().hold_minutes == campaign.hold_minutes


def test_dates_out_of_order_are_refused(staff):
    batch = make_batch(stage=Stage.DRAFT)

    response = edit(staff, batch, ships_from="2031-02-02", ships_until="2031-02-01")

    assert set(response.context["adminform"].form.errors) == {"ships_until"}


def test_minimum_above_capacity_is_refused_with_both_numbers(staff):
    batch = make_batch(stage=Stage.DRAFT, capacity=100)

    response = edit(staff, batch, minimum_units=120)

    (reason,) = response.context["adminform"].form.errors["minimum_units"]
    assert "120" in reason
    assert "100" in reason


def test_promised_window_of_an_open_batch_is_not_edited_here(staff):
    batch = make_batch(stage=Stage.OPEN)

    edit(staff, batch, ships_until="2040-01-01", capacity=77)

    stored = Batch.objects.get()
    assert (stored.ships_until, stored.capacity) == (batch.ships_until, 77)


# --- variants, money


def test_empty_sku_is_made_from_the_options(staff):
    campaign = make_campaign()
    shown = fields_of(staff.get(change_url(campaign)))

    entered = {"variants-0-options": "Ukuran: L, Warna: Nila", "variants-0-price": 1000}
    edit(staff, campaign, shown, **entered)

    variant = Variant.objects.get()
    assert variant.options == {"Ukuran": "L", "Warna": "Nila"}
    assert variant.sku == "L-NILA"


def test_made_sku_is_numbered_when_it_is_taken():
    campaign = make_campaign()
    for size in ("L", "L+", "l"):
        make_variant(campaign=campaign, sku="", options={"Ukuran": size})

    assert set(Variant.objects.values_list("sku", flat=True)) == {"L", "L-2", "L-3"}


def test_fraction_of_a_rupiah_is_refused(staff):
    campaign = make_campaign(currency="IDR")
    variant = make_variant(campaign=campaign, price=185_000)

    response = edit(staff, campaign, **{"variants-0-price": "185000.50"})

    variant.refresh_from_db()
    assert "IDR" in text_of(response)
    assert variant.price == 185_000


def test_whole_amount_is_shown_as_people_write_it(staff):
    campaign = make_campaign(currency="IDR")
    make_variant(campaign=campaign, price=185_000)

    assert fields_of(staff.get(change_url(campaign)))["variants-0-price"] == "185000"


def test_cents_are_fine_where_there_are_cents(staff):
    campaign = make_campaign(currency="SGD")
    variant = make_variant(campaign=campaign, price=18)

    edit(staff, variant, price="18.50")

    variant.refresh_from_db()
    assert str(variant.price) == "18.50"


def test_new_variant_can_be_ordered_in_every_batch_that_still_sells(staff):
    campaign = make_campaign()
    make_batch(campaign=campaign, number=1, stage=Stage.OPEN)
    make_batch(campaign=campaign, number=2, stage=Stage.PRODUCTION)

    edit(staff, campaign, **{"variants-0-price": 1000})

    assert Allotment.objects.get().batch.number == 1


# --- steps


def test_step_page_tells_the_numbers_and_changes_nothing(staff):
    batch = make_batch(stage=Stage.OPEN, capacity=100, taken=37)

    page = text_of(staff.get(step_url(batch, "close")))

    assert "37" in page
    assert "63" in page
    assert Batch.objects.get().stage == Stage.OPEN


def test_draft_opens_once(staff):
    batch = make_batch(stage=Stage.DRAFT)

    answers = [staff.post(step_url(batch, "open")) for _twice in range(2)]

    event = BatchEvent.objects.get()
    log = LogEntry.objects.get()
    assert [answer.status_code for answer in answers] == [302, 302]
    assert Batch.objects.get().stage == Stage.OPEN
    assert (event.kind, str(event.user)) == ("open", "admin")
    assert log.object_id == str(batch.pk)


def test_draft_that_is_not_ready_lists_the_reasons(staff):
    batch = make_batch(stage=Stage.DRAFT, ships_from=None, ships_until=None)

    shown = staff.get(step_url(batch, "open"))
    refused = staff.post(step_url(batch, "open"))

    reasons = readiness.in_words(batch.missing_for_opening(timezone.now()))
    assert len(reasons) == 1
    assert shown.context["missing"] == refused.context["missing"] == reasons
    assert refused.status_code == 409
    assert Batch.objects.get().stage == Stage.DRAFT
    assert not LogEntry.objects.exists()


def test_open_batch_closes_once_and_reopens(staff):
    batch = make_batch(stage=Stage.OPEN)

    staff.post(step_url(batch, "close"))
    staff.post(step_url(batch, "close"))
    closed = Batch.objects.get()
    too_late = {"closes_at": "2035-01-01T21:00"}
    refused = staff.post(step_url(batch, "reopen"), too_late)
    Batch.objects.update(
        production_starts_on=None,
        production_ends_on=None,
        ships_from=date(2035, 2, 1),
        ships_until=date(2035, 2, 5),
    )
    staff.post(step_url(batch, "reopen"), too_late)

    reopened = Batch.objects.get()
    assert closed.stage == Stage.CLOSED
    assert refused.status_code == 409
    assert reopened.stage == Stage.OPEN
    assert reopened.closes_at == datetime(2035, 1, 1, 14, tzinfo=UTC)
    assert [event.kind for event in BatchEvent.objects.all()] == ["closed", "open"]


@pytest.mark.parametrize("closes_at", ["2020-01-01T21:00", "", "soon"])
def test_reopening_needs_a_moment_in_the_future(staff, closes_at):
    batch = make_batch(stage=Stage.CLOSED)

    response = staff.post(step_url(batch, "reopen"), {"closes_at": closes_at})

    assert response.status_code == 409
    assert Batch.objects.get().stage == Stage.CLOSED


@pytest.mark.parametrize(
    ("stage", "step"),
    [
        (Stage.DRAFT, "close"),
        (Stage.DRAFT, "reopen"),
        (Stage.CLOSED, "open"),
        (Stage.OPEN, "reopen"),
        (Stage.PRODUCTION, "reopen"),
        (Stage.CANCELED, "open"),
    ],
)
def test_step_from_the_wrong_stage_is_refused(staff, stage, step):
    batch = make_batch(stage=stage)

    data = {"closes_at": "2035-01-01T21:00"}
    response = staff.post(step_url(batch, step), data, follow=True)

    assert response.redirect_chain == [(change_url(batch), 302)]
    assert "errornote" in text_of(response) or "error" in text_of(response)
    assert Batch.objects.get().stage == stage
    assert not BatchEvent.objects.exists()
    assert not LogEntry.objects.exists()


def test_change_page_offers_the_possible_steps_only(staff):
    batch = make_batch(stage=Stage.CLOSED)

    page = text_of(staff.get(change_url(batch)))

    assert step_url(batch, "reopen") in page
    assert step_url(batch, "open") not in page
    assert step_url(batch, "close") not in page


def test_step_needs_a_token_a_person_and_the_right(client):
    batch = make_batch(stage=Stage.DRAFT)
    url = step_url(batch, "open")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("admin"))

    anonymous = client.post(url)
    packer = User.objects.create_user("packer", is_staff=True)
    batch.campaign.seller.membership_set.create(user=packer, role="packer")
    client.force_login(packer)
    answers = [strict.post(url), client.post(url)]

    assert anonymous["Location"].startswith(reverse("admin:login"))
    assert [answer.status_code for answer in answers] == [403, 403]
    assert Batch.objects.get().stage == Stage.DRAFT


def test_campaign_with_a_stored_picture_is_saved_again(staff):
    campaign = make_picture(campaign=make_campaign(title="Kaos")).campaign

    response = edit(staff, campaign, title="Kaos Batik")

    campaign.refresh_from_db()
    assert (response.status_code, campaign.title) == (302, "Kaos Batik")


def test_campaign_is_published_when_nothing_is_missing(staff):
    seller = make_seller()
    make_shipping_option(seller=seller)
    campaign = make_campaign(seller=seller, published_at=None)
    make_picture(campaign=campaign)
    make_variant(campaign=campaign)
    make_batch(campaign=campaign)

    staff.post(step_url(campaign, "publish"))

    assert Campaign.objects.get().is_public
    assert LogEntry.objects.count() == 1


def test_campaign_with_gaps_is_not_published(staff):
    campaign = make_campaign(published_at=None)

    response = staff.post(step_url(campaign, "publish"))

    assert response.context["missing"] == campaign.missing_for_publication()
    assert not Campaign.objects.get().is_public


def test_campaign_is_archived_once_no_batch_takes_orders(staff):
    campaign = make_campaign()
    batch = make_batch(campaign=campaign, stage=Stage.OPEN)

    refused = staff.post(step_url(campaign, "archive"))
    archived_while_open = Campaign.objects.get().archived_at
    Batch.objects.filter(pk=batch.pk).update(stage=Stage.CLOSED)
    staff.post(step_url(campaign, "archive"))

    assert refused.status_code == 302
    assert archived_while_open is None
    assert Campaign.objects.get().archived_at is not None


# --- pages


def test_every_page_opens(staff):
    batch = make_batch()
    make_allotment(batch=batch)
    campaign = batch.campaign
    option = make_shipping_option(seller=campaign.seller)
    rows = [campaign.seller, campaign, batch, campaign.variants.get(), option]

    for row in rows:
        name = row._meta.label_lower.replace(".", "_")
        for page in ("changelist", "add"):
            assert staff.get(reverse(f"admin:{name}_{page}")).status_code == 200
        assert staff.get(change_url(row)).status_code == 200


@pytest.mark.parametrize("page", ["campaigns/campaign", "orders/order"])
@pytest.mark.parametrize("year", ["0", "9" * 30])
def test_list_of_a_year_that_is_none_becomes_the_whole_list(staff, page, year):
    column = "placed_at" if page == "orders/order" else "created_at"

    response = staff.get(f"/admin/{page}/?{column}__year={year}")

    assert (response.status_code, response["Location"]) == (302, f"/admin/{page}/?e=1")


def test_anonymous_is_sent_to_the_login(client):
    batch = make_batch()

    for url in (change_url(batch), reverse("admin:campaigns_batch_changelist")):
        assert client.get(url)["Location"].startswith(reverse("admin:login"))


def test_seller_with_people_and_shipping_is_created(staff):
    shown = fields_of(staff.get(reverse("admin:campaigns_seller_add")))
    entered = {
        "name": "Nila",
        "slug": "nila",
        "email": "halo@example.com",
        "shipping_options-0-service": "JNE REG",
        "shipping_options-0-base_price": "18000",
        "shipping_options-0-provinces": "Jawa Barat\nBanten",
    }

    staff.post(reverse("admin:campaigns_seller_add"), shown | entered)

    option = Seller.objects.get().shipping_options.get()
    assert option.provinces == ["Jawa Barat", "Banten"]
    assert option.price_per_extra_kilogram == 0


def test_batch_is_created_with_the_next_number_and_its_rows(staff):
    campaign = make_campaign()
    make_variant(campaign=campaign)
    make_batch(campaign=campaign, number=3)

    url = f"{reverse('admin:campaigns_batch_add')}?campaign={campaign.pk}"
    staff.post(url, fields_of(staff.get(url)) | {"capacity": 50})

    batch = Batch.objects.get(capacity=50)
    assert (batch.number, batch.stage) == (4, Stage.DRAFT)
    assert batch.allotments.count() == 1


def test_used_batch_is_not_deleted(staff):
    batch = make_batch(stage=Stage.OPEN)

    url = reverse("admin:campaigns_batch_delete", args=[batch.pk])
    assert staff.post(url, {"post": "yes"}).status_code == 403


def test_times_are_in_the_zone_of_the_sellers_people(client):
    seller = make_seller(time_zone="Asia/Makassar")
    user = User.objects.create_superuser("ayu")
    seller.members.add(user)
    client.force_login(user)
    opens_at = datetime(2030, 1, 1, tzinfo=UTC)
    batch = make_batch(opens_at=opens_at, closes_at=opens_at + timedelta(days=9))

    shown = fields_of(client.get(change_url(batch)))

    assert shown["opens_at_1"] == "08.00.00"
    assert "WITA" in text_of(client.get(change_url(batch)))
