"""The list of a batch ends: who waits is told once, who left is not."""

from datetime import timedelta

import pytest

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.models import Batch, Campaign
from orders.models import Message, WaitlistEntry
from orders.waitlist import endings
from orders.waitlist import places as waitlist
from tests.concurrency.racing import assert_invariants
from tests.factories import make_batch, make_variant
from tests.waiting import full_batch, wait

pytestmark = pytest.mark.django_db

ENDED = "waitlist_ended"


def told():
    return list(Message.objects.filter(kind=ENDED).order_by("pk"))


def make_it(batch, stage=Batch.Stage.PRODUCTION):
    Batch.objects.filter(pk=batch.pk).update(stage=stage)


def english():
    WaitlistEntry.objects.update(locale="en")


def test_who_waits_is_told_once_and_where_another_opening_is_told():
    batch, _orders = full_batch()
    entry = wait(batch)
    english()
    make_it(batch)

    assert [endings.end_lists(), endings.end_lists()] == [1, 0]

    [mail] = told()
    assert (mail.to, mail.order) == (entry.email, None)
    title = batch.campaign.title
    assert mail.subject == f"The waiting list of batch 1 is over – {title}"
    assert "is being made, so its waiting list is over." in mail.text
    assert f"/en/c/{batch.campaign.slug}/reminder/" in mail.text
    entry.refresh_from_db()
    assert (entry.state, entry.end_reason) == ("ended", "production")


def test_a_batch_that_is_open_is_named_instead():
    batch, _orders = full_batch()
    wait(batch)
    english()
    make_batch(campaign=batch.campaign, closes_at=database_now() + timedelta(days=37))
    batch.cancel(actor=SYSTEM)

    endings.end_lists()

    [mail] = told()
    assert "was canceled, so its waiting list is over. You owe nothing." in mail.text
    assert "Batch 2 is open: it ships" in mail.text
    assert "/reminder/" not in mail.text


def test_a_campaign_that_is_hidden_leads_nowhere():
    batch, _orders = full_batch()
    wait(batch)
    make_it(batch)
    Campaign.objects.update(archived_at=database_now())

    endings.end_lists()

    assert "/c/" not in told()[0].text


def test_several_places_of_one_mailbox_are_one_mail():
    batch, _orders = full_batch()
    first, second = wait(batch), wait(batch)
    rows = WaitlistEntry.objects.filter(pk=second.pk)
    rows.update(identity=first.identity, variant=first.variant, state="left")
    WaitlistEntry.objects.create(
        batch=batch,
        variant=make_variant(campaign=batch.campaign),
        quantity=1,
        email=first.email,
        identity=first.identity,
    )
    make_it(batch)

    assert endings.end_lists() == 2

    assert [mail.to for mail in told()] == [first.email]


def test_who_left_and_whose_place_ended_before_hear_nothing():
    batch, _orders = full_batch()
    gone, ended = wait(batch), wait(batch)
    waitlist.depart(gone.pk)
    waitlist.end(ended.pk, WaitlistEntry.EndReason.SELLER)
    make_it(batch)

    assert endings.end_lists() == 0

    assert told() == []


def test_a_closed_batch_may_reopen_and_tells_nothing():
    batch, _orders = full_batch()
    wait(batch)
    batch.close(actor=SYSTEM)

    assert (endings.end_lists(), told()) == (0, [])


def test_any_number_is_told_in_chunks(monkeypatch):
    monkeypatch.setattr(endings, "CHUNK", 2)
    batch, _orders = full_batch()
    for _n in range(5):
        wait(batch)
    make_it(batch)

    assert endings.end_lists() == 5

    assert len(told()) == 5
    assert_invariants()
