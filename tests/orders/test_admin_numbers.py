"""The page of a batch's numbers: who reads it, what it links to, how it stays live."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Allotment, Batch, Membership
from orders.models import Order
from tests.drafts import make_offer, place_order, place_paid
from tests.factories import make_seller, make_variant
from tests.orders.test_numbers import cancel, make_lively_batch, wait

pytestmark = [pytest.mark.django_db, pytest.mark.once]

QUERIES = 12


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("admin"))
    return client


def url_of(batch):
    return reverse("admin:campaigns_batch_numbers", args=[batch.pk])


def page_of(client, batch):
    return client.get(url_of(batch), headers={"accept-language": "en"})


def figures_of(page):
    return {f.label: f for card in page.context["cards"] for f in card.figures}


def units_listed(client, url):
    return client.get(url).context["cl"].units()


def hire(client, batch, role):
    user = User.objects.create_user(role, is_staff=True)
    seller = batch.campaign.seller
    Membership.objects.create(seller=seller, user=user, role=role)
    client.force_login(user)
    return client


def table_of(page):
    return [row for _span, row in page.context["chart"].rows]


# --- numbers and their lists


def test_numbers_add_up_to_the_lists_they_link_to(staff):
    batch = make_lively_batch()
    Batch.objects.filter(pk=batch.pk).update(minimum_units=20, order_capacity=50)

    figures = figures_of(page_of(staff, batch))

    linked = {label: figure for label, figure in figures.items() if figure.url}
    orders = linked.pop("Orders")
    assert staff.get(orders.url).context["cl"].result_count == orders.value == 3
    waiting = linked.pop("Units wanted")
    places = staff.get(waiting.url).context["cl"].result_list
    assert sum(place.quantity for place in places) == waiting.value
    assert linked.keys() == {
        "Taken",
        "Paid for",
        "Held unpaid, may come back",
        "Paid for so far",
    }
    for figure in linked.values():
        assert units_listed(staff, figure.url) == figure.value, figure.label


def test_totals_of_the_table_link_to_the_same_lists(staff):
    batch = make_lively_batch()

    context = page_of(staff, batch).context

    units = context["numbers"].units
    assert units_listed(staff, context["taken_url"]) == units.taken == batch.taken
    assert units_listed(staff, context["paid_url"]) == units.paid
    assert units_listed(staff, context["held_url"]) == units.held


def test_last_row_of_the_past_is_what_is_taken_now(staff):
    batch = make_lively_batch()

    page = page_of(staff, batch)

    rows = table_of(page)
    assert rows[-1].taken == batch.taken == 11
    assert sum(row.came for row in rows) == 23
    assert sum(row.went for row in rows) == 12
    assert rows[-1].capacity == batch.capacity


def test_caps_minimum_and_waiting_list_are_told_in_words(staff):
    batch = make_offer(
        capacity=20, minimum_units=5, order_capacity=9, goods_capacity=3_000_000
    )
    place_paid(batch, units=[2])
    wait(batch, quantity=3)

    figures = figures_of(page_of(staff, batch))

    told = {label: (str(f.value), f.note) for label, f in figures.items()}
    assert told["Orders"] == ("1", "of 9")
    assert told["Value of goods"] == ("Rp\xa0300.000", "of Rp\xa03.000.000")
    assert told["Paid for so far"] == ("2", "of 5")
    assert told["Still missing"] == ("3", "")
    assert told["People"] == ("1", "")
    assert told["At the prices of today"] == ("Rp\xa0450.000", "")


def test_a_cap_that_units_do_not_show_is_named_beside_what_is_left(staff):
    batch = make_offer(capacity=20, order_capacity=1)
    place_paid(batch, units=[2])

    page = page_of(staff, batch)

    left = figures_of(page)["Left for the public"]
    assert (left.value, left.note) == (0, "the batch takes no more orders")
    assert page.context["summary"].endswith(
        "0 on the waiting list. This batch takes a limited number of orders."
    )


def test_a_list_that_grows_leads_to_another_batch(client):
    batch = make_offer(capacity=2)
    place_paid(batch, units=[2])
    hire(client, batch, "owner")
    another = f"/admin/campaigns/batch/add/?campaign={batch.campaign_id}"
    quiet = page_of(client, batch).content.decode()
    wait(batch, quantity=3)

    html = page_of(client, batch).content.decode()

    assert another not in quiet
    assert f'<a class="button" href="{another}">Open another batch</a>' in html
    form = client.get(another).context["adminform"].form
    assert (form.initial["campaign"], form.initial["number"]) == (
        str(batch.campaign_id),
        2,
    )


def test_who_may_add_no_batch_is_not_led_there(client):
    batch = make_offer(capacity=2)
    place_paid(batch, units=[2])
    wait(batch)
    hire(client, batch, "packer")

    page = page_of(client, batch)

    assert page.status_code == 200
    assert "batch/add/" not in page.content.decode()


def test_page_costs_the_same_for_any_number_of_variants_and_orders(
    staff, django_assert_num_queries
):
    batch = make_offer(capacity=40)
    place_order(batch)
    with django_assert_num_queries(QUERIES):
        page_of(staff, batch)
    for _n in range(3):
        make_variant(campaign=batch.campaign, price=150_000)
        place_paid(batch)
    batch.complete_allotments()
    batch.change_capacity(50, actor=SYSTEM)
    wait(batch)

    with django_assert_num_queries(QUERIES):
        page_of(staff, batch)


# --- every kind of batch


@pytest.mark.parametrize(
    "columns",
    [
        {"stage": "draft", "opens_at": None, "closes_at": None},
        {"stage": "open"},
        {"stage": "canceled"},
    ],
)
def test_batch_nobody_ordered_from_has_no_chart(staff, columns):
    page = page_of(staff, make_offer(**columns))

    assert page.status_code == 200
    assert page.context["chart"] is None
    assert "the chart begins with the first order" in page.content.decode()


def test_first_order_draws_a_chart(staff):
    batch = make_offer()
    place_order(batch)

    page = page_of(staff, batch)

    assert table_of(page)[-1].taken == 1
    assert page.content.decode().count('role="img"') == 1


def test_order_in_the_second_of_the_opening_draws_a_chart(staff):
    batch = make_offer()
    order = place_order(batch)
    Batch.objects.filter(pk=batch.pk).update(
        opens_at=order.placed_at, closed_at=order.placed_at, stage="closed"
    )

    rows = table_of(page_of(staff, batch))

    assert [(row.came, row.taken) for row in rows] == [(1, 1)]


def test_chart_ends_with_the_sale_but_shows_what_came_back_later(staff):
    batch = make_offer()
    order = place_paid(batch)
    cancel(order)
    start, close = (database_now() - timedelta(days=days) for days in (30, 20))
    Order.objects.filter(pk=order.pk).update(
        placed_at=start, canceled_at=close + timedelta(days=3)
    )
    Batch.objects.filter(pk=batch.pk).update(
        stage="closed", opens_at=start, closes_at=close, closed_at=close
    )

    rows = table_of(page_of(staff, batch))

    assert (rows[0].taken, rows[-1].went, rows[-1].taken) == (1, 1, 0)
    assert len(rows) == 14


def test_capacity_raised_twice_is_drawn_as_a_stair(staff):
    batch = make_offer(capacity=10)
    place_order(batch)
    batch.change_capacity(15, actor=SYSTEM)
    batch.change_capacity(30, actor=SYSTEM)

    chart = page_of(staff, batch).context["chart"]

    assert chart.drawing.capacity.count("L") == 5
    assert chart.drawing.capacity_name.text == "30"
    assert chart.rows[-1][1].capacity == 30


def test_times_are_those_of_the_batchs_seller(staff):
    batch = make_offer()
    seller = batch.campaign.seller
    seller.time_zone = "Asia/Jayapura"
    seller.save()
    make_seller(time_zone="Asia/Jakarta")
    place_order(batch)

    page = page_of(staff, batch).content.decode()

    assert re.search(r"as of \d\d:\d\d:\d\d WIT\b", page)
    assert "times in WIT" in page


def test_page_is_plain_html_without_inline_style_or_script(staff):
    batch = make_lively_batch()

    page = page_of(staff, batch).content.decode().split('id="content-main"')[1]

    assert "style=" not in page
    assert "<script" not in page
    assert f'href="{url_of(batch)}"' in page
    assert page.count("<table") == page.count("<thead") == 2
    assert 'role="status"' in page


# --- who may read it


def test_packers_read_units_and_no_amounts(client):
    batch = make_lively_batch()
    Batch.objects.filter(pk=batch.pk).update(goods_capacity=90_000_000)

    page = page_of(hire(client, batch, "packer"), batch)

    figures = figures_of(page)
    assert figures["Taken"].value == 11
    assert "Units wanted" in figures
    assert not {"Value of goods", "At the prices of today"} & figures.keys()
    assert "Rp\xa0" not in page.content.decode()


def test_owner_reads_amounts(client):
    batch = make_lively_batch()

    page = page_of(hire(client, batch, "owner"), batch)

    assert "Rp\xa0" in page.content.decode()


def test_batch_of_another_seller_is_not_found(client):
    batch, other = make_offer(), make_offer()

    hire(client, batch, "owner")

    assert page_of(client, other).status_code == 404
    assert page_of(client, batch).status_code == 200


def test_staff_without_a_role_are_refused(client):
    batch = make_offer()
    client.force_login(User.objects.create_user("baru", is_staff=True))

    assert page_of(client, batch).status_code == 403


def test_visitors_are_asked_to_sign_in(client):
    answer = page_of(client, make_offer())

    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]


def test_page_is_only_read(staff):
    batch = make_lively_batch()
    before = list(Allotment.objects.values())

    assert staff.post(url_of(batch)).status_code == 405
    assert list(Allotment.objects.values()) == before


def test_batch_and_desk_lead_to_the_numbers(staff):
    batch = make_offer()
    link = f'href="{url_of(batch)}"'

    change = reverse("admin:campaigns_batch_change", args=[batch.pk])

    assert link in staff.get(change).content.decode()
    assert link in staff.get(reverse("admin:index")).content.decode()
