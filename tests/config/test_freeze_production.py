"""The command for the start of production: one sentence for each ending."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from campaigns.models import Batch
from fulfillment.models import ProductionSheet
from payments.errors import GatewayError
from payments.gateways.sandbox import SandboxGateway
from tests.drafts import make_offer, place_order, place_paid
from tests.fulfillment.goods import close, rows_of_goods

pytestmark = pytest.mark.django_db


def freeze(batch_id):
    out = StringIO()
    call_command("freeze_production", batch_id, stdout=out)
    return out.getvalue()


def refused(batch_id, match):
    before = rows_of_goods()
    with pytest.raises(CommandError, match=match):
        freeze(batch_id)
    assert rows_of_goods() == before


def test_it_freezes_and_tells_the_plan():
    batch = make_offer()
    place_paid(batch)
    place_order(batch)
    close(batch)

    told = freeze(batch.pk)

    sheet = ProductionSheet.objects.get()
    plan = f": 1 units of 1 variants, SHA-256 {sheet.digest}\n"
    assert told.startswith("Frozen: ")
    assert told.endswith(plan)
    assert Batch.objects.get().stage == "production"


def test_twice_says_that_it_is_frozen_and_changes_nothing():
    batch = make_offer()
    place_paid(batch)
    close(batch)
    freeze(batch.pk)
    before = rows_of_goods()

    assert freeze(batch.pk).startswith("It is frozen already: ")

    assert rows_of_goods() == before


def test_an_open_batch_is_refused_with_its_cut_off():
    batch = make_offer()
    place_order(batch)

    refused(batch.pk, f"takes orders until {batch.closes_at:%Y-%m-%d %H:%M}")


@pytest.mark.parametrize("stage", ["draft", "canceled"])
def test_another_stage_is_named(stage):
    batch = make_offer()
    Batch.objects.update(stage=stage)

    refused(batch.pk, f"is {stage}; production starts from closed")


def test_an_unknown_batch_is_named():
    refused(999, "There is no batch 999")


def silent(_gateway, _payment):
    raise GatewayError("no answer")


def test_a_silent_gateway_is_told_with_the_count(monkeypatch):
    batch = make_offer()
    place_order(batch)
    close(batch)
    monkeypatch.setattr(SandboxGateway, "cancel", silent)

    with pytest.raises(CommandError, match=r"1 unpaid orders .* few minutes"):
        freeze(batch.pk)

    assert Batch.objects.get().stage == "closed"
    assert not ProductionSheet.objects.exists()
