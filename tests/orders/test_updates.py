"""An update goes out: once to each person, after the time to take it back."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from campaigns.clock import database_now
from campaigns.errors import InvalidTransition
from campaigns.models import Update
from orders.mail import outbox
from orders.models import Message, Order, Subscriber
from orders.subscriptions import unsubscribing
from orders.subscriptions.unsubscribing import Subject
from orders.updates import writing as update_writing
from orders.updates.forms import checked
from orders.updates.reach import Reach, Reason
from orders.updates.recipients import identity_of
from orders.updates.words import headline
from tests.concurrency.racing import assert_invariants
from tests.factories import make_confirmed_order, make_order, make_shop, make_variant
from tests.orders.posts import (
    make_update,
    publish,
    send_out,
    subscribe,
    written_to,
)

pytestmark = pytest.mark.django_db


def buyers(batch, count, **columns):
    return [
        make_confirmed_order(batch=batch, email=f"buyer-{n}@example.com", **columns)
        for n in range(count)
    ]


def token_of(message):
    return message.unsubscribe_url.rstrip("/").rpartition("/")[2]


# Who gets it


def test_each_buyer_gets_one_mail_whatever_the_number_of_orders():
    batch = make_shop()
    first, second, third = buyers(batch, 3)
    Order.objects.filter(pk=third.pk).update(email="Buyer-0+batik@example.com")
    update = make_update(campaign=batch.campaign)

    assert send_out(update) == ["buyer-0@example.com", "buyer-1@example.com"]

    mail = Message.objects.get(update_of=update, order=first)
    assert (mail.kind, mail.priority, mail.state) == ("update", 9, "queued")
    assert mail.dedupe_key.startswith(f"update:{update.pk}:")
    assert mail.unsubscribe_url.startswith("http")
    assert mail.locale == first.locale
    update.refresh_from_db()
    assert update.written_at
    assert update.written_to == third.pk
    assert second.pk < third.pk
    assert_invariants()


def test_the_count_of_the_composer_is_what_is_written():
    batch = make_shop(capacity=20)
    orders = buyers(batch, 6)
    without, doubled, stopped, failing = orders[:4]
    Order.objects.filter(pk=without.pk).update(email="", source="chat")
    Order.objects.filter(pk=doubled.pk).update(email="BUYER-5@example.com")
    unpaid = make_order(batch=batch)
    earlier = make_update(campaign=batch.campaign)
    send_out(earlier)
    Message.objects.filter(order=failing, update_of=earlier).update(state="failed")
    mail = Message.objects.get(order=stopped, update_of=earlier)
    unsubscribing.stop(Subject.of(token_of(mail)))
    subscribe(batch.campaign, "reader@example.com")
    subscribe(batch.campaign, orders[4].email)
    update = make_update(campaign=batch.campaign, batch=batch)

    reach = Reach.of(update)

    assert (reach.orders, reach.people) == (6, 3)
    assert {reason: len(keys) for reason, keys in reach.skipped.items()} == {
        Reason.NO_EMAIL: 1,
        Reason.STOPPED: 1,
        Reason.FAILED: 1,
        Reason.TWICE: 1,
    }
    with translation.override("en"):
        said = headline(update, reach)
    assert said == (
        "Batch 1, paid, not shipped / shipped: 3 people; 4 orders left out:"
        " no e-mail address (1), wants no news (1), mail to the address failed (1),"
        " another order of the same person, written to once (1)"
    )
    told = send_out(update)
    assert sorted(told) == sorted(
        ["BUYER-5@example.com", "buyer-4@example.com", "reader@example.com"]
    )
    assert unpaid.email not in told
    assert_invariants()


def test_counting_takes_a_constant_number_of_queries(django_assert_num_queries):
    batch = make_shop()
    update = make_update(campaign=batch.campaign)
    make_confirmed_order(batch=batch)

    with django_assert_num_queries(4):
        Reach.of(update)
    buyers(batch, 4)
    with django_assert_num_queries(4):
        assert Reach.of(update).people == 5


def test_batch_variant_and_state_choose_the_orders():
    batch = make_shop()
    paid, unpaid = make_confirmed_order(batch=batch), make_order(batch=batch)
    other = make_variant(campaign=batch.campaign)
    about = {"campaign": batch.campaign, "audience": "buyers"}

    of_variant = make_update(variant=paid.lines.get().variant, **about)
    of_other = make_update(variant=other, **about)
    of_unpaid = make_update(statuses=["pending"], **about)

    assert send_out(of_variant) == [paid.email]
    assert send_out(of_other) == []
    assert send_out(of_unpaid) == [unpaid.email]


def test_a_promotion_goes_to_who_asked_for_promotions_only():
    batch = make_shop()
    buyers(batch, 2)
    subscribe(batch.campaign, "news@example.com")
    subscribe(batch.campaign, "deals@example.com", kind="promotions")
    subscribe(batch.campaign, "asked@example.com", kind="promotions", confirmed_at=None)
    update = make_update(campaign=batch.campaign, kind="promotion")

    assert send_out(update) == ["deals@example.com"]
    assert_invariants()


def test_subscribers_get_what_is_public_only():
    batch = make_shop()
    subscribe(batch.campaign, "reader@example.com")
    public = make_update(campaign=batch.campaign)
    private = make_update(campaign=batch.campaign, audience="buyers")

    assert send_out(public) == ["reader@example.com"]
    assert send_out(private) == []
    mail = Message.objects.get(update_of=public)
    assert f"/id/c/{batch.campaign.slug}/updates/#update-{public.pk}" in mail.text
    assert mail.order is None


# The words


def test_the_mail_is_readable_text_in_the_reader_s_language():
    batch = make_shop()
    order = make_confirmed_order(batch=batch, name="[Sri](http://evil.example)")
    update = make_update(
        campaign=batch.campaign,
        title="Kabar untuk {name}",
        other_title="News for {name}",
        other_body="Hi {name}, [see](https://x.id/a). **{batch}** ships {window}.",
    )

    send_out(update)

    mail = Message.objects.get(update_of=update)
    assert order.locale == "en"
    assert mail.subject == "News for [Sri](http: //evil.example)"
    assert "see <https://x.id/a>. batch 1 ships" in mail.text
    assert "**" not in mail.text
    assert f"/o/{order.token}/#update-{update.pk}" in mail.text
    assert mail.unsubscribe_url in mail.text
    assert order.token not in mail.unsubscribe_url
    assert mail.schedule_version == 1


@pytest.mark.parametrize(
    "text",
    ["Hi {nama}", "{name|<b>}", "a\u202egnp.exe", "bell\x07", "x" * 20_001, "[" * 1001],
)
def test_what_would_mislead_is_refused(text):
    with pytest.raises(ValidationError):
        checked(text)


# Undo, publishing, editing


def test_taking_back_sends_and_shows_nothing(client):
    batch = make_shop()
    buyers(batch, 1)
    update = make_update(campaign=batch.campaign)
    update.schedule()

    update_writing.publish_due()
    update_writing.write_due()
    page = client.get(f"/id/c/{batch.campaign.slug}/updates/").content.decode()
    update.take_back()
    passed = database_now() - timedelta(minutes=9)
    Update.objects.update(publish_at=passed)
    update_writing.publish_due()
    update_writing.write_due()

    update.refresh_from_db()
    assert (update.state, update.published_at) == ("draft", None)
    assert update.title not in page
    assert not Message.objects.filter(update_of=update).exists()


def test_what_is_published_cannot_be_taken_back_or_published_again():
    update = make_update()
    publish(update)
    published_at = update.published_at

    for step in (update.take_back, update.schedule, update.publish):
        with pytest.raises(InvalidTransition):
            step()
    assert update_writing.publish_due() == 0
    update.refresh_from_db()
    assert (update.state, update.published_at) == ("published", published_at)


def test_a_stale_copy_cannot_publish_what_was_taken_back():
    update = make_update()
    update.schedule()
    Update.objects.update(publish_at=database_now() - timedelta(seconds=1))
    stale = Update.objects.get()
    update.take_back()

    with pytest.raises(InvalidTransition):
        stale.publish()

    assert Update.objects.get().state == "draft"


def test_thirty_minutes_after_publishing_it_is_closed():
    update = make_update()
    publish(update)

    fresh = Update.objects.editable().count()
    old = database_now() - timedelta(minutes=30, seconds=1)
    Update.objects.update(published_at=old)

    assert (fresh, Update.objects.editable().count()) == (1, 0)
    update.refresh_from_db()
    assert not update.is_editable(database_now())
    added = update.amend("Pengiriman mulai Senin.", user=None)
    with pytest.raises(TypeError):
        added.delete()


# Writing in chunks


def test_who_is_killed_in_the_middle_goes_on_from_there(monkeypatch):
    batch = make_shop()
    buyers(batch, 5)
    subscribe(batch.campaign, "reader@example.com")
    update = make_update(campaign=batch.campaign)
    publish(update)
    monkeypatch.setattr(update_writing, "CHUNK", 2)
    monkeypatch.setattr(update_writing, "CHUNKS_A_ROUND", 1)

    seen = []
    for _round in range(5):
        update_writing.write_due()
        update.refresh_from_db()
        seen.append((len(written_to(update)), bool(update.written_at)))

    assert seen == [(2, False), (4, False), (5, False), (6, False), (6, True)]
    assert update_writing.write_due() == 0
    assert_invariants()


def test_a_chunk_that_fails_is_written_whole_next_time(monkeypatch):
    batch = make_shop()
    buyers(batch, 3)
    update = make_update(campaign=batch.campaign)
    publish(update)
    store = update_writing.mail_rows.store

    def dies(messages):
        store(messages)
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(update_writing.mail_rows, "store", dies)
        assert update_writing.write_due() == 0
    left = (written_to(update), Update.objects.get().written_to)
    update_writing.write_due()

    assert left == ([], 0)
    assert len(written_to(update)) == 3


def test_writing_takes_a_constant_number_of_queries(django_assert_num_queries):
    batch = make_shop()
    buyers(batch, 5)
    update = make_update(campaign=batch.campaign)
    publish(update)

    with django_assert_num_queries(14):
        update_writing.write(update.pk)


def test_its_mails_are_sent_and_fail_like_any_other():
    batch = make_shop()
    buyers(batch, 1)
    update = make_update(campaign=batch.campaign)
    send_out(update)

    outbox.deliver_due()

    assert set(update.messages.values_list("state", flat=True)) == {"sent"}


def test_the_invariants_see_a_missing_a_doubled_and_an_unwanted_mail(capsys):
    batch = make_shop()
    orders = buyers(batch, 3)
    update = make_update(campaign=batch.campaign)
    send_out(update)
    mails = {mail.order_id: mail for mail in update.messages.all()}
    mails[orders[0].pk].delete()
    Message.objects.filter(pk=mails[orders[1].pk].pk).update(to=orders[2].email)
    past = database_now() - timedelta(minutes=5)
    Subscriber.objects.create(
        email=orders[2].email,
        identity=orders[2].limit_keys[0],
        kind="updates",
        campaign=batch.campaign,
        unsubscribed_at=past,
    )
    Subscriber.objects.update(identity=identity_of(orders[2].email))

    with pytest.raises(SystemExit):
        assert_invariants()

    said = capsys.readouterr()
    told = said.out + said.err
    assert f"no mail for order {orders[0].pk}" in told
    assert "2 mails to one address" in told
    assert "unsubscribed" in told
