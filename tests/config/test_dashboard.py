"""Every number of the desk is what the list it links to adds up to."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Batch, Membership
from orders.models import Message, Order
from payments.models import GatewayEvent, Payment, Refund
from tests.drafts import end_hold, make_offer, place_order, place_paid
from tests.factories import make_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.once(on="postgres")]

QUERIES = 27


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("admin"))
    return client


def desk_of(client, **headers):
    return client.get(reverse("admin:index"), headers=headers).context["dashboard"]


def listed(client, number):
    """The whole list behind a number."""
    return client.get(number.url).context["cl"].queryset


def numbers_of(card):
    return {number.label: number for number in card.numbers}


def units_in(orders):
    return sum(order.units for order in orders)


def net_of(orders):
    sums = (order.amount_paid - order.amount_refunded for order in orders)
    return sum(sums, start=Decimal(0))


def rupiah(amount):
    return f"Rp\xa0{amount:,.0f}".replace(",", ".")


def make_busy_batch(**overrides):
    """Two paid orders, one unpaid, one expired, one canceled."""
    batch = make_offer(capacity=20, **overrides)
    end_hold(place_order(batch))
    place_paid(batch, units=[2])
    place_paid(batch)
    place_order(batch, units=[3])
    canceled = place_paid(batch)
    Order.objects.filter(pk=canceled.pk).update(status="canceled")
    Batch.objects.filter(pk=batch.pk).update(taken=6)
    batch.refresh_from_db()
    return batch


def test_numbers_of_a_batch_add_up_to_their_lists(staff):
    batch = make_busy_batch(minimum_units=5)
    make_busy_batch()

    card = next(c for c in desk_of(staff).cards if c.batch == batch)
    numbers = numbers_of(card)
    lists = {label: listed(staff, number) for label, number in numbers.items()}
    held, made, ship, cash, owed = numbers

    assert units_in(listed(staff, card.taken)) == batch.taken == 6
    assert card.taken.value.split()[0] == "6"
    assert numbers[held].value == units_in(lists[held]) == 3
    assert numbers[made].value == units_in(lists[made]) == 3
    assert numbers[ship].value == lists[ship].count() == 2
    assert numbers[cash].value == rupiah(net_of(lists[cash])) == rupiah(654_000)
    assert numbers[owed].value == rupiah(net_of(lists[owed])) == rupiah(486_000)


def test_what_needs_a_human_adds_up_to_its_list(staff):
    batch = make_offer()
    order = place_paid(batch)
    payment = Payment.objects.get()
    Message.objects.filter(order=order).update(state="failed")
    Payment.objects.update(needs_review=True)
    Refund.objects.create(
        payment=payment, reference="R1", amount=1, state="manual", source="admin"
    )
    GatewayEvent.objects.update(state="dead")
    Batch.objects.update(production_starts_on=timezone.localdate() - timedelta(days=2))

    alerts = desk_of(staff).alerts

    counts = [number.value for number in alerts]
    assert counts == [listed(staff, number).count() for number in alerts]
    assert counts == [2, 1, 1, 1, 1]


def test_batch_held_by_unpaid_orders_leads_to_them(staff):
    batch = make_offer(capacity=10)
    place_paid(batch)
    for _n in range(2):
        place_order(batch, units=[3])

    [alert] = desk_of(staff).alerts

    orders = listed(staff, alert)
    assert alert.value == orders.count() == 2
    assert units_in(orders) == 6
    assert str(batch) in alert.label


def test_quiet_shop_says_so(staff):
    page = staff.get(reverse("admin:index"))

    assert page.context["dashboard"].alerts == []
    assert page.context["dashboard"].cards == []
    assert page.status_code == 200


def test_live_batches_are_shown_with_phase_and_next_date(staff):
    shown = [make_offer(stage=stage) for stage in ("open", "closed", "shipping")]
    for stage in ("draft", "completed", "canceled"):
        make_offer(stage=stage)

    cards = desk_of(staff).cards

    assert {card.batch for card in cards} == set(shown)
    assert all(card.badge.text and card.next_date for card in cards)
    made = next(card for card in cards if card.batch.stage == "shipping")
    assert len(made.numbers) == 4


def test_desk_costs_the_same_for_any_number_of_batches(
    staff, django_assert_max_num_queries
):
    make_busy_batch()
    staff.get(reverse("admin:index"))
    with django_assert_max_num_queries(QUERIES) as few:
        staff.get(reverse("admin:index"))
    for _more in range(3):
        make_offer()

    with django_assert_max_num_queries(len(few)):
        staff.get(reverse("admin:index"))


@pytest.mark.parametrize("role", ["owner", "packer"])
def test_seller_sees_own_numbers_and_packers_no_money(
    client, role, django_assert_max_num_queries
):
    own, other = make_busy_batch(), make_busy_batch()
    Message.objects.filter(order__batch=other).update(state="failed")
    user = User.objects.create_user(role, is_staff=True)
    Membership.objects.create(seller=own.campaign.seller, user=user, role=role)
    client.force_login(user)

    with django_assert_max_num_queries(QUERIES):
        page = client.get(reverse("admin:index"))

    desk = page.context["dashboard"]
    assert [card.batch for card in desk.cards] == [own]
    assert desk.alerts == []
    assert ("Rp\xa0" in page.content.decode()) == (role == "owner")


def test_staff_of_no_seller_see_an_empty_desk(client):
    make_busy_batch()
    client.force_login(User.objects.create_user("baru", is_staff=True))

    desk = desk_of(client)

    assert (desk.alerts, desk.cards) == ([], [])


def test_other_currencies_keep_their_cents(staff):
    campaign = make_campaign(currency="USD")
    batch = make_offer(campaign=campaign)
    campaign.seller.shipping_options.update(currency="USD")
    place_paid(batch)

    _held, _made, _ship, cash, _owed = desk_of(staff).cards[0].numbers

    assert cash.value == "US$\xa0168,000.00"


def test_headings_descend_and_every_section_is_named(staff):
    make_busy_batch()

    page = staff.get(reverse("admin:index")).content.decode()

    for name in ("needs-heading", "live-heading"):
        assert (
            page.count(f'id="{name}"') == page.count(f'aria-labelledby="{name}"') == 1
        )
    assert page.index("<h1") < page.index("needs-heading") < page.index("<h3")
    assert "style=" not in page.split('id="content-main"')[1].split("app-")[0]


def test_one_is_not_told_as_several(staff):
    order = place_order(make_offer())
    Message.objects.filter(order=order).update(state="sent")
    one = Message.objects.first()
    Message.objects.filter(pk=one.pk).update(state="failed")

    english = {"accept-language": "en"}
    [alert] = desk_of(staff, **english).alerts
    Message.objects.create(
        dedupe_key="second", kind="update", to="a@example.com", state="failed"
    )
    [alerts] = desk_of(staff, **english).alerts

    assert (alert.value, alert.label) == (1, "Mail that failed")
    assert (alerts.value, alerts.label) == (2, "Mails that failed")
