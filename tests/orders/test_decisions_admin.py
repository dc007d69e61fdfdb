"""Staff offer another batch, to one buyer or to many, and see what came of it."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from campaigns.models import Batch, Membership
from orders.models import Decision, Message, Order
from orders.moves import questions as move_questions
from tests.config.admin_world import hire
from tests.drafts import make_offer, place_order, place_paid, rows_of_orders
from tests.factories import make_batch
from tests.orders.moving import STAY, answer, ask, soon, time_is_over, two_batches
from tests.orders.test_pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LIST = "admin:orders_order_changelist"
LIST_QUERIES = 12
PREVIEW_QUERIES = 14


@pytest.fixture
def staff(client: Client) -> Iterator[Client]:
    client.force_login(User.objects.create_superuser("admin"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    with translation.override("en"):
        yield client


def step(order, name="offer"):
    return reverse(f"admin:orders_order_{name}", args=[order.pk])


def entered(target, **fields):
    moment = timezone.localtime(soon()).strftime("%Y-%m-%dT%H:%M")
    fields = {"answer_by": moment, "reason": "The cloth ran out."} | fields
    return {"target": target.pk} | fields


def choose(staff, *orders):
    """The action of the list."""
    posted = {"action": "offer_batch", "_selected_action": [o.pk for o in orders]}
    return staff.post(reverse(LIST), posted)


def offer(staff, orders, target, do, **fields):
    url = reverse("admin:orders_order_offers")
    posted = entered(target, **fields) | {"order": [o.pk for o in orders], "step": do}
    return staff.post(url, posted)


# One order


def test_an_order_page_offers_the_step_and_then_its_way_back(staff):
    first, second = two_batches()
    order = place_paid(first)
    change = reverse("admin:orders_order_change", args=[order.pk])

    before = staff.get(change).content.decode()
    ask(order, second)
    after = staff.get(change).content.decode()

    offered = [step(order) in page for page in (before, after)]
    withdrawn = [step(order, "withdraw-offer") in page for page in (before, after)]
    assert offered == [True, False]
    assert withdrawn == [False, True]


def test_the_page_says_that_no_place_is_kept_and_names_the_batches(staff):
    first, second = two_batches()
    make_batch(campaign=first.campaign, stage="draft")
    order = place_paid(first)

    response = staff.get(step(order))

    choices = [batch.pk for batch in response.context["form"].fields["target"].queryset]
    text = text_of(response)
    assert choices == [second.pk]
    assert "A place in the other batch is not kept; the answer takes it" in text
    assert "batch 2: 100 left, ships" in text


def test_the_buyer_is_asked_once(staff):
    first, second = two_batches()
    order = place_paid(first)

    for _twice in range(2):
        response = staff.post(step(order), entered(second))

    decision = Decision.objects.get()
    assert response.status_code == 302
    assert (decision.order, decision.target, decision.reason) == (
        order,
        second,
        "The cloth ran out.",
    )
    assert Message.objects.filter(kind="decision_asked").count() == 1
    assert order.events.get(kind="decision_asked").user.username == "admin"


BAD = {
    "no reason": {"reason": " "},
    "a reason that reads backwards": {"reason": "gnihton \u202e"},
    "a reason nobody sees": {"reason": "\u200b"},
    "a past moment": {"answer_by": "2020-01-01T09:00"},
    "no moment": {"answer_by": "soon"},
    "after the other batch closes": {"answer_by": "2099-01-01T09:00"},
    "no batch": {"target": ""},
    "a batch that is none": {"target": "x"},
}


@pytest.mark.parametrize("fields", BAD.values(), ids=BAD)
def test_bad_input_asks_nobody(staff, fields):
    first, second = two_batches()
    order = place_paid(first)
    before = rows_of_orders()

    response = staff.post(step(order), entered(second) | fields)

    assert response.status_code == 409
    assert response.context["form"].errors
    assert rows_of_orders() == before
    assert not Decision.objects.exists()


def test_a_batch_of_another_campaign_cannot_be_posted(staff):
    first, _second = two_batches()
    order = place_paid(first)

    response = staff.post(step(order), entered(make_offer()))

    assert response.status_code == 409
    assert not Decision.objects.exists()


def test_a_batch_that_filled_meanwhile_is_refused_with_the_reason(staff):
    first, second = two_batches()
    order = place_paid(first, units=[2])
    Batch.objects.filter(pk=second.pk).update(capacity=1)

    response = staff.post(step(order), entered(second))

    assert response.status_code == 409
    assert "The other batch has not enough left." in text_of(response)
    assert not Decision.objects.exists()


def test_withdrawing_twice_withdraws_once(staff):
    first, second = two_batches()
    order = place_paid(first)
    ask(order, second)

    for _twice in range(2):
        staff.post(step(order, "withdraw-offer"))

    assert Decision.objects.get().state == "withdrawn"
    assert order.events.filter(kind="decision_withdrawn").count() == 1


def test_an_unpaid_order_is_offered_no_other_batch(staff):
    first, second = two_batches()
    order = place_order(first)

    staff.post(step(order), entered(second))

    assert not Decision.objects.exists()


# Many orders


def test_the_action_shows_what_was_chosen_and_asks_nobody(staff):
    first, _second = two_batches()
    orders = [place_paid(first, units=[2]), place_paid(first)]

    response = choose(staff, *orders)

    assert response.status_code == 200
    assert response.context["units"] == 3
    assert not Decision.objects.exists()


def test_the_preview_counts_names_ten_and_says_who_is_left_out(staff):
    first, second = two_batches()
    orders = [place_paid(first, units=[2]) for _n in range(11)]
    unpaid, asked = place_order(first), place_paid(first)
    ask(asked, second)

    response = offer(staff, [*orders, unpaid, asked], second, "preview")

    plan, text = response.context["plan"], text_of(response)
    assert [order.pk for order in plan.first] == [order.pk for order in orders[:10]]
    assert (len(plan.asked), plan.units) == (11, 22)
    assert f"{unpaid}: Only a confirmed order can be moved." in text
    assert f"{asked}: The buyer is being asked already." in text
    assert "22, and 100 left in the other batch" in text
    assert "Ask 11 buyers" in text
    assert Decision.objects.count() == 1


def test_asking_many_twice_asks_each_once_and_tells_each_outcome(staff):
    first, second = two_batches()
    orders = [place_paid(first) for _n in range(3)]
    unpaid = place_order(first)

    once = offer(staff, [*orders, unpaid], second, "ask").context["done"]
    twice = offer(staff, [*orders, unpaid], second, "ask").context["done"]

    assert (len(once.asked), len(once.skipped)) == (3, 1)
    assert (len(twice.asked), len(twice.skipped)) == (0, 4)
    assert Decision.objects.open().count() == 3
    assert Message.objects.filter(kind="decision_asked").count() == 3


def test_changing_shows_the_same_form_again(staff):
    first, second = two_batches()
    order = place_paid(first)

    response = offer(staff, [order], second, "edit")

    html = response.content.decode()
    assert "plan" not in response.context
    assert "The cloth ran out." in html
    assert not Decision.objects.exists()


@pytest.mark.parametrize("fields", [BAD["no reason"], BAD["a past moment"]])
def test_bad_input_for_many_asks_nobody(staff, fields):
    first, second = two_batches()

    response = offer(staff, [place_paid(first)], second, "ask", **fields)

    assert response.context["form"].errors
    assert not Decision.objects.exists()


def test_without_another_batch_the_action_says_so(staff):
    order = place_paid(make_offer())

    response = choose(staff, order)

    assert response.status_code == 302
    assert "There is no other batch" in text_of(staff.get(response["Location"]))


@pytest.mark.parametrize("ids", [[], ["x"], ["-1"], ["9" * 30], ["²"]])
def test_odd_choices_lead_back_to_the_list(staff, ids):
    _first, second = two_batches()

    url = reverse("admin:orders_order_offers")
    response = staff.post(url, entered(second) | {"order": ids, "step": "ask"})

    assert (response.status_code, response["Location"]) == (302, reverse(LIST))


def test_the_page_for_many_is_not_an_address(staff):
    assert staff.get(reverse("admin:orders_order_offers"))["Location"] == reverse(LIST)


@pytest.mark.parametrize("role", ["packer", "stranger"])
def test_nobody_asks_whose_right_it_is_not(client, role):
    first, second = two_batches()
    order = place_paid(first)
    seller = first.campaign.seller
    stranger = role == "stranger"
    client.force_login(
        hire(make_offer().campaign.seller, Membership.Role.OWNER)
        if stranger
        else hire(seller, Membership.Role.PACKER)
    )

    choose(client, order)
    one = client.post(step(order), entered(second))
    many = offer(client, [order], second, "ask")

    assert one.status_code == (404 if stranger else 403)
    assert many.status_code == (302 if stranger else 403)
    assert not Decision.objects.exists()


def test_a_manager_may_ask(client):
    first, second = two_batches()
    order = place_paid(first)
    client.force_login(hire(first.campaign.seller, Membership.Role.MANAGER))

    assert choose(client, order).status_code == 200
    offer(client, [order], second, "ask")

    assert Decision.objects.open().count() == 1


# What came of it


def test_the_list_is_filtered_by_what_came_of_the_question(staff):
    first, second = two_batches()
    asked, moved, stayed, lapsed, _never = (place_paid(first) for _n in range(5))
    ask(asked, second)
    answer(ask(moved, second))
    answer(ask(stayed, second), STAY)
    time_is_over(ask(lapsed, second))
    move_questions.lapse_due()

    for name, order in {
        "asked": asked,
        "moved": moved,
        "stayed": stayed,
        "lapsed": lapsed,
    }.items():
        page = staff.get(reverse(LIST), {"offer": name})
        assert [row.pk for row in page.context["cl"].result_list] == [order.pk]
    batch = staff.get(reverse("admin:campaigns_batch_change", args=[first.pk]))
    text = text_of(batch)
    assert (
        "Asked, no answer yet 1 Moved 1 Stayed by choice 1 No answer in time 1" in text
    )


def test_a_batch_nobody_was_asked_about_says_nothing(staff):
    first, _second = two_batches()

    page = staff.get(reverse("admin:campaigns_batch_change", args=[first.pk]))

    assert "offered another batch" not in text_of(page)


def test_the_filter_adds_no_query_for_each_order(staff, django_assert_num_queries):
    first, second = two_batches()
    ask(place_paid(first), second)
    url = reverse(LIST)
    staff.get(url, {"offer": "asked"})

    with django_assert_num_queries(LIST_QUERIES):
        staff.get(url, {"offer": "asked"})
    for _more in range(3):
        ask(place_paid(first), second)
    with django_assert_num_queries(LIST_QUERIES):
        staff.get(url, {"offer": "asked"})


def test_the_preview_costs_the_same_for_any_number_of_orders(
    staff, django_assert_num_queries
):
    first, second = two_batches()
    orders = [place_paid(first)]
    offer(staff, orders, second, "preview")

    with django_assert_num_queries(PREVIEW_QUERIES):
        offer(staff, orders, second, "preview")
    orders += [place_paid(first) for _n in range(4)]
    with django_assert_num_queries(PREVIEW_QUERIES):
        offer(staff, orders, second, "preview")


def test_history_tells_the_move_and_no_inner_numbers(staff):
    first, second = two_batches()
    order = place_paid(first)
    answer(ask(order, second))

    text = text_of(staff.get(reverse("admin:orders_order_change", args=[order.pk])))

    assert "Moved to another batch" in text
    assert "batch: 1 → 2" in text
    assert "units_by_variant" not in text
    assert Order.objects.get().batch == second
