"""The page that takes a place: rule, refusals, and an answer that tells nobody more."""

from http import HTTPStatus

import pytest
from django.core.cache import cache
from django.test import Client

from campaigns.actors import SYSTEM
from campaigns.models import Allotment, Batch, Campaign
from orders.holds import limits as hold_limits
from orders.models import Message, WaitlistEntry
from orders.waitlist import places
from tests.drafts import make_offer, rows_of_orders
from tests.factories import make_batch, make_variant
from tests.waiting import full_batch, give_back, sales_of, states, wait

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def page_of(batch, language="en"):
    return f"/{language}/c/{batch.campaign.slug}/waitlist/"


def asked(batch, /, **changed):
    variant = batch.allotments.order_by("pk").first().variant_id
    fields = {"batch": batch.number, "variant": variant, "quantity": "1"}
    return fields | {"email": "ani@example.com"} | changed


def rows():
    return rows_of_orders(), list(WaitlistEntry.objects.order_by("pk").values())


def test_the_page_states_the_rule_before_anything_is_typed(client):
    batch, _orders = full_batch()

    response = client.get(page_of(batch), {"batch": 1})

    html = response.content.decode()
    assert response.status_code == 200
    assert "in the order of joining" in html
    assert "held for 24 hours" in html
    assert "the next is asked" in html
    assert "No unit is promised" in html
    assert "private" in response["Cache-Control"]
    assert 'name="robots" content="noindex"' in html


def test_joining_answers_without_the_link_and_mails_it(client):
    batch, _orders = full_batch()

    response = client.post(
        page_of(batch, "id"), asked(batch, quantity="2", accepts_fewer="on")
    )

    entry = WaitlistEntry.objects.get()
    assert response.status_code == 200
    assert (entry.quantity, entry.accepts_fewer) == (2, True)
    assert (entry.email, entry.locale) == ("ani@example.com", "id")
    assert entry.token not in response.content.decode()
    assert entry.token in Message.objects.get(kind="waitlist_joined").text


def test_the_second_time_the_same_answer_is_given(client):
    batch, _orders = full_batch()
    first = client.post(page_of(batch), asked(batch))

    second = client.post(page_of(batch), asked(batch, quantity="7"))

    assert second.status_code == 200
    assert second.content == first.content
    assert WaitlistEntry.objects.get().quantity == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"quantity": "0"},
        {"quantity": "-1"},
        {"quantity": "1.5"},
        {"quantity": "1e9"},
        {"quantity": ""},
        {"quantity": "5"},
        {"quantity": "99999999999999999999"},
        {"variant": "0"},
        {"variant": "x"},
        {"variant": ""},
        {"email": ""},
        {"email": "ani"},
        {"email": '"a b"@example.com'},
    ],
)
def test_bad_input_keeps_the_form_and_writes_nothing(client, wrong):
    batch, _orders = full_batch()
    Campaign.objects.update(buyer_limit=4)
    before = rows()

    response = client.post(page_of(batch), asked(batch, **wrong))

    html = response.content.decode()
    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert 'role="alert"' in html
    assert ("ani@example.com" in html) is ("email" not in wrong)
    assert rows() == before


def test_a_variant_of_another_campaign_is_refused(client):
    batch, _orders = full_batch()
    foreign = make_variant()
    before = rows()

    response = client.post(page_of(batch), asked(batch, variant=foreign.pk))

    assert response.status_code == 422
    assert rows() == before


@pytest.mark.parametrize("number", ["", "7", "x", "-1", "99999", "²"])
def test_an_unknown_batch_is_404(client, number):
    batch, _orders = full_batch()
    before = rows()

    assert client.get(page_of(batch), {"batch": number}).status_code == 404
    posted = client.post(page_of(batch), asked(batch, batch=number))
    assert posted.status_code == 404
    assert rows() == before


def test_a_draft_and_an_unpublished_campaign_are_404(client):
    batch, _orders = full_batch()
    draft = make_batch(campaign=batch.campaign, stage=Batch.Stage.DRAFT)
    assert client.get(page_of(batch), {"batch": draft.number}).status_code == 404

    Campaign.objects.update(published_at=None)

    assert client.get(page_of(batch), {"batch": 1}).status_code == 404


def test_what_can_still_be_ordered_leads_to_the_order(client):
    batch = make_offer()
    variant = batch.campaign.variants.get()
    before = rows()

    shown = client.get(page_of(batch), {"batch": 1, "variant": variant.pk})
    posted = client.post(page_of(batch), asked(batch))

    assert (shown.status_code, posted.status_code) == (200, 409)
    link = f"checkout/?batch=1&amp;quantity-{variant.pk}=1"
    assert link in shown.content.decode()
    assert link in posted.content.decode()
    assert rows() == before


