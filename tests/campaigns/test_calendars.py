"""The schedule as a calendar file: parsed back, it says what the page says."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from icalendar import Calendar

from campaigns.actors import SYSTEM
from campaigns.models import Batch
from campaigns.text.typed_text import one_line, plain
from orders import lifecycle
from orders.models import Order
from tests.announced import UNKNOWN, announce
from tests.drafts import place_paid
from tests.factories import (
    make_batch,
    make_campaign,
    make_order,
    make_seller,
    make_shop,
)
from tests.orders import moving

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LEAP_DAY = (date(2028, 2, 28), date(2028, 2, 29))
NEW_YEAR = (date(2028, 12, 30), date(2028, 12, 31))


@pytest.fixture
def batch():
    return make_shop(
        campaign=make_campaign(
            slug="kaos",
            title="Kaos; biru,\nputih \\ \u202emerah\u0007",
            seller=make_seller(time_zone="Asia/Jayapura"),
        ),
        opens_at=datetime(2026, 11, 1, 2, 30, tzinfo=UTC),
        closes_at=datetime(2027, 12, 31, 17, 0, tzinfo=UTC),
        ships_from=LEAP_DAY[0],
        ships_until=LEAP_DAY[1],
    )


def file_of(client, address="/id/c/kaos/schedule.ics"):
    response = client.get(address)
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    return response


def events_of(client, *address):
    found = Calendar.from_ical(file_of(client, *address).content).walk("VEVENT")
    return {
        str(event["uid"]).split("@")[0].rpartition("-")[2]: event for event in found
    }


def told(event):
    end = event.get("dtend")
    return (
        event["dtstart"].dt,
        end and end.dt,
        str(event["status"]),
        event["sequence"],
    )


def test_moments_are_in_utc_and_days_end_before_the_next(client, batch):
    events = events_of(client)

    assert told(events["opens"]) == (batch.opens_at, None, "CONFIRMED", 0)
    assert told(events["closes"]) == (batch.closes_at, None, "CONFIRMED", 0)
    leap = (date(2028, 2, 28), date(2028, 3, 1), "TENTATIVE", 1)
    assert told(events["ships"]) == leap


def test_the_file_is_as_the_standard_wants_it(client, batch):
    body = file_of(client).content

    lines = body.decode().split("\r\n")
    assert lines.pop() == ""
    assert all("\n" not in line for line in lines)
    assert max(len(line.encode()) for line in lines) <= 75
    assert lines.count("DTSTART;VALUE=DATE:20280228") == 1
    assert lines.count("REFRESH-INTERVAL;VALUE=DURATION:PT6H") == 1
    assert all("DTSTAMP" in part for part in body.decode().split("BEGIN:VEVENT")[1:])


def test_a_title_cannot_break_out_of_its_line(client, batch):
    body = file_of(client, "/en/c/kaos/schedule.ics").content.decode()
    [summary] = [
        str(e["summary"])
        for e in events_of(client, "/en/c/kaos/schedule.ics").values()
        if "ships" in str(e["summary"])
    ]

    assert summary == "Kaos; biru, putih \\ merah, batch 1 ships (estimated)"
    assert "\u202e" not in body
    assert "\u0007" not in body


def test_a_moved_window_keeps_its_event_and_counts_up(client, batch):
    before = events_of(client)["ships"]
    announce(batch, NEW_YEAR, at=datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC))

    after = events_of(client)["ships"]

    assert after["uid"] == before["uid"]
    new_year = (date(2028, 12, 30), date(2029, 1, 1), "TENTATIVE", 2)
    assert told(after) == new_year
    assert after["dtstamp"].dt == datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_an_unknown_window_takes_the_earlier_days_off_the_calendar(client, batch):
    announce(batch, UNKNOWN)
    first = told(events_of(client)["ships"])
    announce(batch, UNKNOWN)
    second = told(events_of(client)["ships"])

    leap = (date(2028, 2, 28), date(2028, 3, 1), "CANCELLED")
    assert first == (*leap, 2)
    assert second == (*leap, 3)


def test_a_batch_that_never_had_a_window_has_no_event_of_it(client, batch):
    Batch.objects.update(ships_from=None, ships_until=None)

    assert set(events_of(client)) == {"opens", "closes"}


def test_a_canceled_batch_is_canceled_in_calendars(client, batch):
    batch.cancel(actor=SYSTEM)

    statuses = {str(event["status"]) for event in events_of(client).values()}
    assert statuses == {"CANCELLED"}


def test_a_closing_that_moves_counts_up(client, batch):
    later = batch.closes_at - timedelta(days=1)
    before = told(events_of(client)["closes"])[3]
    batch.change_cut_off(later, actor=SYSTEM)

    assert told(events_of(client)["closes"]) == (later, None, "CONFIRMED", before + 1)


def test_any_cache_may_keep_the_public_file(client, batch):
    client.cookies["sessionid"] = "k" * 32
    response = file_of(client)

    assert response["Cache-Control"] == "public, max-age=1"
    assert not response.cookies
    assert "Cookie" not in response.get("Vary", "")


def test_drafts_and_strangers_have_no_calendar(client, batch):
    draft = make_shop(stage=Batch.Stage.DRAFT)
    hidden = make_shop(campaign=make_campaign(published_at=None))

    for slug in (draft.campaign.slug, hidden.campaign.slug, "nothing"):
        assert client.get(f"/id/c/{slug}/schedule.ics").status_code == 404


def test_any_number_of_batches_takes_two_queries(
    client, batch, django_assert_num_queries
):
    for _n in range(3):
        make_batch(campaign=batch.campaign)

    with django_assert_num_queries(2):
        file_of(client)


# Of an order


def of_order(order):
    return f"/o/{order.token}/schedule.ics"


def test_an_unpaid_order_has_its_deadline_its_close_and_its_window(client, batch):
    order = make_order(batch=batch)

    events = events_of(client, of_order(order))

    assert events["pay"]["dtstart"].dt == order.expires_at.replace(microsecond=0)
    assert str(events["pay"]["status"]) == "CONFIRMED"
    assert events["closes"]["dtstart"].dt == batch.closes_at
    assert told(events["ships"])[1:3] == (date(2028, 3, 1), "TENTATIVE")
    assert str(events["ships"]["uid"]).startswith(f"order-{order.number}-")
    assert order.get_absolute_url() in str(events["pay"]["url"])


@pytest.mark.parametrize(
    ("status", "pay", "ships"),
    [
        ("confirmed", "CANCELLED", "TENTATIVE"),
        ("fulfilled", "CANCELLED", "CONFIRMED"),
        ("canceled", "CANCELLED", "CANCELLED"),
        ("expired", "CANCELLED", "CANCELLED"),
    ],
)
def test_what_no_longer_waits_is_taken_off(client, batch, status, pay, ships):
    order = make_order(batch=batch)
    Order.objects.update(status=status, fulfilled_at=timezone.now())

    events = events_of(client, of_order(order))

    assert [str(events[name]["status"]) for name in ("pay", "ships")] == [pay, ships]


def test_more_time_to_pay_moves_the_deadline_and_less_does_too(client, batch):
    order = make_order(batch=batch)
    before = events_of(client, of_order(order))["pay"]

    sequences, starts = [before["sequence"]], [before["dtstart"].dt]
    for step in (lifecycle.extend_hold, lifecycle.end_hold):
        with transaction.atomic():
            step(lifecycle.locked(order.pk), actor=SYSTEM)
        after = events_of(client, of_order(order))["pay"]
        assert after["uid"] == before["uid"]
        sequences.append(after["sequence"])
        starts.append(after["dtstart"].dt)

    assert sequences == [before["sequence"] + n for n in range(3)]
    assert starts[1] > starts[0] > starts[2]


def test_another_batch_moves_the_events_it_does_not_add_to_them(client):
    origin, target = moving.two_batches()
    order = place_paid(origin)
    before = events_of(client, of_order(order))

    moving.answer(moving.ask(order, target))

    after = events_of(client, of_order(order))
    assert [after[name]["uid"] for name in after] == [e["uid"] for e in before.values()]
    assert after["ships"]["dtstart"].dt == target.ships_from
    assert "kloter 2" in str(after["ships"]["summary"])
    for name in ("closes", "ships"):
        assert after[name]["sequence"] > before[name]["sequence"]
        assert after[name]["dtstamp"].dt >= before[name]["dtstamp"].dt


def test_a_batch_with_less_history_counts_up_all_the_same(client):
    origin, target = moving.two_batches()
    order = place_paid(origin)
    for _n in range(5):
        origin.record("closes", actor=SYSTEM, data={})
    before = events_of(client, of_order(order))["ships"]["sequence"]

    moving.answer(moving.ask(order, target))

    # Asked and moved; the history of both batches counts.
    after = events_of(client, of_order(order))["ships"]["sequence"]
    assert after == before + 2
    origin.record("closes", actor=SYSTEM, data={})
    assert events_of(client, of_order(order))["ships"]["sequence"] == after + 1


def test_what_ends_an_order_counts_up(client, batch):
    order = make_order(batch=batch)
    before = events_of(client, of_order(order))["ships"]["sequence"]

    order.move_to(Order.Status.CANCELED, actor=SYSTEM)

    event = events_of(client, of_order(order))["ships"]
    assert (str(event["status"]), event["sequence"]) == ("CANCELLED", before + 1)


def test_the_file_of_an_order_is_private(client, batch):
    order = make_order(batch=batch, locale="id")

    response = file_of(client, of_order(order))

    assert "private" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex, nofollow"
    assert client.get("/o/nonsense/schedule.ics").status_code == 404
    assert client.post(of_order(order)).status_code == 405


def test_both_pages_lead_to_their_file(client, batch):
    order = make_order(batch=batch)

    campaign = client.get("/id/c/kaos/").content.decode()
    status = client.get(order.get_absolute_url()).content.decode()

    assert 'href="/id/c/kaos/schedule.ics"' in campaign
    assert f'href="{of_order(order)}"' in status


# Plain text


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  a\r\nb\rc ", "a\nb\nc"),
        ("a\u202eb\u2066c\u200fd", "abcd"),
        ("a\x00\x1b[31mb\tc", "a[31mb c"),
        ("👨‍👩‍👧 é – “ü”", "👨‍👩‍👧 é – “ü”"),
        ("<b>&amp;</b> javascript:x", "<b>&amp;</b> javascript:x"),
    ],
)
def test_text_keeps_what_is_seen(typed, kept):
    assert plain(typed) == kept
    assert one_line(typed) == kept.replace("\n", " ")
