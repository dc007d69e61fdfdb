"""Sellers announce new dates, see the answers coming in, and ask by hand."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from campaigns.clock import Clock
from campaigns.models import Batch, ScheduleChange, Seller
from orders.decisions import settling
from orders.models import Decision, Message, Order
from tests.config.admin_world import hire
from tests.drafts import make_offer, place_order, place_paid, rows_of_orders
from tests.orders.delaying import (
    CANCEL,
    WAIT,
    answer,
    delay,
    later,
    make_staff,
    question_of,
)
from tests.orders.test_pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def staff(client):
    client.force_login(make_staff())
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    with translation.override("en"):
        yield client


def step(batch):
    return reverse("admin:campaigns_batch_schedule", args=[batch.pk])


def entered(batch, days=14, **fields):
    window = later(batch, days)
    days_ = {"ships_from": window.ships_from, "ships_until": window.ships_until}
    return days_ | {"reason": "The dye house is late."} | fields


def everything():
    changes = list(ScheduleChange.objects.values())
    return rows_of_orders() | {"ScheduleChange": changes}


def test_the_three_fields_alone_announce_it(staff):
    batch = make_offer()
    place_paid(batch)

    response = staff.post(step(batch), entered(batch))

    change = ScheduleChange.objects.get()
    stored = Batch.objects.get()
    assert response.status_code == 302
    assert (change.version, stored.schedule_version) == (2, 2)
    assert (change.actor, change.user.username) == ("staff", "admin")
    assert stored.ships_until == batch.ships_until + timedelta(days=14)


def test_the_preview_counts_and_shows_the_mail_and_changes_nothing(staff):
    batch = make_offer()
    orders = [place_paid(batch) for _n in range(3)]
    place_order(batch)
    Order.objects.filter(pk=orders[0].pk).update(email="", source="chat")
    before = everything()

    response = staff.post(step(batch), entered(batch, 31, preview="Preview"))

    text = text_of(response)
    assert response.status_code == 200
    assert "without an answer they wait 0" in text
    assert "without an answer they are canceled and refunded 4" in text
    assert "Without e-mail: to be asked by hand 1" in text
    assert "Not paid yet, among all of these 1" in text
    assert text.count("/decision/0/") == 2
    assert "The dye house is late." in text
    assert 'value="Announce new dates"' in response.content.decode()
    assert everything() == before


def test_the_first_page_leads_to_the_preview(staff):
    batch = make_offer()

    html = staff.get(step(batch)).content.decode()

    assert 'name="preview"' in html
    assert 'value="Announce new dates"' not in html


def moment(**after):
    return timezone.localtime(timezone.now() + timedelta(**after)).strftime(
        "%Y-%m-%dT%H:%M"
    )


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"ships_from": ""}, "Enter both days, or say that no date is known yet."),
        ({"ships_until": "2027-02-30"}, "Enter a valid date."),
        ({"ships_until": "2020-01-01"}, "The last day is before the first."),
        (
            {"ships_from": "2020-01-01", "ships_until": "2020-01-02"},
            "Choose days from",
        ),
        ({"reason": ""}, "This field is required."),
        ({"reason": "x" * 1001}, "at most 1000 characters"),
        ({"reason": "late \u202e"}, "The reason has characters that cannot be seen."),
        ({"reason": "late\x00"}, "Null characters are not allowed."),
        ({"unknown": "on"}, "It takes orders, and nobody can order what has no date."),
        ({"answer_by": "soon"}, "Enter a valid date/time."),
        ({"answer_by": moment(hours=5)}, "Give buyers two days to answer"),
        ({"answer_by": moment(days=200)}, "Let buyers answer by"),
    ],
)
def test_what_cannot_be_announced_is_refused_in_words(staff, fields, words):
    batch = make_offer()
    place_paid(batch)
    before = everything()

    for way in ({}, {"preview": "Preview"}):
        response = staff.post(step(batch), entered(batch) | fields | way)

        assert response.status_code == 409
        assert words in text_of(response)
    assert everything() == before


def test_an_hour_that_clocks_skip_is_refused_in_words(staff, client):
    batch = make_offer()
    seller = batch.campaign.seller
    Seller.objects.update(time_zone="Europe/Berlin")
    client.force_login(hire(seller, "owner"))

    response = client.post(step(batch), entered(batch, answer_by="2027-03-28T02:30"))

    assert response.status_code == 409
    assert "the clocks go forward then" in text_of(response)
    assert not ScheduleChange.objects.exists()


def test_a_stranger_announces_nothing(client):
    batch = make_offer()
    client.force_login(hire(make_offer().campaign.seller, "owner"))

    response = client.post(step(batch), entered(batch))

    assert response.status_code in (302, 403, 404)
    assert not ScheduleChange.objects.exists()


def test_the_form_of_the_batch_cannot_change_what_was_promised(staff):
    batch = make_offer()
    page = reverse("admin:campaigns_batch_change", args=[batch.pk])

    html = staff.get(page).content.decode()

    assert 'name="ships_from"' not in html
    assert 'name="ships_until"' not in html


def test_the_batch_page_counts_answers_and_each_figure_leads_to_its_orders(staff):
    batch = make_offer()
    waits, cancels, silent, unmailed = [place_paid(batch) for _n in range(4)]
    Order.objects.filter(pk=unmailed.pk).update(email="", source="chat")
    change = delay(batch)
    answer(waits, WAIT)
    answer(cancels, CANCEL)
    page = reverse("admin:campaigns_batch_change", args=[batch.pk])
    orders = reverse("admin:orders_order_changelist")

    html = staff.get(page).content.decode()

    expected = {"asked": 4, "open": 2, "wait": 1, "cancel": 1, "lapsed": 0}
    for name, count in (expected | {"by_hand": 1}).items():
        assert f'<a href="{orders}?delay={name}-{change.pk}">{count}</a>' in html
        found = staff.get(f"{orders}?delay={name}-{change.pk}")
        assert found.context["cl"].queryset.count() == count
    assert silent.number in staff.get(f"{orders}?delay=open").content.decode()
    for nonsense in ("x", "open-x", "open-99999999999999999999999", "-"):
        found = staff.get(orders, {"delay": nonsense})
        assert found.context["cl"].queryset.count() == 0


def test_questions_that_a_newer_date_replaced_stay_counted(staff):
    batch = make_offer()
    waits, *silent = [place_paid(batch) for _n in range(3)]
    packed = place_paid(batch)
    first = delay(batch)
    answer(waits, WAIT)
    Order.objects.filter(pk=packed.pk).update(packed_at=Clock())
    settling.withdraw_pointless()
    second = delay(batch)
    page = reverse("admin:campaigns_batch_change", args=[batch.pk])
    orders = reverse("admin:orders_order_changelist")

    html = staff.get(page).content.decode()

    none = dict.fromkeys(("open", "wait", "cancel", "lapsed", "replaced", "over"), 0)
    expected = {
        first: none | {"asked": 4, "wait": 1, "replaced": 2, "over": 1},
        second: none | {"asked": 3, "open": 3},
    }
    for change, figures in expected.items():
        for name, count in figures.items():
            assert f'?delay={name}-{change.pk}">{count}</a>' in html
            found = staff.get(f"{orders}?delay={name}-{change.pk}")
            assert found.context["cl"].queryset.count() == count
    assert len(silent) == 2


def test_who_has_no_address_is_asked_by_whatsapp_and_the_answer_is_noted(staff):
    batch = make_offer()
    order = place_paid(batch)
    Order.objects.update(email="", source="chat", locale="en")
    delay(batch, 60)
    page = reverse("admin:orders_order_change", args=[order.pk])

    before = staff.get(page)
    noted = staff.post(
        reverse("admin:orders_order_delay-answer", args=[order.pk]),
        {"answer": "cancel"},
    )

    html = before.content.decode()
    path = f"%2Fo%2F{order.token}%2Fdecision%2F{question_of(order).pk}%2F"
    assert f"https://wa.me/{order.phone.lstrip('+')}?text=" in html
    assert path.lower() in html.lower() or path.replace("%2F", "/") in html
    assert "it must be asked by hand" in text_of(before)
    assert noted.status_code == 302
    assert Order.objects.get().status == "canceled"
    event = order.events.get(kind="delay_declined")
    assert (event.actor, event.user.username) == ("staff", "admin")
    assert Decision.objects.get().answer == CANCEL


def test_the_desk_tells_whom_no_mail_reaches(staff):
    batch = make_offer()
    place_paid(batch)
    delay(batch)
    Message.objects.filter(kind="schedule_change").update(state="failed")
    Message.objects.filter(kind="schedule_change").update(sent_at=None)

    text = text_of(staff.get(reverse("admin:index")))

    assert "Delay to ask by hand" in text