def test_a_closed_batch_has_no_list_to_join(client):
    batch, _orders = full_batch()
    batch.close(actor=SYSTEM)
    before = rows()

    shown = client.get(page_of(batch), {"batch": 1})
    posted = client.post(page_of(batch), asked(batch))

    assert (shown.status_code, posted.status_code) == (409, 409)
    assert "<form" not in shown.content.decode().split("<main")[1].split("</main")[0]
    assert rows() == before


def test_a_variant_whose_sale_was_stopped_cannot_be_waited_for(client):
    batch, _orders = full_batch(variants=2)
    stopped = batch.allotments.order_by("pk").first()
    Allotment.objects.filter(pk=stopped.pk).update(sale="stopped")
    before = rows()

    response = client.post(page_of(batch), asked(batch, variant=stopped.variant_id))

    assert response.status_code == 422
    assert rows() == before


def test_no_script_of_another_site_can_join(settings):
    batch, _orders = full_batch()

    response = Client(enforce_csrf_checks=True).post(page_of(batch), asked(batch))

    assert response.status_code == 403
    assert states() == []


def test_too_many_from_one_address_are_told_to_wait(client, settings):
    settings.RATE_LIMITS = True
    batch, _orders = full_batch()

    answers = [
        client.post(page_of(batch), asked(batch, quantity="0")).status_code
        for _n in range(65)
    ]

    assert set(answers[:64]) == {422}
    assert answers[64] == 429


def test_the_page_takes_a_constant_number_of_queries(client, django_assert_num_queries):
    batch, _orders = full_batch(variants=6)

    with django_assert_num_queries(3):
        client.get(page_of(batch), {"batch": 1})


# --- the ways there


def test_a_sold_out_campaign_leads_to_its_list(client):
    batch, _orders = full_batch()

    html = client.get(f"/en/c/{batch.campaign.slug}/").content.decode()

    assert f"{page_of(batch)}?batch=1" in html
    assert "<form method" not in html


def test_a_campaign_with_everything_to_be_had_mentions_no_list(client):
    batch = make_offer()

    html = client.get(f"/en/c/{batch.campaign.slug}/").content.decode()

    assert "waitlist" not in html


def test_a_stopped_variant_leads_to_no_list(client):
    batch = make_offer(variants=2)
    stopped = batch.allotments.order_by("pk").first()
    Allotment.objects.filter(pk=stopped.pk).update(sale="stopped")

    html = client.get(f"/en/c/{batch.campaign.slug}/").content.decode()

    assert "waitlist" not in html


def test_a_refused_checkout_leads_to_the_list_with_what_was_wanted(client):
    batch, _orders = full_batch()
    variant = batch.campaign.variants.get()

    response = client.get(
        f"/en/c/{batch.campaign.slug}/checkout/",
        {"batch": 1, f"quantity-{variant.pk}": 3},
    )

    link = f"{page_of(batch)}?batch=1&amp;variant={variant.pk}&amp;quantity=3"
    assert response.status_code == 409
    assert link in response.content.decode()


def test_a_freed_unit_under_the_list_is_sold_out_on_the_public_page(client):
    batch, [order, _other] = full_batch()
    wait(batch)
    give_back(order)

    html = client.get(f"/en/c/{batch.campaign.slug}/").content.decode()

    assert sales_of(batch) == ["waitlist"]
    assert 'id="order"' not in html
    assert f"{page_of(batch)}?batch=1" in html


def test_a_mailbox_waits_in_so_many_places_and_no_more(client, monkeypatch):
    monkeypatch.setattr(places, "PER_MAILBOX", 2)
    batches = [full_batch()[0] for _n in range(3)]
    told = [client.post(page_of(b), asked(b)).status_code for b in batches[:2]]
    before = rows()

    response = client.post(page_of(batches[2]), asked(batches[2]))
    again = client.post(page_of(batches[0]), asked(batches[0]))

    assert told == [200, 200]
    assert response.status_code == 429
    assert response["Retry-After"] == str(hold_limits.RETRY_AFTER_SECONDS)
    assert again.status_code == 200
    assert rows() == before


@pytest.mark.parametrize(("limits", "status"), [(True, 429), (False, 200)])
def test_an_internet_address_fills_no_list(
    client, settings, monkeypatch, limits, status
):
    settings.RATE_LIMITS = limits
    cache.clear()
    monkeypatch.setattr(places, "PER_ADDRESS", 2)
    batch, _orders = full_batch()
    for n in range(2):
        client.post(page_of(batch), asked(batch, email=f"{n}@example.com"))

    response = client.post(page_of(batch), asked(batch, email="ani@example.com"))

    assert response.status_code == status
    assert WaitlistEntry.objects.count() == (2 if limits else 3)
