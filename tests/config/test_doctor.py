from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from campaigns.clock import database_now
from orders.models import Message, Order
from payments import expiry
from tests.drafts import make_offer, place_order
from tests.silence import down

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(settings):
    settings.DEBUG = True
    out = StringIO()

    def examine():
        """What it prints, and whether it fails."""
        try:
            call_command("doctor", stdout=out)
        except CommandError:
            return out.getvalue(), True
        return out.getvalue(), False

    return examine


def test_a_healthy_shop_passes(report):
    text, fails = report()

    assert "✗" not in text
    assert not fails


def test_mail_that_nobody_sends_is_noticed(report):
    due = timezone.now() - timedelta(hours=2)
    Message.objects.create(
        dedupe_key="one", kind="update", to="a@example.com", next_attempt_at=due
    )

    text, fails = report()

    assert "✗ outbox" in text
    assert "120 minutes" in text
    assert fails


def test_holds_that_nobody_ends_are_noticed_but_not_those_a_gateway_keeps(report):
    order = place_order(make_offer())
    Order.objects.update(expires_at=database_now() - timedelta(minutes=30))
    overlooked, _fails = report()
    with down():
        assert not expiry.expire(order.pk)

    kept, fails = report()

    assert "✗ holds" in overlooked
    assert "✗ holds" not in kept.removeprefix(overlooked)
    assert not fails


def test_a_broker_that_is_away_is_noticed(report, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    text, fails = report()

    assert "✗ broker" in text
    assert fails


def test_a_media_folder_that_is_not_writable_is_noticed(report, settings):
    settings.MEDIA_ROOT = "/proc/nowhere"

    text, fails = report()

    assert "✗ media" in text
    assert fails


def test_each_gateway_is_named_with_the_world_its_keys_open(report, settings):
    settings.PAYMENT_GATEWAYS = ["midtrans", "xendit", "bank_transfer"]
    settings.MIDTRANS_SERVER_KEYS = ["SB-Mid-server-abc"]
    settings.XENDIT_SECRET_KEY = "xnd_development_abc"
    settings.XENDIT_CALLBACK_TOKENS = ["token-abc"]

    text, fails = report()

    keys = "test keys, no real money"
    assert f"midtrans ({keys}), xendit ({keys}), bank_transfer" in text
    assert not fails


def test_a_gateway_without_its_keys_is_noticed(report, settings):
    settings.PAYMENT_GATEWAYS = ["xendit"]

    text, fails = report()

    assert "XENDIT_SECRET_KEY is empty" in text
    assert fails
