"""A deposit plan says how much, until when, and what happens without the rest."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import translation

from campaigns import balance_wording, readiness
from campaigns.clock import database_now
from campaigns.models import Campaign
from tests.factories import make_campaign, make_picture, make_shop
from tests.forms import fields_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

FORFEIT = Campaign.UnpaidBalance.FORFEIT
HOLD = Campaign.UnpaidBalance.HOLD


@pytest.fixture
def staff(client):
    client.force_login(User.objects.create_superuser("admin"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def save(client, campaign, **entered):
    url = reverse("admin:campaigns_campaign_change", args=[campaign.pk])
    form = fields_of(client.get(url))
    return client.post(url, form | entered)


def errors_of(response):
    return response.context["adminform"].form.errors


def plan_of(campaign):
    campaign.refresh_from_db()
    return (campaign.plan, campaign.balance_due_days, campaign.balance_due_on)


@pytest.mark.parametrize(
    ("entered", "field"),
    [
        ({"deposit_percent": "30"}, "balance_due_days"),
        ({"balance_due_days": "7"}, "deposit_percent"),
        (
            {
                "deposit_percent": "30",
                "balance_due_days": "7",
                "balance_due_on": "2027-01-09",
            },
            "balance_due_on",
        ),
        ({"deposit_percent": "30", "balance_due_days": "366"}, "balance_due_days"),
        ({"deposit_percent": "100", "balance_due_days": "7"}, "deposit_percent"),
    ],
)
def test_a_plan_that_is_not_clear_is_refused(staff, entered, field):
    campaign = make_campaign()

    answer = save(staff, campaign, plan="deposit", **entered)

    assert list(errors_of(answer)) == [field]
    assert plan_of(campaign) == ("full", None, None)


@pytest.mark.parametrize(
    ("due", "stored"),
    [
        ({"balance_due_days": "0"}, (0, None)),
        ({"balance_due_on": "2027-01-09"}, (None, date(2027, 1, 9))),
    ],
)
def test_one_rule_for_the_balance_is_saved(staff, due, stored):
    campaign = make_campaign()

    save(
        staff,
        campaign,
        plan="deposit",
        deposit_percent="30",
        unpaid_balance="forfeit",
        **due,
    )

    assert plan_of(campaign) == ("deposit", *stored)
    assert campaign.unpaid_balance == FORFEIT


def texts_missing(campaign):
    checks = readiness.checklist(campaign, database_now())
    return [str(check.text) for check in checks if not check.is_done]


def ready_campaign(**columns):
    campaign = make_campaign(**columns)
    make_picture(campaign=campaign)
    make_shop(campaign=campaign)
    return campaign


def test_a_deposit_without_a_day_for_the_balance_is_not_ready():
    campaign = ready_campaign(plan="deposit", deposit_percent=30)

    [missing] = texts_missing(campaign)

    assert missing.startswith("Say how much the deposit is")
    campaign.balance_due_days = 7
    assert texts_missing(campaign) == []


def test_a_balance_is_not_due_before_its_batches_close():
    today = database_now().date()
    campaign = ready_campaign(
        plan="deposit", deposit_percent=30, balance_due_on=today + timedelta(days=3)
    )

    assert texts_missing(campaign) == [
        "The balance has to be due after the batches close."
    ]
    campaign.balance_due_on = today + timedelta(days=30)
    assert texts_missing(campaign) == []


def test_full_payment_needs_no_plan():
    assert texts_missing(ready_campaign()) == []
    assert balance_wording.sentences(make_campaign()) == []


@pytest.mark.parametrize(
    ("columns", "due"),
    [
        ({"balance_due_days": 7}, "within 7 days after production starts."),
        ({"balance_due_days": 1}, "within 1 day after production starts."),
        ({"balance_due_days": 0}, "on the day production starts."),
        ({"balance_due_on": date(2027, 1, 9)}, "by 9 January 2027."),
        ({}, "before it ships."),
    ],
)
def test_when_the_balance_is_due_is_one_sentence(columns, due):
    campaign = make_campaign(plan="deposit", deposit_percent=30, **columns)

    with translation.override("en"):
        first, _unpaid = balance_wording.sentences(campaign)

    assert first == f"The balance is due {due}"


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("forfeit", "the seller keeps what you paid."),
        ("refund_less_deposit", "what you paid above it comes back."),
        ("hold", "your order waits and is not shipped."),
    ],
)
def test_what_happens_without_the_balance_is_read_before_paying(client, rule, words):
    campaign = ready_campaign(
        plan="deposit", deposit_percent=30, balance_due_days=7, unpaid_balance=rule
    )
    variant = campaign.variants.get()
    checkout = f"/en/c/{campaign.slug}/checkout/?quantity-{variant.pk}=1"

    for url in (f"/en/c/{campaign.slug}/", checkout):
        text = client.get(url).content.decode()
        assert "The balance is due within 7 days after production starts." in text
        assert words in text


def test_the_grace_is_stated_where_an_order_can_end():
    with translation.override("en"):
        forfeit = balance_wording.unpaid(FORFEIT, grace=3)
        hold = balance_wording.unpaid(HOLD, grace=3)

    assert "a last notice with 3 more days" in forfeit
    assert "notice" not in hold
