"""Each invariant of delays finds the row that breaks it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F

from campaigns.clock import database_now
from campaigns.models import Batch
from orders.delays import answers as delay_answers
from orders.delays import asking as delay_asking
from orders.delays.invariants import INVARIANTS
from orders.models import Decision, Message, Order
from tests import invariants
from tests.concurrency.racing import assert_invariants
from tests.drafts import make_offer, place_paid
from tests.orders.delaying import CANCEL, announce, answer, answer_by_passes, delay

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def nobody_tells(order):
    announce(order.batch)
    with connection.cursor() as cursor:
        long_ago = [database_now() - HOUR]
        cursor.execute(
            "UPDATE campaigns_schedulechange SET announced_at = %s", long_ago
        )


def know_too_much(order):
    Order.objects.filter(pk=order.pk).update(schedule_version=9)


def move_in_silence(order):
    delay(order.batch)
    Batch.objects.update(ships_until=F("ships_from"))


def lose_the_mail(order):
    delay(order.batch)
    Message.objects.filter(kind="schedule_change").delete()


def queue_twice(order):
    delay(order.batch)
    Message.objects.filter(kind="schedule_change").update(state="queued")
    mail = Message.objects.get(kind="schedule_change")
    mail.pk, mail.dedupe_key = None, "again"
    mail.save()


def ask_of_the_dead(order):
    delay(order.batch)
    Order.objects.update(schedule_version=3)


def lapse_unsent(order):
    delay(order.batch)
    answer_by_passes(Decision.objects.get())
    delay_answers.lapse_due()
    Message.objects.filter(kind="schedule_change").update(sent_at=None)


def keep_money(order):
    delay(order.batch)
    answer(order, CANCEL)
    Order.objects.update(amount_kept=1)


CORRUPTIONS = {
    "every order knows its newest window": nobody_tells,
    "no order knows a window to come": know_too_much,
    "a batch promises what was said": move_in_silence,
    "who was told has the mail": lose_the_mail,
    "no waiting mail tells a dead window": queue_twice,
    "nobody is asked of dead windows": ask_of_the_dead,
    "silence counts after the mail": lapse_unsent,
    "a delay keeps no money": keep_money,
}


@pytest.mark.parametrize("says", CORRUPTIONS)
def test_a_broken_row_is_named_and_a_shop_at_work_has_none(says):
    order = place_paid(make_offer())
    [invariant] = [one for one in INVARIANTS if one.says == says]

    assert not list(invariant.violations())
    CORRUPTIONS[says](order)

    assert len(list(invariant.violations())) == 1
    assert len(invariants.broken([invariant])) == 1


def test_every_one_of_them_is_broken_above():
    assert CORRUPTIONS.keys() == {invariant.says for invariant in INVARIANTS}


def test_asking_again_breaks_none():
    order = place_paid(make_offer())
    delay(order.batch)
    Message.objects.filter(kind="schedule_change").update(state="queued", sent_at=None)
    answer_by_passes(Decision.objects.get(), days=6)

    delay_asking.ask_again_due()

    assert_invariants()
