"""A later batch opens: who waits for an earlier one hears of it once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaigns.actors import SYSTEM
from campaigns.models import Batch
from orders.mail import outbox
from orders.models import Message
from orders.waitlist import openings, places
from tests.factories import make_batch
from tests.waiting import full_batch, wait

pytestmark = pytest.mark.django_db


def open_next(batch, **columns):
    """One more batch of the campaign, opened by its seller now."""
    later = make_batch(campaign=batch.campaign, stage=Batch.Stage.DRAFT, **columns)
    later.open(actor=SYSTEM)
    return later


def openings_told():
    mails = Message.objects.filter(kind="opening").order_by("pk")
    return list(mails.values_list("to", flat=True))


def test_who_waits_is_told_once_of_each_later_batch():
    batch, _orders = full_batch()
    entry = wait(batch, email="ani@example.com")
    later = open_next(batch)

    assert openings.tell_of_openings() == 1
    assert openings.tell_of_openings() == 0

    mail = Message.objects.get(kind="opening")
    assert mail.dedupe_key == f"opening:{entry.pk}:{later.pk}"
    assert (mail.to, mail.order) == ("ani@example.com", None)
    assert f"/id/c/{batch.campaign.slug}/" in mail.text
    assert f"/waitlist/{entry.token}/" in mail.text
    open_next(batch)
    assert openings.tell_of_openings() == 1


def test_nobody_else_is_told():
    batch, _orders = full_batch()
    places.depart(wait(batch).pk)
    foreign, _orders = full_batch()
    wait(foreign)
    open_next(batch)

    assert openings.tell_of_openings() == 0
    assert openings_told() == []


def test_who_joined_beside_the_open_batch_saw_it():
    batch, _orders = full_batch()
    open_next(batch)
    wait(batch)

    assert openings.tell_of_openings() == 0


def test_a_batch_that_opens_later_is_told_when_it_does():
    batch, _orders = full_batch()
    wait(batch)
    tomorrow = timezone.now() + timedelta(days=1)
    later = open_next(batch, opens_at=tomorrow)
    assert openings.tell_of_openings() == 0

    Batch.objects.filter(pk=later.pk).update(opens_at=timezone.now())

    assert openings.tell_of_openings() == 1


def test_a_mail_without_an_order_is_sent_and_belongs_to_no_thread(mailoutbox):
    batch, _orders = full_batch()
    wait(batch, email="ani@example.com")

    outbox.deliver_due()

    [sent] = [mail for mail in mailoutbox if mail.to == ["ani@example.com"]]
    assert "References" not in sent.extra_headers
    assert Message.objects.get(kind="waitlist_joined").state == "sent"
