"""Caps in the seller's form: typed as people write them, guarded, and on record."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns.actors import SYSTEM
from campaigns.errors import CapacityBelowTaken
from campaigns.models import Allotment, Batch, BatchEvent, Campaign
from tests.factories import make_allotment, make_batch, make_campaign
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

TOO_LARGE = "Ensure this value is less than or equal to 2147483647."


@pytest.fixture
def staff() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_superuser("admin"))
    return client


def change_url(row):
    return reverse(f"admin:campaigns_{row._meta.model_name}_change", args=[row.pk])


def edit(staff, row, **entered):
    url = change_url(row)
    return staff.post(url, fields_of(staff.get(url)) | entered)


def events():
    return list(BatchEvent.objects.values_list("kind", "data"))


def text_of(response):
    return response.content.decode().replace("\xa0", " ")


def in_dollars(**columns):
    return make_batch(campaign=make_campaign(currency="USD"), **columns)


@pytest.mark.parametrize(
    ("column", "typed", "before", "after"),
    [
        ("order_capacity", "7", 20, 7),
        ("order_capacity", "", 20, None),
        ("goods_capacity", "450000", 900_000, 450_000),
        ("goods_capacity", "", 900_000, None),
    ],
)
def test_caps_in_orders_and_money_change_and_are_recorded(
    staff, column, typed, before, after
):
    batch = make_batch(**{column: before})

    response = edit(staff, batch, **{column: typed})

    assert response.status_code == 302
    assert getattr(Batch.objects.get(), column) == after
    assert events() == [(column, {"from": before, "to": after})]
    assert str(BatchEvent.objects.get().user) == "admin"


@pytest.mark.parametrize("typed", ["15.000.000", "15,000,000", " 15000000 "])
def test_a_cap_in_rupiah_may_be_typed_as_the_shop_writes_it(staff, typed):
    batch = make_batch()

    edit(staff, batch, goods_capacity=typed)

    assert Batch.objects.get().goods_capacity == 15_000_000


@pytest.mark.parametrize("typed", ["1.500", "1,500", "1.500.000"])
def test_a_mark_that_could_part_cents_parts_no_thousands(staff, typed):
    batch = in_dollars()

    response = edit(staff, batch, goods_capacity=typed)

    assert set(response.context["adminform"].form.errors) == {"goods_capacity"}
    assert Batch.objects.get().goods_capacity is None


def test_the_cap_in_money_is_typed_and_shown_in_the_main_unit(staff):
    batch = in_dollars(goods_capacity=123_450, goods_taken=5_000)

    shown = staff.get(change_url(batch))
    edit(staff, batch, goods_capacity="2000.05")

    assert fields_of(shown)["goods_capacity"] == "1234.50"
    assert "US$ 50.00" in text_of(shown)
    assert Batch.objects.get().goods_capacity == 200_005
    assert "US$ 1,234.50 → US$ 2,000.05" in text_of(staff.get(change_url(batch)))


def test_saving_without_a_change_leaves_the_cap_in_money_alone(staff):
    batch = in_dollars(goods_capacity=123_450)

    response = edit(staff, batch)

    assert response.status_code == 302
    assert Batch.objects.get().goods_capacity == 123_450
    assert events() == []


def test_a_new_batch_takes_its_cap_in_the_currency_of_the_chosen_campaign(staff):
    campaign = make_campaign(currency="USD")
    url = reverse("admin:campaigns_batch_add")
    shown = fields_of(staff.get(f"{url}?campaign={campaign.pk}"))

    response = staff.post(url, shown | {"capacity": 5, "goods_capacity": "99.95"})

    assert response.status_code == 302
    assert Batch.objects.get().goods_capacity == 9_995


def test_a_cap_in_money_that_is_settled_is_told_as_an_amount(staff):
    batch = in_dollars(goods_capacity=123_450, stage="production")

    page = text_of(staff.get(change_url(batch)))

    assert "US$ 1,234.50" in page
    assert 'name="goods_capacity"' not in page


TAKEN = {"taken": 4, "orders_taken": 3, "goods_taken": 600_000}


@pytest.mark.parametrize(
    ("column", "typed", "reason"),
    [
        ("capacity", "0", "Ensure this value is greater than or equal to 1."),
        ("capacity", "-1", "Ensure this value is greater than or equal to 1."),
        ("capacity", "3", "4 units are already taken; the capacity cannot be less."),
        ("capacity", str(2**31), TOO_LARGE),
        ("order_capacity", "0", "Ensure this value is greater than or equal to 1."),
        ("order_capacity", "2", "3 orders are already taken; it cannot be less."),
        ("order_capacity", str(2**31), TOO_LARGE),
        ("order_capacity", "1.5", "Enter a whole number."),
        ("goods_capacity", "0", "Ensure this value is greater than or equal to 1."),
        ("goods_capacity", "-5", "Ensure this value is greater than or equal to 1."),
        (
            "goods_capacity",
            "599999",
            "Goods for Rp 600.000 are already ordered; it cannot be less.",
        ),
        (
            "goods_capacity",
            "600000.5",
            "IDR has no decimals; give a whole amount.",
        ),
        (
            "goods_capacity",
            "9" * 15,
            "Ensure that there are no more than 14 digits in total.",
        ),
        ("goods_capacity", "NaN", "Enter a number."),
        ("goods_capacity", "6.00.000", "Enter a number."),
        ("goods_capacity", "0.600", "IDR has no decimals; give a whole amount."),
    ],
)
def test_a_cap_that_cannot_be_is_refused_and_nothing_is_written(
    staff, column, typed, reason
):
    batch = make_batch(**TAKEN)
    before = Batch.objects.values().get()

    response = edit(staff, batch, **{column: typed})

    errors = response.context["adminform"].form.errors[column]
    assert reason in [error.replace("\xa0", " ") for error in errors]
    assert Batch.objects.values().get() == before
    assert events() == []
    assert not LogEntry.objects.exists()


def test_caps_may_fall_to_exactly_what_is_taken(staff):
    batch = make_batch(**TAKEN, order_capacity=9, goods_capacity=900_000)

    edit(staff, batch, capacity=4, order_capacity=3, goods_capacity=600_000)

    row = Batch.objects.get()
    assert (row.capacity, row.order_capacity, row.goods_capacity) == (4, 3, 600_000)
    assert [kind for kind, _data in events()] == [
        "capacity",
        "order_capacity",
        "goods_capacity",
    ]


@pytest.mark.parametrize(
    ("change", "value", "taken"),
    [
        (Batch.change_capacity, 3, 4),
        (Batch.change_order_capacity, 2, 3),
        (Batch.change_goods_capacity, 599_999, 600_000),
    ],
)
def test_a_stale_row_cannot_lower_a_cap_below_what_was_sold_since(change, value, taken):
    batch = make_batch(order_capacity=9, goods_capacity=900_000)
    Batch.objects.update(**TAKEN)
    before = Batch.objects.values().get()

    with pytest.raises(CapacityBelowTaken) as refusal:
        change(batch, value, actor=SYSTEM)

    assert (refusal.value.wanted, refusal.value.taken) == (value, taken)
    assert Batch.objects.values().get() == before
    assert events() == []


def test_a_cap_lost_to_a_claim_is_refused_in_its_own_words(staff, monkeypatch):
    batch = make_batch(goods_capacity=900_000)
    checked = Batch.change_goods_capacity

    def claim_first(self, goods, *, actor):
        Batch.objects.update(goods_taken=800_000)
        checked(self, goods, actor=actor)

    monkeypatch.setattr(Batch, "change_goods_capacity", claim_first)
    response = edit(staff, batch, goods_capacity="700000", capacity=9)

    told = text_of(staff.get(response["Location"]))
    assert "Goods for Rp 800.000 are already ordered; it cannot be less." in told
    row = Batch.objects.get()
    assert (row.capacity, row.goods_capacity) == (10, 900_000)
    assert events() == []


def test_a_variants_cap_and_sale_change_on_record(staff):
    allotment = make_allotment(batch=make_batch(), capacity=20, taken=12)
    label = allotment.variant.label

    edit(
        staff,
        allotment.batch,
        **{"allotments-0-capacity": 12, "allotments-0-sale": "stopped"},
    )

    allotment.refresh_from_db()
    assert (allotment.capacity, allotment.sale, allotment.taken) == (12, "stopped", 12)
    variant = {"variant": allotment.variant_id, "label": label}
    assert events() == [
        ("allotment", {"from": 20, "to": 12} | variant),
        ("sale", {"from": "open", "to": "stopped"} | variant),
    ]
    page = text_of(staff.get(change_url(allotment.batch)))
    assert f"Capacity of a variant changed: {label}" in page
    assert "Open → Stopped" in page


@pytest.mark.parametrize("typed", ["11", "-1", str(2**31)])
def test_a_variants_cap_that_cannot_be_is_refused(staff, typed):
    allotment = make_allotment(batch=make_batch(), capacity=20, taken=12)

    response = edit(staff, allotment.batch, **{"allotments-0-capacity": typed})

    assert response.status_code == 200
    assert Allotment.objects.get().capacity == 20
    assert events() == []


def test_doing_it_twice_records_it_once():
    allotment = make_allotment(batch=make_batch(), capacity=20)

    for _time in range(2):
        allotment.change_capacity(5, actor=SYSTEM)
        allotment.batch.change_order_capacity(5, actor=SYSTEM)

    assert [kind for kind, _data in events()] == ["allotment", "order_capacity"]


@pytest.mark.parametrize(
    "columns", [{"stage": "open"}, {"stage": "draft", "goods_capacity": 500}]
)
def test_the_currency_stays_once_something_is_counted_in_it(staff, columns):
    batch = make_batch(**columns)

    response = edit(staff, batch.campaign, currency="USD")

    assert list(response.context["adminform"].form.errors) == ["currency"]
    assert Campaign.objects.get().currency == "IDR"


def test_the_currency_of_a_campaign_of_drafts_changes(staff):
    batch = make_batch(stage="draft")

    edit(staff, batch.campaign, currency="USD")

    assert Campaign.objects.get().currency == "USD"
