"""The seller announces the lock; buyers are told once, and reminded until they look."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone, translation

from campaigns import dates
from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.errors import BatchNotReady, InvalidTransition
from campaigns.models import Batch, BatchEvent
from campaigns.models.address_lock import LOCK_ANNOUNCED
from orders.addresses import changes as address_changes
from orders.addresses import news as address_news
from orders.models import Message, Order
from orders.reminders import ladders
from orders.reminders.ladders import Kind
from tests.concurrency.racing import assert_invariants
from tests.drafts import make_offer, place_order, place_paid
from tests.fulfillment.goods import in_production, ship
from tests.orders.test_pages import text_of

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def announce(batch, **ahead):
    moment = (database_now() + timedelta(**ahead)).replace(second=0, microsecond=0)
    Batch.objects.get(pk=batch.pk).announce_address_lock(moment, actor=SYSTEM)
    return moment


def announced(orders=1, **ahead):
    batch = make_offer(capacity=100)
    placed = [place_paid(batch) for _n in range(orders)]
    announce(batch, **ahead or {"days": 30})
    return batch, placed


def announced_ago(days):
    """As if it had been announced, and told, so long ago."""
    past = database_now() - days * DAY
    rows = BatchEvent.objects.filter(kind=LOCK_ANNOUNCED)
    super(type(rows), rows).update(at=past)
    Order.objects.update(placed_at=past - DAY, confirmed_at=past - DAY)
    Message.objects.update(created_at=past)


def keys_of(order):
    mails = order.messages.filter(kind="address_lock").order_by("pk")
    return [key.split(":", 2)[2] for key in mails.values_list("dedupe_key", flat=True)]


# --- announced


def test_an_announcement_is_audited_with_the_one_before():
    batch, _orders = announced(days=3)
    first = Batch.objects.get().addresses_lock_at

    second = announce(batch, days=5)

    noted = batch.events.filter(kind=LOCK_ANNOUNCED).order_by("pk")
    assert [event.data for event in noted] == [
        {"from": None, "to": first.isoformat()},
        {"from": first.isoformat(), "to": second.isoformat()},
    ]
    assert Batch.objects.get().addresses_lock_at == second


def test_the_same_moment_again_is_no_news():
    batch, _orders = announced(days=3)

    Batch.objects.get().announce_address_lock(
        Batch.objects.get().addresses_lock_at, actor=SYSTEM
    )

    assert batch.events.filter(kind=LOCK_ANNOUNCED).count() == 1


def test_less_than_two_days_notice_is_refused():
    batch = make_offer()

    with pytest.raises(BatchNotReady):
        announce(batch, hours=47, minutes=59)

    assert Batch.objects.get().addresses_lock_at is None
    assert not batch.events.exists()


@pytest.mark.parametrize("stage", ["draft", "completed", "canceled"])
def test_a_batch_that_ships_nothing_announces_nothing(stage):
    batch = make_offer()
    Batch.objects.update(stage=stage)

    with pytest.raises(InvalidTransition):
        announce(batch, days=3)


# --- the step of the staff


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("admin"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def step(batch):
    return reverse("admin:campaigns_batch_lock-addresses", args=[batch.pk])


@pytest.mark.once
def test_the_step_reads_the_sellers_clock(staff):
    batch = make_offer()
    batch.campaign.seller.time_zone = "Asia/Jayapura"
    batch.campaign.seller.save()
    day = timezone.localdate() + 5 * DAY

    page = staff.get(step(batch))
    answer = staff.post(step(batch), {"lock_at": f"{day}T21:00"})

    assert "Time in WIT." in text_of(page)
    assert "Orders to ship 0 Of them without an e-mail 0" in text_of(page)
    assert answer.status_code == 302
    expected = datetime(day.year, day.month, day.day, 21, tzinfo=ZoneInfo("Etc/GMT-9"))
    assert Batch.objects.get().addresses_lock_at == expected


@pytest.mark.once
@pytest.mark.parametrize(
    ("zone", "typed", "words"),
    [
        ("Asia/Jakarta", "", "This field is required."),
        ("Asia/Jakarta", "soon", "Enter a valid date/time."),
        ("Asia/Jakarta", "2020-01-01T10:00", "at least 48 hours from now"),
        ("Europe/Berlin", "2099-03-29T02:30", "there is no 02:30 in Europe/Berlin"),
        ("Europe/Berlin", "2099-10-25T02:30", "it is 02:30 twice in Europe/Berlin"),
    ],
    ids=["empty", "no date", "past", "skipped", "repeated"],
)
def test_a_moment_that_is_none_is_refused(staff, zone, typed, words):
    batch = make_offer()
    batch.campaign.seller.time_zone = zone
    batch.campaign.seller.save()

    answer = staff.post(step(batch), {"lock_at": typed})

    assert answer.status_code == 409
    assert words in text_of(answer)
    assert not batch.events.exists()


@pytest.mark.once
def test_no_form_just_sets_it(staff):
    batch = make_offer()

    page = staff.get(reverse("admin:campaigns_batch_change", args=[batch.pk]))

    assert 'name="addresses_lock_at' not in page.content.decode()
    assert "lock-addresses/" in page.content.decode()


# --- told


def test_every_unpacked_order_is_told_once():
    batch, orders = announced(orders=2, days=3)

    assert [address_news.tell_of_locks(), address_news.tell_of_locks()] == [2, 0]

    moment = Batch.objects.get().addresses_lock_at
    for order in orders:
        assert keys_of(order) == [f"{moment:%Y%m%d%H%M}"]
    mail = orders[0].messages.get(kind="address_lock")
    assert mail.priority == Message.Priority.BULK
    assert batch.pk == orders[0].batch_id
    assert_invariants()


def test_the_mail_says_until_when_and_shows_the_address():
    _batch, [order] = announced(days=3)
    Order.objects.update(locale="en")

    address_news.tell_of_locks()

    moment = Batch.objects.get().addresses_lock_at
    mail = order.messages.get(kind="address_lock")
    state, when, link, address = mail.text.split("\n\n")[:4]
    with timezone.override("Asia/Jakarta"), translation.override("en"):
        told, short = dates.moment(moment), dates.moment_short(moment)
    assert mail.subject == f"Address locks {short} – {order.number}"
    assert state == "The addresses of batch 1 will be locked. Is yours right?"
    assert when == (
        f"You can change it until {told}. After that your order ships to the address as"
        " it stands then."
    )
    assert link == f"http://127.0.0.1:8000/o/{order.token}/address/"
    assert address.startswith(f"Ships to: {order.name}, {order.phone}\nJalan Braga 1\n")
    assert "/reminders/" not in mail.text


def test_a_later_announcement_replaces_what_was_not_sent():
    batch, [order] = announced(days=3)
    address_news.tell_of_locks()

    announce(batch, days=5)

    assert address_news.tell_of_locks() == 1
    mails = order.messages.filter(kind="address_lock").order_by("pk")
    assert list(mails.values_list("state", flat=True)) == ["aborted", "queued"]


def test_only_orders_that_wait_for_shipping_since_before_are_told():
    batch = make_offer(capacity=100)
    place_order(batch)
    announce(batch, days=3)
    place_paid(batch)

    assert address_news.tell_of_locks() == 0


def test_who_pays_after_the_announcement_is_told_then():
    batch = make_offer(capacity=100)
    order = place_order(batch)
    announce(batch, days=3)
    Order.objects.filter(pk=order.pk).update(
        status="confirmed", confirmed_at=database_now()
    )

    assert address_news.tell_of_locks() == 1


def test_shipped_orders_and_locks_that_passed_are_no_news():
    batch, [shipped, waiting] = in_production([1], [1])
    announce(batch, days=3)
    ship(shipped)
    assert address_news.tell_of_locks() == 1
    assert waiting.messages.filter(kind="address_lock").exists()

    Message.objects.filter(kind="address_lock").delete()
    Batch.objects.update(addresses_lock_at=database_now())

    assert address_news.tell_of_locks() == 0


# --- reminded


def test_who_did_not_look_is_reminded_on_the_rungs():
    _batch, [order] = announced()
    address_news.tell_of_locks()
    [key] = keys_of(order)

    told = []
    for days in (0.9, 1.1, 3.1, 3.2, 8):
        announced_ago(days)
        told.append(address_news.remind_of_addresses())

    assert told == [0, 1, 1, 0, 1]
    assert keys_of(order) == [key, *(f"{key}-day-{n}" for n in (1, 3, 7))]


@pytest.mark.parametrize("said", ["confirmed", "changed", "stopped", "locked"])
def test_it_ends_when_it_is_settled_or_stopped(said):
    batch, [order] = announced()
    announced_ago(1.1)
    columns = {name: getattr(order, name) for name in address_changes.COLUMNS}
    address = columns | {"landmark": "Rumah biru"}

    if said == "confirmed":
        address_changes.confirm(order.pk)
    elif said == "changed":
        address_changes.change(order.pk, address=address)
    elif said == "stopped":
        ladders.turn(order.pk, Kind.ADDRESS, stop=True)
    else:
        Batch.objects.filter(pk=batch.pk).update(addresses_lock_at=database_now())

    assert address_news.remind_of_addresses() == 0
    assert keys_of(order) == []


def test_what_waits_is_taken_back_when_the_address_is_confirmed():
    _batch, [order] = announced()
    address_news.tell_of_locks()
    announced_ago(1.1)
    address_news.remind_of_addresses()

    address_changes.confirm(order.pk)

    mails = order.messages.filter(kind="address_lock").order_by("pk")
    assert list(mails.values_list("state", flat=True)) == ["queued", "aborted"]


def test_who_confirmed_is_not_asked_again_for_a_later_moment():
    batch, [order] = announced(days=3)
    address_changes.confirm(order.pk)
    announce(batch, days=30)
    announced_ago(1.1)

    assert address_news.tell_of_locks() == 1
    assert address_news.remind_of_addresses() == 0
