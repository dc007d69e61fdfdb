"""What a seller's money page says, to the rupiah, and who may read it."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.actors import SYSTEM
from campaigns.models import Batch, Membership, Variant
from orders import sweep
from orders.models import Order
from payments import money_views, settlement
from payments.gateways.base import Snapshot
from payments.models import Payment
from payments.refunds import sending as refund_sending
from tests.drafts import (
    TOTAL,
    make_offer,
    payment_of,
    place_order,
    place_paid,
    press,
    send_refunds,
)
from tests.factories import make_batch, make_campaign, make_seller
from tests.fulfillment.goods import in_production, ship
from tests.payments.deposits import BALANCE, DEPOSIT, deposit_paid

pytestmark = pytest.mark.django_db

# The campaign or batch with its seller, the session and its user; five of the page.
QUERIES = 10


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("admin"))
    return client


def money_url(row):
    return reverse(f"admin:campaigns_{row._meta.model_name}_money", args=[row.pk])


def page_of(client, row):
    return client.get(money_url(row), headers={"accept-language": "en"})


def text_of(response):
    return response.content.decode()


def hire(client, seller, role):
    user = User.objects.create_user(role, is_staff=True)
    Membership.objects.create(seller=seller, user=user, role=role)
    client.force_login(user)
    return client


def figures_of(*batches):
    return money_views.read(batches, batches[0].campaign.currency).total


def told(page):
    """The first column, by what it is of."""
    return {row.label: row.values[0] for row in page.context["rows"]}


def cancel_batch(batch):
    Batch.objects.get(pk=batch.pk).cancel(actor=SYSTEM)
    sweep.cancel_orders_of_canceled_batches()
    refund_sending.request_all_owed()


# --- figures


def test_a_paid_order_is_cash_in_working_capital_and_owed_in_goods():
    batch = make_offer()
    Variant.objects.update(production_cost=Decimal(60_000))
    place_paid(batch, units=[2])

    figures = figures_of(batch)

    paid = Decimal(318_000)
    assert (figures.received, figures.in_hand, figures.capital) == (paid,) * 3
    assert (figures.in_goods, figures.to_return) == (paid, paid)
    assert (figures.units, figures.cost) == (2, 120_000)
    assert figures.after_production == 198_000


def test_an_unpaid_order_is_nowhere():
    batch = make_offer()
    place_order(batch)

    assert figures_of(batch) == money_views.Figures()


def test_a_deposit_is_cash_and_its_balance_is_still_due():
    order = deposit_paid()

    figures = figures_of(order.batch)

    assert (figures.received, figures.due, figures.orders_due) == (DEPOSIT, BALANCE, 1)


def test_a_refund_on_its_way_leaves_the_capital_first_and_the_cash_when_sent():
    batch = make_offer()
    place_paid(batch)
    cancel_batch(batch)

    on_the_way = figures_of(batch)
    send_refunds()
    sent = figures_of(batch)

    assert (on_the_way.in_hand, on_the_way.on_the_way) == (TOTAL, TOTAL)
    assert on_the_way.capital == on_the_way.in_goods == 0
    assert (sent.in_hand, sent.refunded, sent.on_the_way) == (0, TOTAL, 0)


def test_money_a_bank_took_back_is_not_in_hand():
    order = place_paid(make_offer())
    taken = Snapshot(
        state=Payment.State.REVERSED, currency="IDR", received=TOTAL, reversed=TOTAL
    )
    settlement.apply(payment_of(order), taken)

    figures = figures_of(order.batch)

    assert (figures.received, figures.reversed, figures.in_hand) == (TOTAL, TOTAL, 0)


def test_what_was_shipped_is_no_longer_owed_in_goods():
    batch, [first, _second] = in_production([1], [1])
    ship(first)

    figures = figures_of(batch)

    assert (figures.in_hand, figures.in_goods) == (2 * TOTAL, TOTAL)
    assert figures.units == 2


def test_units_without_a_cost_are_said_and_not_counted():
    batch, _orders = in_production([2, 1])
    known = Variant.objects.order_by("pk").first()
    Variant.objects.filter(pk=known.pk).update(production_cost=Decimal(50_000))

    figures = figures_of(batch)

    assert (figures.units, figures.units_without_cost) == (3, 1)
    assert figures.cost == 100_000


def test_money_set_aside_is_told_by_its_currency():
    order = place_order(make_offer())
    foreign = Snapshot(
        state=Payment.State.CONFIRMED, currency="JPY", received=Decimal("1500.50")
    )
    settlement.apply(payment_of(order), foreign)

    view = money_views.read([order.batch], "IDR")

    assert view.set_aside == {"JPY": Decimal("1500.50")}
    assert view.total == money_views.Figures()


def test_stopping_costs_what_is_not_shipped_and_can_still_be_canceled():
    batch, [first, _second] = in_production([1], [1])
    view = money_views.read([batch], "IDR")
    assert (view.is_stoppable, view.cost_of_stopping) == (True, 2 * TOTAL)

    ship(first)
    batch.refresh_from_db()
    view = money_views.read([batch], "IDR")

    assert (view.is_stoppable, view.cost_of_stopping) == (False, 0)


def test_many_small_amounts_add_up_exactly():
    campaign = make_campaign(currency="EUR")
    batch = make_batch(campaign=campaign)
    dime, nothing = Decimal("0.10"), Decimal(0)
    money = {"goods": dime, "total": dime, "deposit": dime, "amount_paid": dime}
    orders = [
        Order(
            batch=batch,
            number=f"N{n:07}",
            token=f"t{n}",
            submit_key=f"k{n}",
            currency="EUR",
            expires_at=batch.closes_at,
            shipping=nothing,
            **money,
        )
        for n in range(300)
    ]
    Order.objects.bulk_create(orders)

    assert figures_of(batch).to_return == Decimal("30.00")


def test_batches_add_up_to_their_campaign():
    campaign = make_campaign()
    first = make_offer(campaign=campaign)
    place_paid(first)
    second = make_batch(campaign=campaign)
    place_paid(second, units=[2])

    view = money_views.read([first, second], "IDR")

    received = [view.by_batch[batch.pk].received for batch in (first, second)]
    assert received == [168_000, 318_000]
    assert view.total.received == 486_000


# --- pages


def test_the_page_of_a_batch_tells_amounts_with_their_currency(staff):
    batch = make_offer()
    place_paid(batch)

    page = page_of(staff, batch)

    assert told(page)["Received from buyers"] == "Rp\xa0168.000"
    assert told(page)["Production cost"] == "Rp\xa00"
    assert "1 paid unit has no production cost yet" in text_of(page)
    assert "would have to be returned" in text_of(page)


def test_the_page_of_a_campaign_has_a_column_for_each_batch_and_their_sum(staff):
    campaign = make_campaign()
    place_paid(make_offer(campaign=campaign))
    make_batch(campaign=campaign)
    make_batch(campaign=campaign, stage="draft")

    page = page_of(staff, campaign)

    [received, *_rest] = page.context["rows"]
    assert received.values == ["Rp\xa0168.000", "Rp\xa00", "Rp\xa0168.000"]


def test_a_campaign_without_batches_says_so(staff):
    page = page_of(staff, make_campaign())

    assert page.status_code == 200
    assert "No batch of this campaign was opened yet." in text_of(page)


def test_pages_cost_the_same_however_much_was_sold(staff, django_assert_num_queries):
    campaign = make_campaign()
    batch = make_offer(campaign=campaign, variants=2, capacity=100)
    for units in ([1, 1], [2, 1], [1, 3]):
        place_paid(batch, units=units)
    make_batch(campaign=campaign)
    page_of(staff, campaign)

    with django_assert_num_queries(QUERIES):
        page_of(staff, campaign)


def test_the_dashboard_and_the_forms_lead_there(staff):
    batch = make_offer()

    for page in ("index", "campaigns_batch_change", "campaigns_campaign_change"):
        row = {"index": [], "campaigns_batch_change": [batch.pk]}
        arguments = row.get(page, [batch.campaign_id])
        text = text_of(staff.get(reverse(f"admin:{page}", args=arguments)))
        target = batch.campaign if "campaign_change" in page else batch
        assert money_url(target) in text


@pytest.mark.parametrize("role", ["owner", "manager"])
def test_those_who_run_the_shop_may_look(client, role):
    batch = make_offer()

    hire(client, batch.campaign.seller, role)

    assert page_of(client, batch).status_code == 200
    assert page_of(client, batch.campaign).status_code == 200


def test_packers_never_see_money(client):
    batch = make_offer()
    hire(client, batch.campaign.seller, "packer")

    assert page_of(client, batch).status_code == 403
    assert page_of(client, batch.campaign).status_code == 403
    form = client.get(reverse("admin:campaigns_batch_change", args=[batch.pk]))
    index = client.get(reverse("admin:index"))
    assert money_url(batch) not in text_of(form) + text_of(index)


def test_another_sellers_money_is_not_found(client):
    batch = make_offer()
    hire(client, make_seller(), "owner")

    assert page_of(client, batch).status_code == 404
    assert page_of(client, batch.campaign).status_code == 404


def test_the_page_is_only_read(staff):
    batch = make_offer()

    assert staff.post(money_url(batch)).status_code == 405


# --- the lists behind it


def test_orders_with_a_balance_due_are_found_in_the_list(staff):
    order = deposit_paid()
    place_paid(make_offer())
    url = reverse("admin:orders_order_changelist")

    found = staff.get(url, {"balance": "due"}).context["cl"].queryset
    overdue = staff.get(url, {"balance": "overdue"}).context["cl"].queryset

    assert (list(found), list(overdue)) == ([order], [])


def test_a_late_notification_changes_nothing_that_was_shown(staff):
    order = place_paid(make_offer())
    before = told(page_of(staff, order.batch))
    press(payment_of(order), "resend")

    assert told(page_of(staff, order.batch)) == before
