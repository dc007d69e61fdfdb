"""What the seller sees of a waiting list, and the one step there is."""

import pytest

from orders.models import Message
from orders.waitlist import offers as waitlist_offers
from tests.config.admin_world import hire
from tests.drafts import rows_of_orders
from tests.waiting import full_batch, give_back, offered_to, states, wait

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LIST = "/admin/orders/waitlistentry/"


def log_in(client, batch, role="owner"):
    client.force_login(hire(batch.campaign.seller, role))


def batch_page(client, batch):
    response = client.get(f"/admin/campaigns/batch/{batch.pk}/change/")
    assert response.status_code == 200
    return " ".join(response.content.decode().replace("\xa0", " ").split())


def test_the_batch_tells_people_units_and_money_and_leads_on(client):
    batch, _orders = full_batch(variants=2)
    wait(batch, quantity=3), wait(batch, nth=1, quantity=2)
    log_in(client, batch)

    html = batch_page(client, batch)

    assert "<strong>2</strong>" in html
    assert "<strong>5</strong>" in html
    assert "<strong>Rp 750.000</strong>" in html
    assert f"{LIST}?batch__id__exact={batch.pk}&amp;state__exact=waiting" in html
    assert f"/admin/campaigns/batch/add/?campaign={batch.campaign_id}" in html


def test_the_other_batch_is_proposed_for_the_campaign(client):
    batch, _orders = full_batch()
    wait(batch)
    log_in(client, batch)

    response = client.get(f"/admin/campaigns/batch/add/?campaign={batch.campaign_id}")

    initial = response.context["adminform"].form.initial
    assert initial["campaign"] == str(batch.campaign_id)
    assert initial["number"] == 2


def test_who_packs_sees_no_amount_and_no_list(client):
    batch, _orders = full_batch()
    wait(batch, quantity=3)
    log_in(client, batch, "packer")

    html = batch_page(client, batch)

    assert "<strong>3</strong>" in html
    assert "450.000" not in html
    assert LIST not in html
    assert "batch/add/" not in html
    assert client.get(LIST).status_code == 403


def test_a_batch_nobody_waits_for_says_nothing_of_it(client):
    batch, _orders = full_batch()
    log_in(client, batch)

    assert "waiting-heading" not in batch_page(client, batch)


def test_the_list_tells_who_waits_in_order_and_nothing_can_be_edited(
    client, django_assert_num_queries
):
    batch, [order, _other] = full_batch()
    first = wait(batch, email="ani@example.com")
    wait(batch, email="budi@example.com", quantity=4)
    give_back(order)
    waitlist_offers.offer_freed()
    log_in(client, batch)
    client.get(LIST)

    with django_assert_num_queries(10):
        html = client.get(LIST).content.decode()

    assert html.index("ani@example.com") < html.index("budi@example.com")
    assert f"/admin/orders/order/{offered_to(first).pk}/change/" in html
    assert client.get(f"{LIST}add/").status_code == 403
    assert first.token not in client.get(f"{LIST}{first.pk}/change/").content.decode()


def test_a_place_that_waits_is_ended_once_and_no_mail_is_sent(client):
    batch, _orders = full_batch()
    entry = wait(batch)
    log_in(client, batch)
    mails = Message.objects.count()

    asked = client.get(f"{LIST}{entry.pk}/end/")
    done = client.post(f"{LIST}{entry.pk}/end/")
    client.post(f"{LIST}{entry.pk}/end/")

    entry.refresh_from_db()
    assert (asked.status_code, done.status_code) == (200, 302)
    assert (entry.state, entry.end_reason) == ("ended", "seller")
    assert Message.objects.count() == mails


def test_an_offer_is_not_ended_here(client):
    batch, [order, _other] = full_batch()
    entry = wait(batch)
    give_back(order)
    waitlist_offers.offer_freed()
    log_in(client, batch)
    before = rows_of_orders()

    client.post(f"{LIST}{entry.pk}/end/")

    assert states() == ["offered"]
    assert rows_of_orders() == before


def test_an_unfinished_offer_has_a_page_and_takes_no_cash(client):
    batch, [order, _other] = full_batch()
    entry = wait(batch)
    give_back(order)
    waitlist_offers.offer_freed()
    log_in(client, batch)
    page = f"/admin/orders/order/{offered_to(entry).pk}"

    html = client.get(f"{page}/change/").content.decode()

    assert client.get("/admin/orders/order/").status_code == 200
    assert "/cancel/" in html
    assert "/cash/" not in html
    assert "/contact/" not in html
