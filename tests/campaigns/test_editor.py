"""The campaign editor: what is filled in, foretold, checked, previewed and copied."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core.files.storage import default_storage
from django.db import IntegrityError
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from campaigns import copying, images
from campaigns.admin import proposals
from campaigns.admin.proposals import Before
from campaigns.admin.sentences import told
from campaigns.clock import database_now
from campaigns.errors import NotReady
from campaigns.models import (
    Allotment,
    Batch,
    BatchEvent,
    Campaign,
    Picture,
    Seller,
    Variant,
)
from orders.models import Order
from tests.factories import (
    make_allotment,
    make_batch,
    make_campaign,
    make_confirmed_order,
    make_picture,
    make_seller,
    make_shop,
    make_variant,
    picture_file,
)
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

Stage = Batch.Stage
ADD = "/admin/campaigns/batch/add/"


@pytest.fixture
def staff() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_superuser("admin"))
    return client


def worker_of(seller: Seller, role: str = "owner") -> Client:
    user = User.objects.create_user(f"{role}-{seller.pk}", is_staff=True)
    seller.membership_set.create(user=user, role=role)
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


def page_of(row, name="change"):
    label = row._meta.label_lower.replace(".", "_")
    return reverse(f"admin:{label}_{name}", args=[row.pk])


def text_of(response):
    return response.content.decode()


def errors_of(response):
    return response.context["adminform"].form.errors


# --- copy


def make_source(**columns):
    """A public campaign with orders, two variants, two pictures and two batches."""
    campaign = make_campaign(
        slug="kaos", title="Kaos", import_handle="kaos-1", story="Cerita", **columns
    )
    make_picture(campaign=campaign, alt="Tampak depan", position=1)
    make_picture(campaign=campaign, file=picture_file((300, 200)), kind="design")
    batch = make_shop(campaign=campaign, capacity=40, minimum_units=12)
    make_allotment(batch=batch, variant=campaign.variants.get(), capacity=25)
    make_variant(campaign=campaign, sku="M", options={"Ukuran": "M"}, price=90_000)
    make_confirmed_order(batch=batch, quantity=2)
    make_batch(
        campaign=campaign,
        capacity=7,
        order_capacity=5,
        goods_capacity=900,
        stage=Stage.CLOSED,
        minimum_rule="extend",
    )
    return campaign


def copy_of(campaign) -> Campaign:
    return Campaign.objects.exclude(pk=campaign.pk).get()


def columns_of(row, *names):
    return tuple(getattr(row, name) for name in names)


def test_copy_is_an_unpublished_campaign_with_the_same_facts(staff):
    source = make_source(plan="deposit", deposit_percent=40, buyer_limit=3)
    Campaign.objects.update(balance_due_on=date(2027, 1, 9))
    source.refresh_from_db()

    response = staff.post(page_of(source, "copy"))

    made = copy_of(source)
    assert (response.status_code, response["Location"]) == (302, page_of(made))
    assert (made.slug, made.title, made.import_handle) == ("kaos-2", "Kaos (copy)", "")
    assert (made.published_at, made.archived_at, made.balance_due_on) == (None,) * 3
    same = ("seller", "story", "materials", "plan", "deposit_percent", "buyer_limit")
    assert columns_of(made, *same) == columns_of(source, *same)


def test_copied_batches_are_drafts_without_dates(staff):
    source = make_source()

    staff.post(page_of(source, "copy"))

    first, second = made = list(copy_of(source).batches.all())
    kept = ("number", "capacity", "order_capacity", "goods_capacity", "minimum_units")
    assert columns_of(first, *kept) == (1, 40, None, None, 12)
    assert columns_of(second, *kept) == (2, 7, 5, 900, None)
    assert second.minimum_rule == "extend"
    for batch in made:
        moments = [f.name for f in Batch._meta.fields if f.name.endswith("_at")]
        days = [f.name for f in Batch._meta.fields if f.name.endswith("_on")]
        dated = columns_of(batch, *moments, *days, "ships_from", "ships_until")
        assert set(dated) == {None}
        assert batch.stage == Stage.DRAFT
        assert (batch.taken, batch.orders_taken, batch.goods_taken) == (0, 0, 0)


def test_copied_variants_keep_sku_price_and_caps(staff):
    source = make_source()

    staff.post(page_of(source, "copy"))

    made = copy_of(source)
    skus = {variant.sku: variant.price for variant in made.variants.all()}
    caps = Allotment.objects.filter(batch__campaign=made)
    assert skus == {"L": 185_000, "M": 90_000}
    assert {
        (cap.batch.number, cap.variant.sku, cap.capacity, cap.taken) for cap in caps
    } == {(1, "L", 25, 0), (1, "M", None, 0), (2, "L", None, 0), (2, "M", None, 0)}
    assert all(cap.variant.campaign_id == made.pk for cap in caps)


def files_of(picture: Picture) -> list[str]:
    name = picture.file.name or ""
    widths = [width for width in images.WIDTHS if width < (picture.width or 0)]
    return [name, *(images.rendition_name(name, width) for width in widths)]


def test_copied_pictures_are_files_of_their_own(staff):
    source = make_source()

    staff.post(page_of(source, "copy"))

    for old, new in zip(
        source.pictures.all(), copy_of(source).pictures.all(), strict=True
    ):
        same = ("alt", "kind", "position", "width", "height")
        assert columns_of(new, *same) == columns_of(old, *same)
        pairs = list(zip(files_of(old), files_of(new), strict=True))
        assert len(pairs) == (3 if old.width == 800 else 1)
        for before, after in pairs:
            assert before != after
            with default_storage.open(before) as a, default_storage.open(after) as b:
                assert a.read() == b.read()


def test_copy_takes_no_order_and_leaves_the_source_alone(staff):
    source = make_source()
    before = list(Batch.objects.filter(campaign=source).values())
    events = BatchEvent.objects.count()

    staff.post(page_of(source, "copy"))

    made = copy_of(source)
    assert Order.objects.filter(batch__campaign=made).count() == 0
    assert BatchEvent.objects.count() == events
    assert list(Batch.objects.filter(campaign=source).values()) == before
    entries = LogEntry.objects.order_by("pk").values_list("object_id", "action_flag")
    assert list(entries) == [(str(source.pk), CHANGE), (str(made.pk), ADDITION)]


def test_copies_get_addresses_and_titles_that_fit(staff):
    source = make_campaign(slug="k" * 80, title="T" * 120)

    for _twice in range(2):
        staff.post(page_of(source, "copy"))

    made = Campaign.objects.exclude(pk=source.pk).order_by("pk")
    assert [row.slug for row in made] == ["k" * 78 + "-2", "k" * 78 + "-3"]
    assert {row.title for row in made} == {"T" * 113 + " (copy)"}


def test_copy_page_tells_what_will_come_along_and_writes_nothing(staff):
    source = make_source()

    page = text_of(staff.get(page_of(source, "copy")))

    assert "kaos-2" in page
    assert "none come along" in page
    assert Campaign.objects.count() == 1


def stored_files() -> set[str]:
    folders = default_storage.listdir("pictures")[0]
    return {
        f"{folder}/{name}"
        for folder in folders
        for name in default_storage.listdir(f"pictures/{folder}")[1]
    }


def test_picture_without_its_file_refuses_the_copy(staff):
    source = make_source()
    last = list(source.pictures.all())[-1]
    default_storage.delete(files_of(last)[-1])
    before = stored_files()

    response = staff.post(page_of(source, "copy"))

    assert response.status_code == 409
    assert response.context["missing"] == ["The file of a picture cannot be read."]
    assert (Campaign.objects.count(), stored_files()) == (1, before)
    assert not LogEntry.objects.exists()


def test_copy_that_loses_its_address_to_another_writes_nothing(monkeypatch):
    source = make_source()
    before = stored_files()
    monkeypatch.setattr(Batch, "complete_allotments", _collide)

    with translation.override("en"), pytest.raises(NotReady) as refused:
        copying.copy(source)

    assert refused.value.reasons == ["It was copied at the same moment. Try again."]
    assert (Campaign.objects.count(), stored_files()) == (1, before)


def _collide(_batch):
    raise IntegrityError


def test_only_those_who_may_add_campaigns_copy_them():
    source = make_source()
    stranger = worker_of(make_seller())
    packer = worker_of(source.seller, "packer")

    answers = [each.post(page_of(source, "copy")) for each in (stranger, packer)]
    anonymous = Client().post(page_of(source, "copy"))

    assert [answer.status_code for answer in answers] == [404, 404]
    assert anonymous["Location"].startswith(reverse("admin:login"))
    assert Campaign.objects.count() == 1


# --- preview


def test_preview_shows_what_is_not_public_and_sells_nothing():
    campaign = make_campaign(title="Kaos Rahasia", published_at=None)
    make_variant(campaign=campaign)
    make_batch(campaign=campaign, stage=Stage.DRAFT)
    owner = worker_of(campaign.seller)

    response = owner.get(page_of(campaign, "preview"))
    page = text_of(response)

    assert response.status_code == 200
    assert "Kaos Rahasia" in page
    assert "Preview, not public" in page
    assert "Preview: the order button stands here." in page
    assert "Pre-order · ships " in page
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in page
    assert {"private", "no-store"} <= set(response["Cache-Control"].split(", "))
    for way_to_order in ("<form", 'type="submit"', "/checkout/", "ld+json", "og:"):
        assert way_to_order not in page
    assert Batch.objects.get().stage == Stage.DRAFT
    assert Client().get(f"/en/c/{campaign.slug}/").status_code == 404


def test_preview_of_a_public_campaign_has_no_way_to_order_either(staff):
    batch = make_shop()

    page = text_of(staff.get(page_of(batch.campaign, "preview")))
    public = text_of(Client().get(f"/en/c/{batch.campaign.slug}/"))

    assert ("<form" in public, "buy-bar" in public) == (True, True)
    assert ("<form" in page, "buy-bar" in page) == (False, False)


def test_preview_of_a_batch_without_dates_says_so(staff):
    campaign = make_campaign(published_at=None)
    make_variant(campaign=campaign)
    Batch.objects.create(campaign=campaign, number=1, capacity=5)

    page = text_of(staff.get(page_of(campaign, "preview")))

    assert "The opening date will be announced." in page


def test_preview_tells_times_in_the_sellers_zone(staff):
    campaign = make_campaign(seller=make_seller(time_zone="Asia/Jayapura"))
    make_variant(campaign=campaign)
    opens_at = timezone.now() + timedelta(days=9)
    make_batch(
        campaign=campaign, opens_at=opens_at, closes_at=opens_at + timedelta(days=2)
    )

    assert "WIT</" in text_of(staff.get(page_of(campaign, "preview")))


def test_preview_is_for_those_who_see_the_row_and_its_prices():
    campaign = make_campaign(published_at=None)
    clients = [
        worker_of(campaign.seller, "manager"),
        worker_of(campaign.seller, "packer"),
        worker_of(make_seller()),
    ]

    answers = [client.get(page_of(campaign, "preview")) for client in clients]
    posted = clients[0].post(page_of(campaign, "preview"))

    assert [answer.status_code for answer in answers] == [200, 404, 404]
    assert posted.status_code == 405


def test_change_page_leads_to_the_preview(staff):
    campaign = make_campaign(published_at=None)

    page = text_of(staff.get(page_of(campaign)))

    assert f'<a href="{page_of(campaign, "preview")}">See it as a buyer</a>' in page


# --- what buyers will read


JAKARTA = ZoneInfo("Asia/Jakarta")
DATED = {
    "opens_at": datetime(2026, 11, 16, 9, tzinfo=JAKARTA),
    "closes_at": datetime(2026, 11, 30, 21, tzinfo=JAKARTA),
    "production_starts_on": date(2026, 12, 1),
    "production_ends_on": date(2026, 12, 22),
    "ships_from": date(2026, 12, 27),
    "ships_until": date(2026, 12, 31),
}


def sentences_of(batch):
    return {each.language: each.sentences for each in told(batch)}


def test_sentences_are_those_of_the_public_page_in_both_languages():
    batch = make_batch(stage=Stage.DRAFT, minimum_units=8, **DATED)

    assert sentences_of(batch) == {
        "id": [
            "Pre-order · kirim 27–31 Des 2026",
            "Dibuka Senin, 16 November 2026 pukul 09.00 WIB",
            "Tutup Senin, 30 November 2026 pukul 21.00 WIB",
            "Produksi: 1–22 Desember 2026",
            "Pengiriman: 27–31 Desember 2026 (perkiraan)",
            "Bila yang terbayar kurang dari 8, semua uang dikembalikan penuh.",
        ],
        "en": [
            "Pre-order · ships 27–31 Dec 2026",
            "Opens Monday, 16 November 2026 at 09:00 WIB",
            "Closes Monday, 30 November 2026 at 21:00 WIB",
            "Production: 1–22 December 2026",
            "Shipping: 27–31 December 2026 (estimated)",
            "If fewer than 8 are paid, everyone gets a full refund.",
        ],
    }


def test_sentences_of_a_draft_without_dates_hide_nothing():
    batch = Batch.objects.create(campaign=make_campaign(), number=1, capacity=5)

    assert sentences_of(batch)["en"] == [
        "Pre-order · shipping date not known yet",
        "Opens not known yet",
        "Closes not known yet",
        "Production: not known yet",
        "Shipping: not known yet (estimated)",
    ]


def test_sentences_stand_on_the_change_page_only(staff):
    batch = make_batch(stage=Stage.DRAFT, **DATED)

    page = text_of(staff.get(page_of(batch)))

    assert "<li>Tutup Senin, 30 November 2026 pukul 21.00 WIB</li>" in page
    assert "<li>Closes Monday, 30 November 2026 at 21:00 WIB</li>" in page
    assert "Buyers will read" not in text_of(staff.get(ADD))


# --- what is missing for publication


DATES = "A batch has to say when it opens, closes, is made and ships, in this order."
FUTURE = "A batch has to close at a time in the future."


def make_ready() -> Campaign:
    campaign = make_shop(campaign=make_campaign(published_at=None)).campaign
    make_picture(campaign=campaign)
    return campaign


def lose(campaign, what):
    rows = {
        "picture": lambda: campaign.pictures.all().delete(),
        "words": lambda: campaign.pictures.update(alt=" "),
        "materials": lambda: Campaign.objects.update(materials=" "),
        "variant": lambda: Variant.objects.update(active=False),
        "currency": lambda: Campaign.objects.update(currency="SGD"),
        "rule": lambda: Seller.objects.update(refund_rule=""),
        "capacity": lambda: Batch.objects.update(capacity=0),
        "order": lambda: Batch.objects.update(production_ends_on=date(2099, 1, 1)),
        "window": lambda: Batch.objects.update(ships_until=None),
        "future": lambda: Batch.objects.update(
            opens_at=datetime(2020, 1, 1, tzinfo=UTC),
            closes_at=datetime(2020, 1, 9, tzinfo=UTC),
        ),
        "running": lambda: Batch.objects.update(stage=Stage.PRODUCTION),
    }
    rows[what]()


@pytest.mark.parametrize(
    ("what", "missing"),
    [
        ("picture", ["Add a picture.", "Describe every picture in words."]),
        ("words", ["Describe every picture in words."]),
        ("materials", ["Say what it is made of."]),
        ("variant", ["Add a variant."]),
        ("currency", ["The seller needs a shipping option in this currency."]),
        ("rule", ["The seller needs a refund rule."]),
        ("capacity", ["A batch needs a capacity above zero."]),
        ("order", [DATES]),
        ("window", [DATES]),
        ("future", [FUTURE]),
        (
            "running",
            [
                "Add a batch with its dates.",
                FUTURE,
                DATES,
                "A batch needs a capacity above zero.",
            ],
        ),
    ],
)
def test_each_gap_blocks_publication_with_its_reason(staff, what, missing):
    campaign = make_ready()
    lose(campaign, what)

    response = staff.post(page_of(campaign, "publish"))

    assert response.status_code == 409
    assert response.context["missing"] == missing
    assert not Campaign.objects.get().is_public
    assert not LogEntry.objects.exists()


def test_one_batch_that_is_ready_is_enough(staff):
    campaign = make_ready()
    make_batch(campaign=campaign, stage=Stage.DRAFT, ships_from=None)
    make_batch(campaign=campaign, stage=Stage.COMPLETED)

    staff.post(page_of(campaign, "publish"))

    assert Campaign.objects.get().is_public


def test_change_page_tells_what_is_done_and_what_is_missing(staff):
    campaign = make_ready()
    Campaign.objects.update(materials="")

    page = text_of(staff.get(page_of(campaign)))

    done, missing = '<span class="badge is-ok">Done</span>', "is-bad"
    assert f"<li>{done} Add a picture.</li>" in page
    assert page.count(f"<li>{done} ") == 9
    assert page.count(missing) == 1
    assert f'{missing}">Missing</span> Say what it is made of.</li>' in page


# --- little typing


def test_schedule_is_proposed_in_the_sellers_zone():
    now = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)

    assert proposals.schedule(now, "Asia/Jakarta") == {
        "opens_at": datetime(2026, 11, 24, 0, tzinfo=JAKARTA),
        "closes_at": datetime(2026, 12, 8, 21, tzinfo=JAKARTA),
        "production_starts_on": date(2026, 12, 16),
        "production_ends_on": date(2027, 1, 6),
        "ships_from": date(2027, 1, 9),
        "ships_until": date(2027, 1, 13),
    }


def test_next_batch_is_proposed_after_the_last_one():
    now = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    last_close = datetime(2026, 12, 1, 21, tzinfo=JAKARTA)
    before = Before(
        closes_at=last_close,
        production_ends_on=date(2027, 2, 1),
        extension_days=7,
    )

    assert proposals.schedule(now, "Asia/Jakarta", before) == {
        "opens_at": last_close,
        "closes_at": datetime(2026, 12, 15, 21, tzinfo=JAKARTA),
        "production_starts_on": date(2027, 2, 2),
        "production_ends_on": date(2027, 2, 23),
        "ships_from": date(2027, 2, 26),
        "ships_until": date(2027, 3, 2),
    }


def test_when_all_batches_are_full_the_next_one_is_proposed_to_open_at_once():
    campaign = make_campaign()
    make_batch(campaign=campaign, stage=Batch.Stage.CANCELED)
    full = make_batch(campaign=campaign, capacity=2, taken=2)
    now = database_now()

    dates = proposals.schedule(now, "Asia/Jakarta", Before.of(campaign))

    assert dates["opens_at"] <= now + timedelta(hours=1) < full.closes_at
    assert dates["closes_at"] - full.closes_at > timedelta(days=13)
    assert dates["production_starts_on"] > full.production_ends_on


def test_after_a_batch_that_closed_early_the_next_one_opens_at_once():
    campaign = make_campaign()
    closed = make_batch(campaign=campaign, stage=Batch.Stage.CLOSED)
    now = database_now()

    dates = proposals.schedule(now, "Asia/Jakarta", Before.of(campaign))

    assert dates["opens_at"] <= now + timedelta(hours=1) < closed.closes_at
    assert dates["production_starts_on"] > closed.production_ends_on


def test_a_batch_that_ended_long_ago_moves_no_proposal():
    now = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
    before = Before(
        closes_at=now - timedelta(days=90),
        production_ends_on=date(2026, 10, 1),
        extension_days=7,
    )

    after_it = proposals.schedule(now, "Asia/Jakarta", before)

    assert after_it == proposals.schedule(now, "Asia/Jakarta")


def test_the_proposed_dates_leave_room_to_extend_once():
    campaign = make_campaign()
    last = make_batch(campaign=campaign, extension_days=10)
    owner, url = worker_of(campaign.seller), f"{ADD}?campaign={campaign.pk}"
    extended = {"minimum_units": 20, "minimum_rule": "extend", "extension_days": 10}

    response = owner.post(url, fields_of(owner.get(url)) | {"capacity": 50} | extended)

    batch = Batch.objects.get(capacity=50)
    assert (response.status_code, batch.minimum_rule) == (302, "extend")
    assert batch.opens_at == last.closes_at.replace(microsecond=0)


@pytest.mark.parametrize(
    ("zone", "now", "opens"),
    [
        # Half an hour beside everybody else.
        ("Asia/Kolkata", (2026, 11, 23, 10, 45), (2026, 11, 23, 11, 30)),
        # Full already: the next one.
        ("Asia/Jakarta", (2026, 11, 23, 10, 0), (2026, 11, 23, 11, 0)),
        # After 01:59 comes 03:00.
        ("Europe/Berlin", (2027, 3, 28, 0, 30), (2027, 3, 28, 1, 0)),
    ],
)
def test_proposed_opening_is_a_full_hour_on_the_sellers_wall(zone, now, opens):
    proposed = proposals.schedule(datetime(*now, tzinfo=UTC), zone)

    assert proposed["opens_at"] == datetime(*opens, tzinfo=UTC)


def test_add_form_is_filled_and_needs_a_capacity_only(monkeypatch):
    campaign = make_campaign(seller=make_seller(time_zone="Asia/Makassar"))
    make_batch(campaign=campaign, number=3)
    owner, url = worker_of(campaign.seller), f"{ADD}?campaign={campaign.pk}"
    now = datetime(2036, 11, 23, 10, 20, tzinfo=UTC)
    monkeypatch.setattr(proposals, "database_now", lambda: now)

    shown = fields_of(owner.get(url))
    response = owner.post(url, shown | {"capacity": 50})

    batch = Batch.objects.get(capacity=50)
    zone = ZoneInfo("Asia/Makassar")
    assert (shown["number"], shown["campaign"]) == ("4", str(campaign.pk))
    assert (shown["capacity"], shown["opens_at_1"]) == ("", "19:00:00")
    assert response.status_code == 302
    assert (batch.campaign, batch.number) == (campaign, 4)
    assert batch.opens_at == datetime(2036, 11, 23, 19, tzinfo=zone)
    assert batch.closes_at == datetime(2036, 12, 7, 21, tzinfo=zone)
    assert batch.production_starts_on == date(2036, 12, 15)
    assert batch.production_ends_on == date(2037, 1, 5)
    assert batch.ships_from == date(2037, 1, 8)
    assert batch.ships_until == date(2037, 1, 12)


def test_campaign_page_leads_to_the_filled_form(staff):
    campaign = make_campaign()

    page = text_of(staff.get(page_of(campaign)))

    assert f'href="{ADD}?campaign={campaign.pk}"' in page


def test_another_sellers_campaign_tells_nothing_of_itself():
    foreign = make_campaign(seller=make_seller(time_zone="Asia/Jayapura"))
    make_batch(campaign=foreign, number=41)
    owner = worker_of(make_seller(time_zone="Asia/Jakarta"))

    shown = fields_of(owner.get(f"{ADD}?campaign={foreign.pk}"))

    assert shown["number"] == ""
    assert shown["closes_at_1"] in ("21:00:00", "21.00.00")


@pytest.mark.parametrize("key", ["", "x", "9" * 30, "-1", "²"])
def test_nonsense_as_a_campaign_still_opens_the_form(staff, key):
    assert staff.get(ADD, {"campaign": key}).status_code == 200


# --- what is refused


def entered(**fields):
    return {
        "opens_at_0": "2036-03-01",
        "opens_at_1": "09:00",
        "closes_at_0": "2036-03-20",
        "closes_at_1": "21:00",
        "production_starts_on": "2036-03-21",
        "production_ends_on": "2036-04-10",
        "ships_from": "2036-04-12",
        "ships_until": "2036-04-16",
        "capacity": "50",
        "minimum_units": "",
    } | fields


REFUSED = [
    ({"closes_at_0": "2036-02-20"}, "closes_at", "It must close after it opens."),
    (
        {"production_starts_on": "2036-03-19"},
        "production_starts_on",
        "Production starts is before “closes”.",
    ),
    (
        {"ships_from": "2036-04-09"},
        "ships_from",
        "Ships from is before “production ends”.",
    ),
    (
        {"ships_until": "2036-04-11"},
        "ships_until",
        "Ships until is before “ships from”.",
    ),
    (
        {"capacity": "0"},
        "capacity",
        "Ensure this value is greater than or equal to 1.",
    ),
    (
        {"minimum_units": "51"},
        "minimum_units",
        "The minimum of 51 is above the capacity of 50.",
    ),
]


@pytest.mark.parametrize(("wrong", "field", "reason"), REFUSED)
def test_bad_input_is_refused_and_nothing_is_written(staff, wrong, field, reason):
    campaign = make_campaign()
    url = f"{ADD}?campaign={campaign.pk}"

    response = staff.post(url, fields_of(staff.get(url)) | entered(**wrong))

    assert errors_of(response)[field] == [reason]
    assert not Batch.objects.exists()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize(("wrong", "field", "reason"), REFUSED)
def test_bad_change_is_refused_and_nothing_is_written(staff, wrong, field, reason):
    batch = make_batch(stage=Stage.DRAFT)
    before = Batch.objects.values().get()
    shown = fields_of(staff.get(page_of(batch)))

    response = staff.post(page_of(batch), shown | entered(**wrong))

    assert errors_of(response)[field] == [reason]
    assert Batch.objects.values().get() == before
    assert not BatchEvent.objects.exists()


SKIPPED = (
    "On 28 March 2027 there is no 02:30 in Europe/Berlin: the clocks go forward then."
    " Choose an earlier or a later time."
)
REPEATED = (
    "On 25 October 2026 it is 02:30 twice in Europe/Berlin: the clocks go back then."
    " Choose an earlier or a later time."
)


@pytest.mark.parametrize(
    ("day", "reason"), [("2027-03-28", SKIPPED), ("2026-10-25", REPEATED)]
)
def test_time_that_clocks_skip_or_repeat_is_refused(day, reason):
    campaign = make_campaign(seller=make_seller(time_zone="Europe/Berlin"))
    owner, url = worker_of(campaign.seller), f"{ADD}?campaign={campaign.pk}"
    at_night = {"opens_at_0": day, "opens_at_1": "02:30"}

    response = owner.post(url, fields_of(owner.get(url)) | entered(**at_night))

    assert errors_of(response)["opens_at"] == [reason]
    assert not Batch.objects.exists()


def test_reopening_at_a_time_that_is_skipped_is_refused():
    campaign = make_campaign(seller=make_seller(time_zone="Europe/Berlin"))
    batch = make_batch(campaign=campaign, stage=Stage.CLOSED)
    owner = worker_of(campaign.seller)

    response = owner.post(page_of(batch, "reopen"), {"closes_at": "2027-03-28T02:30"})

    assert response.context["form"].errors == {"closes_at": [SKIPPED]}
    assert Batch.objects.get().stage == Stage.CLOSED


def test_help_tells_of_changing_clocks_where_they_change(staff):
    campaign = make_campaign(seller=make_seller(time_zone="Europe/Berlin"))
    warning = "A time that clocks skip or repeat when they change is not accepted."

    assert warning in text_of(worker_of(campaign.seller).get(ADD))
    assert warning not in text_of(staff.get(ADD))


ADD_CAMPAIGN = "/admin/campaigns/campaign/add/"


def test_what_publishing_needs_is_not_said_of_a_public_campaign(staff):
    campaign = make_ready()
    before = text_of(staff.get(page_of(campaign)))
    campaign.publish()
    Batch.objects.update(stage=Stage.PRODUCTION)

    after = text_of(staff.get(page_of(campaign)))

    assert "Before it can be published" in before
    assert "Before it can be published" not in after
    assert "Missing" not in after


def test_the_only_seller_one_works_for_is_chosen_already():
    seller, _other = make_seller(), make_seller()
    owner = worker_of(seller)

    pages = [ADD_CAMPAIGN, "/admin/campaigns/shippingoption/add/"]
    shown = [fields_of(owner.get(page))["seller"] for page in pages]

    assert shown == [str(seller.pk)] * 2


def test_with_several_sellers_none_is_chosen(staff):
    make_seller(), make_seller()

    assert fields_of(staff.get(ADD_CAMPAIGN))["seller"] == ""


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Kaos Batik", "kaos-batik"),
        ("Taken", "taken-2"),
        ("着物", "product-2666d1b9cf"),
    ],
)
def test_an_address_left_empty_is_made_from_the_title(title, slug):
    taken = make_campaign(slug="taken")
    owner = worker_of(taken.seller)

    response = owner.post(
        ADD_CAMPAIGN, fields_of(owner.get(ADD_CAMPAIGN)) | {"title": title}
    )

    assert response.status_code == 302
    assert Campaign.objects.get(title=title).slug == slug


def test_an_address_that_buyers_know_stays_when_it_is_emptied(staff):
    campaign = make_campaign(slug="kaos", title="Kaos")

    entered = {"slug": "", "title": "Jaket"}
    staff.post(page_of(campaign), fields_of(staff.get(page_of(campaign))) | entered)

    campaign.refresh_from_db()
    assert (campaign.slug, campaign.title) == ("kaos", "Jaket")


def test_a_campaign_without_a_title_gets_no_address(staff):
    seller = make_seller()

    entered = fields_of(staff.get(ADD_CAMPAIGN)) | {"seller": seller.pk}
    response = staff.post(ADD_CAMPAIGN, entered)

    assert list(errors_of(response)) == ["title"]
    assert not Campaign.objects.exists()


def test_title_comes_before_address_and_options_show_their_form(staff):
    page = text_of(staff.get(ADD_CAMPAIGN))

    assert page.index('name="title"') < page.index('name="slug"')
    assert page.count('placeholder="Size: L, Color: Indigo"') == 2


def test_opening_tells_every_cap_and_that_nobody_sees_the_campaign(staff):
    campaign = make_campaign(published_at=None)
    make_variant(campaign=campaign, options={"Size": "L"})
    batch = make_batch(
        campaign=campaign,
        stage=Stage.DRAFT,
        capacity=5,
        order_capacity=3,
        goods_capacity=900_000,
    )
    Allotment.objects.update(capacity=9)

    facts = staff.get(page_of(batch, "open")).context["facts"]

    told_of = {str(name): str(value) for name, value in facts}
    assert told_of["campaign"] == "not public: nobody can order before it is"
    assert told_of["capacity in orders"] == "3"
    assert told_of["capacity in money"] == "Rp\xa0900.000"
    assert told_of["Variants"] == ("L: 9 – more than the batch has; it sells 5 at most")


def test_opening_a_public_campaign_tells_only_the_caps_it_has(staff):
    batch = make_batch(stage=Stage.DRAFT)

    facts = staff.get(page_of(batch, "open")).context["facts"]

    names = [str(name) for name, _value in facts]
    assert names[:2] == ["Capacity", "Minimum"]


def test_a_variant_given_more_than_its_batch_has_is_saved_with_a_note(staff):
    batch = make_batch(
        campaign=make_variant(options={"Size": "L"}).campaign, capacity=5
    )
    shown = fields_of(staff.get(page_of(batch)))

    entered = {"allotments-0-capacity": 9}
    saved = staff.post(page_of(batch), shown | entered, follow=True)
    fits = staff.post(
        page_of(batch),
        fields_of(staff.get(page_of(batch))) | {"allotments-0-capacity": 5},
        follow=True,
    )

    note = "L: 9 – more than the batch has; it sells 5 at most."
    assert note in text_of(saved)
    assert note not in text_of(fits)
    assert "more than the batch has" not in text_of(fits)
    assert Allotment.objects.get().capacity == 5


def test_the_two_dates_that_buyers_read_are_named_and_stand_last(staff):
    page = text_of(staff.get(page_of(make_batch(stage=Stage.DRAFT))))

    assert "Buyers read that it ships between “ships from” and “ships until”." in page
    assert page.index("Addresses lock") < page.index('name="ships_from"')


def test_the_number_is_explained_only_where_none_is_filled_in(staff):
    campaign, words = make_campaign(), "Left empty, it is the next one."

    empty = text_of(staff.get(ADD))
    filled = text_of(staff.get(f"{ADD}?campaign={campaign.pk}"))

    assert (words in empty, words in filled) == (True, False)
