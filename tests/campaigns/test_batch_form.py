"""A batch that becomes another one while its form is open, and times it cannot lose."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.actors import SYSTEM
from campaigns.admin.batch import BatchAdmin
from campaigns.clock import database_now
from campaigns.models import Batch
from tests.factories import make_batch
from tests.forms import fields_of

pytestmark = pytest.mark.django_db

Stage = Batch.Stage


@pytest.fixture
def staff() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_superuser("admin"))
    return client


def edit(staff, batch, **entered):
    url = reverse("admin:campaigns_batch_change", args=[batch.pk])
    return staff.post(url, fields_of(staff.get(url)) | entered)


def text_of(response):
    return response.content.decode().replace("\xa0", " ")


@pytest.mark.parametrize("name", ["opens_at", "closes_at"])
def test_an_open_batch_keeps_an_opening_and_a_closing_time(staff, name):
    batch = make_batch(stage=Stage.OPEN)

    response = edit(staff, batch, **{f"{name}_0": "", f"{name}_1": ""})

    assert response.status_code == 200
    assert set(response.context["adminform"].form.errors) == {name}
    kept = Batch.objects.get()
    assert (kept.opens_at, kept.closes_at) == (batch.opens_at, batch.closes_at)


@pytest.mark.parametrize("name", ["opens_at", "closes_at"])
def test_a_draft_may_wait_for_its_times(staff, name):
    batch = make_batch(stage=Stage.DRAFT)

    response = edit(staff, batch, **{f"{name}_0": "", f"{name}_1": ""})

    assert response.status_code == 302
    assert getattr(Batch.objects.get(), name) is None


def moved(staff, batch, *, hours):
    with timezone.override(batch.campaign.seller.time_zone):
        moment = timezone.localtime(batch.opens_at + timedelta(hours=hours))
    entered = {"opens_at_0": f"{moment:%Y-%m-%d}", "opens_at_1": f"{moment:%H:%M}"}
    return edit(staff, batch, **entered)


@pytest.mark.parametrize("hours", [-1, 12])
def test_an_opening_that_has_passed_stays(staff, hours):
    batch = make_batch(stage=Stage.OPEN)

    response = moved(staff, batch, hours=hours)

    words = ["It has opened. To stop the sale, close it."]
    assert response.context["adminform"].form.errors == {"opens_at": words}
    assert Batch.objects.get().opens_at == batch.opens_at


def test_an_opening_to_come_may_be_moved(staff):
    opens_at = database_now() + timedelta(hours=2)
    batch = make_batch(stage=Stage.OPEN, opens_at=opens_at)

    response = moved(staff, batch, hours=1)

    assert response.status_code == 302
    later = Batch.objects.get().opens_at - opens_at
    assert timedelta(minutes=59) < later <= timedelta(hours=1)


def open_while_it_is_saved(monkeypatch):
    """Somebody opens the batch between the check of the form and its saving."""
    checked = BatchAdmin.save_related

    def open_first(*args):
        Batch.objects.get().open(actor=SYSTEM)
        checked(*args)

    monkeypatch.setattr(BatchAdmin, "save_related", open_first)


def days_later(batch):
    return {"ships_until": batch.ships_until + timedelta(days=9)}


def test_a_promise_made_while_a_draft_is_saved_is_not_changed(staff, monkeypatch):
    batch = make_batch(stage=Stage.DRAFT)
    open_while_it_is_saved(monkeypatch)

    response = edit(staff, batch, **days_later(batch))

    shown = staff.get(response["Location"])
    assert "Something changed at the same moment" in text_of(shown)
    stored = Batch.objects.get()
    assert (stored.stage, stored.ships_until) == (Stage.DRAFT, batch.ships_until)


def test_control_without_the_look_under_the_lock_the_promise_would_change(
    staff, monkeypatch
):
    batch = make_batch(stage=Stage.DRAFT)
    open_while_it_is_saved(monkeypatch)
    monkeypatch.setattr("campaigns.admin.batch._settled", lambda stored: [])

    edit(staff, batch, **days_later(batch))

    stored = Batch.objects.get()
    assert stored.stage == Stage.OPEN
    assert stored.ships_until == days_later(batch)["ships_until"]


def test_what_is_not_settled_by_opening_is_saved_beside_it(staff, monkeypatch):
    batch = make_batch(stage=Stage.DRAFT, capacity=10)
    open_while_it_is_saved(monkeypatch)

    edit(staff, batch, capacity=12)

    stored = Batch.objects.get()
    assert (stored.stage, stored.capacity) == (Stage.OPEN, 12)


def test_the_page_that_reopens_a_batch_names_the_zone_of_its_times(staff):
    batch = make_batch(stage=Stage.CLOSED)

    page = staff.get(f"/admin/campaigns/batch/{batch.pk}/reopen/")

    assert "Time in WIB." in text_of(page)


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("1", "This campaign has a batch 1 already."),
        ("10000", "Ensure this value is less than or equal to 9999."),
    ],
)
def test_a_number_that_cannot_be_is_refused_in_words(staff, typed, reason):
    campaign = make_batch(number=1).campaign
    url = reverse("admin:campaigns_batch_add")
    shown = fields_of(staff.get(f"{url}?campaign={campaign.pk}"))

    response = staff.post(url, shown | {"capacity": "5", "number": typed})

    assert reason in response.context["adminform"].form.errors["number"]
    assert Batch.objects.get().number == 1


def test_a_draft_keeps_its_own_number(staff):
    batch = make_batch(stage=Stage.DRAFT, number=3)

    assert edit(staff, batch, capacity="12").status_code == 302
    assert Batch.objects.get().number == 3


def test_a_draft_emptied_of_its_number_keeps_it(staff):
    batch = make_batch(stage=Stage.DRAFT, number=3)

    assert edit(staff, batch, number="").status_code == 302
    assert Batch.objects.get().number == 3


def test_a_draft_does_not_take_the_number_of_another(staff):
    batch = make_batch(stage=Stage.DRAFT, number=3)
    make_batch(campaign=batch.campaign, number=2)

    response = edit(staff, batch, number="2")

    words = ["This campaign has a batch 2 already."]
    assert response.context["adminform"].form.errors == {"number": words}
    assert Batch.objects.get(pk=batch.pk).number == 3


@pytest.mark.parametrize("name", ["opens_at", "closes_at"])
def test_times_emptied_while_a_draft_is_opened_are_kept(staff, monkeypatch, name):
    batch = make_batch(stage=Stage.DRAFT)
    open_while_it_is_saved(monkeypatch)

    response = edit(staff, batch, **{f"{name}_0": "", f"{name}_1": ""})

    shown = staff.get(response["Location"])
    assert "Something changed at the same moment" in text_of(shown)
    assert getattr(Batch.objects.get(), name) == getattr(batch, name)
