"""Start of production and the desk, for a batch that may miss its minimum."""

from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse
from django.utils import translation

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Batch
from config import production as start_of_production
from fulfillment.errors import NotDrained
from fulfillment.models import ProductionSheet
from orders.minimum import verdict as minimum_verdict
from payments.errors import GatewayError
from payments.gateways.sandbox import SandboxGateway
from tests.concurrency.racing import assert_invariants
from tests.drafts import make_offer, place_order, place_paid, rows_of_orders, sums_of
from tests.fulfillment.goods import close
from tests.orders.test_minimum import roomy

pytestmark = [pytest.mark.django_db, pytest.mark.once(on="postgres")]


@pytest.fixture
def staff(client: Client) -> Iterator[Client]:
    client.force_login(User.objects.create_superuser("admin"))
    with translation.override("en"):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        yield client


def url_of(batch, step):
    return reverse(f"admin:campaigns_batch_{step}", args=[batch.pk])


def text_of(response):
    return response.content.decode()


def facts_of(response):
    return {str(name): str(value) for name, value in response.context["facts"]}


def closed_with_one_paid(**minimum_of):
    batch = make_offer(**minimum_of) if "minimum_rule" in minimum_of else roomy()
    place_paid(batch)
    return close(batch)


RULES = [
    ("proceed", "it is produced all the same, as buyers were told"),
    ("cancel", "it is not produced: it is canceled, everyone is refunded"),
]


@pytest.mark.parametrize(("rule", "warning"), RULES)
def test_the_page_warns_of_what_happens_instead(staff, rule, warning):
    batch = closed_with_one_paid(minimum_units=2, minimum_rule=rule)

    facts = facts_of(staff.get(url_of(batch, "production")))

    assert facts["Below the minimum"] == warning
    assert (facts["Units to produce"], facts["Minimum"]) == ("1", "2")


def test_nothing_is_warned_of_once_enough_are_paid(staff):
    batch = closed_with_one_paid(minimum_units=1, minimum_rule="cancel")

    assert "Below the minimum" not in facts_of(staff.get(url_of(batch, "production")))


def test_started_below_the_minimum_it_is_canceled_and_told(staff):
    batch = closed_with_one_paid(minimum_units=2, minimum_rule="cancel")

    answer = staff.post(url_of(batch, "production"), follow=True)

    told = (
        "Production did not start: 1 of at least 2 are paid, so the batch is canceled"
    )
    assert told in text_of(answer)
    assert Batch.objects.get().stage == "canceled"
    assert not ProductionSheet.objects.exists()
    assert batch.events.get(kind="canceled").user == User.objects.get()
    assert "Minimum missed: canceled, everyone is refunded" in text_of(answer)


def test_started_below_the_minimum_it_is_extended_and_told(staff):
    batch = closed_with_one_paid()

    answer = staff.post(url_of(batch, "production"), follow=True)

    assert "so the batch takes orders again until" in text_of(answer)
    assert Batch.objects.get().stage == "open"
    assert not ProductionSheet.objects.exists()


def test_started_with_enough_it_is_decided_and_frozen(staff):
    batch = closed_with_one_paid(minimum_units=1, minimum_rule="cancel")

    staff.post(url_of(batch, "production"))

    kinds = list(batch.events.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["closed", "minimum_reached", "production"]
    assert ProductionSheet.objects.get().lines.get().to_produce == 1
    assert_invariants()


def test_an_unpaid_order_ends_before_the_minimum_is_counted():
    batch = make_offer(minimum_units=2)
    place_paid(batch)
    unpaid = place_order(batch)
    close(batch)

    with pytest.raises(start_of_production.MinimumMissed) as refusal:
        start_of_production.start(batch.pk, actor=SYSTEM)

    assert refusal.value.verdict.units == 1
    assert sums_of(unpaid)[0] == "expired"


def silent(_gateway, _payment):
    raise GatewayError("no answer")


def test_a_silent_gateway_delays_the_decision_too(monkeypatch):
    batch = make_offer(minimum_units=2)
    place_paid(batch)
    place_order(batch)
    close(batch)
    monkeypatch.setattr(SandboxGateway, "cancel", silent)

    with pytest.raises(NotDrained):
        start_of_production.start(batch.pk, actor=SYSTEM)

    batch.refresh_from_db()
    assert (batch.stage, batch.minimum_decided_at) == ("closed", None)


def refused(batch):
    with pytest.raises(CommandError) as refusal:
        call_command("freeze_production", batch.pk, stdout=StringIO())
    return str(refusal.value)


def test_the_command_tells_that_it_was_canceled():
    batch = closed_with_one_paid(minimum_units=2, minimum_rule="cancel")

    told = (
        "1 of at least 2 units are paid, so it was canceled and everyone is refunded."
    )
    assert refused(batch).endswith(told)


def test_the_command_tells_that_it_was_extended():
    batch = closed_with_one_paid()

    told = refused(batch)

    closes_at = Batch.objects.get().closes_at
    assert f"so it was extended until {closes_at:%Y-%m-%d %H:%M}" in told


# --- the desk and the batch's page


def test_the_desk_mentions_what_missed_its_minimum_for_two_weeks(staff):
    batch = closed_with_one_paid(minimum_units=2, minimum_rule="cancel")
    minimum_verdict.decide(batch.pk, actor=SYSTEM)

    [number] = staff.get(reverse("admin:index")).context["dashboard"].alerts

    assert (number.label, number.value) == ("Batch that missed its minimum lately", 1)
    assert staff.get(number.url).context["cl"].queryset.get() == batch
    Batch.objects.update(minimum_missed_at=database_now() - timedelta(days=15))
    assert staff.get(reverse("admin:index")).context["dashboard"].alerts == []


def test_the_page_of_the_batch_tells_count_rule_and_decision(staff):
    batch = closed_with_one_paid(minimum_units=2, minimum_rule="cancel")
    page = reverse("admin:campaigns_batch_change", args=[batch.pk])

    before = text_of(staff.get(page))
    minimum_verdict.decide(batch.pk, actor=SYSTEM)
    after = text_of(staff.get(page))

    assert "1 of at least 2 paid." in before
    assert "If fewer than 2 are paid, everyone gets a full refund." in before
    assert "by itself, once it is closed and no order can still be paid" in before
    assert "missed and canceled, " in after


def test_after_the_first_order_the_minimum_is_settled(staff):
    batch = make_offer(minimum_units=2)
    place_order(batch)
    page = reverse("admin:campaigns_batch_change", args=[batch.pk])
    before = rows_of_orders()

    form = staff.get(page).context["adminform"].form

    assert not {"minimum_units", "minimum_rule", "extension_days"} & set(form.fields)
    assert rows_of_orders() == before


def test_closing_early_says_what_the_minimum_makes_of_it(staff):
    batch = make_offer(minimum_units=2, minimum_rule="cancel")
    place_paid(batch)

    facts = facts_of(staff.get(url_of(batch, "close")))

    assert facts["Now"] == "1 of at least 2 paid."
    assert facts["Below the minimum"] == RULES[1][1]
    assert "as soon as no order can still be paid" in facts["Decided"]


def test_closing_says_nothing_of_a_minimum_that_is_reached(staff):
    batch = make_offer(minimum_units=1, minimum_rule="cancel")
    place_paid(batch)

    facts = facts_of(staff.get(url_of(batch, "close")))

    assert "Below the minimum" not in facts
