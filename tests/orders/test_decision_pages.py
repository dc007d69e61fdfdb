"""The secret page of a question: read, answered once, and told ever after."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone, translation

from campaigns import capacity, dates
from campaigns.clock import database_now
from campaigns.errors import SoldOut
from campaigns.models import Batch
from orders.decisions.page import Trouble
from orders.models import Decision, Order
from orders.moves import questions as move_questions
from orders.moves.page import MovePage
from tests.drafts import place_paid, rows_of_orders
from tests.orders.moving import MOVE, STAY, answer, ask, time_is_over, two_batches
from tests.orders.test_pages import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def question():
    first, second = two_batches()
    order = place_paid(first, units=[2])
    Order.objects.update(locale="en")
    return ask(Order.objects.get(pk=order.pk), second)


def address(decision):
    return f"/o/{decision.order.token}/decision/{decision.pk}/"


def send(client, decision, choice=MOVE, **fields):
    fields = {"answer": choice, "schedule_version": 1} | fields
    return client.post(address(decision), fields)


def everything():
    return rows_of_orders() | {"Decision": list(Decision.objects.values())}


def in_english(batch):
    with translation.override("en"):
        return dates.window(batch.ships_from, batch.ships_until)


def heading(response):
    found = re.search(r"<h1>(.*?)</h1>", response.content.decode(), re.DOTALL)
    assert found
    return found.group(1).strip()


def test_the_page_tells_both_windows_the_hour_and_what_silence_means(client, question):
    response = client.get(address(question))

    text = text_of(response)
    with translation.override("en"), timezone.override("Asia/Jakarta"):
        moment = dates.moment(question.answer_by)
    assert response.status_code == 200
    assert heading(response) == "Move to batch 2?"
    for words in (
        f"Batch 1 {in_english(question.origin)}",
        f"Batch 2 {in_english(question.target)}",
        f"Answer by {moment}",
        "Without an answer your order stays in batch 1.",
        "Batch 2 has 100 left now. No place is kept for you",
        "The seller’s reason: The cloth ran out.",
        "Either answer is final.",
        f"Move to batch 2 · ships {in_english(question.target)}",
        "Stay in batch 1",
    ):
        assert words in text


def test_both_buttons_look_the_same(client, question):
    html = client.get(address(question)).content.decode()

    kinds = re.findall(
        r'<button type="submit" name="answer" value="(\w+)" class="([^"]+)"', html
    )

    assert kinds == [("move", "btn btn-2"), ("stay", "btn btn-2")]


def test_the_page_speaks_the_language_of_its_order(client, question):
    Order.objects.update(locale="id")

    response = client.get(address(question), headers={"accept-language": "en"})

    assert response["Content-Language"] == "id"
    assert "private" in response["Cache-Control"]
    assert response["X-Robots-Tag"] == "noindex, nofollow"


def test_a_question_of_another_order_is_unknown(client, question):
    other = place_paid(question.origin)

    answers = [
        client.get(f"/o/{other.token}/decision/{question.pk}/"),
        client.post(
            f"/o/{other.token}/decision/{question.pk}/",
            {"answer": "move", "schedule_version": 1},
        ),
        client.get(f"/o/{question.order.token}/decision/999999/"),
        client.get(f"/o/{question.order.token}/decision/99999999999999999999999/"),
        client.get(f"/o/nonsense/decision/{question.pk}/"),
    ]

    assert [response.status_code for response in answers] == [404] * 5
    assert Decision.objects.get().is_open


def test_moving_leads_back_to_the_page_which_says_so(client, question):
    response = send(client, question)

    page = client.get(response["Location"])
    assert (response.status_code, response["Location"]) == (303, address(question))
    assert heading(page) == "You moved to batch 2"
    assert "You decided this; it is final." in text_of(page)
    assert "<button" not in page.content.decode().split("<main")[1].split("</main")[0]
    assert Order.objects.get().batch == question.target


def test_staying_leads_back_to_the_page_which_says_so(client, question):
    response = send(client, question, STAY)

    page = client.get(response["Location"])
    assert response.status_code == 303
    assert heading(page) == "Your order stays in batch 1"
    assert Order.objects.get().batch == question.origin


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [(MOVE, MOVE, 303), (STAY, STAY, 303), (MOVE, STAY, 409), (STAY, MOVE, 409)],
)
def test_a_second_answer_changes_nothing(client, question, first, second, status):
    send(client, question, first)
    before = everything()

    response = send(client, question, second)

    assert response.status_code == status
    assert everything() == before


def test_another_answer_is_told_what_was_decided(client, question):
    send(client, question, STAY)

    response = send(client, question, MOVE)

    text = text_of(response)
    assert heading(response) == "Your order stays in batch 1"
    assert "This was decided before" in text
    assert "Nothing was changed by this answer." in text


def test_a_full_batch_says_in_digits_what_is_left_and_asks_on(client, question):
    Batch.objects.filter(pk=question.target_id).update(capacity=1)
    before = everything()

    response = send(client, question)

    text = text_of(response)
    assert response.status_code == 409
    assert "Not enough left in batch 2" in text
    assert "Nothing was changed: 1 left. You can try again later" in text
    assert "2 wanted, 1 left" in text
    assert "Stay in batch 1" in text
    assert everything() == before


@pytest.mark.parametrize(
    ("caps", "title", "left"),
    [
        (
            {"order_capacity": 0},
            "Batch 2 takes no more orders",
            "0 left (the batch takes no more orders)",
        ),
        (
            {"goods_capacity": 100_000},
            "Batch 2 has reached its limit in value of goods",
            "0 left (the batch has a limit in value of goods)",
        ),
        (
            {"goods_capacity": 200_000},
            "Not enough left in batch 2",
            "1 left (the batch has a limit in value of goods)",
        ),
    ],
)
def test_a_batch_with_units_left_names_the_cap_that_holds(
    client, question, caps, title, left
):
    Batch.objects.filter(pk=question.target_id).update(**caps)
    before = everything()

    text = text_of(send(client, question))

    assert title in text
    assert f"Nothing was changed: {left}." in text
    assert everything() == before


def test_room_that_came_back_meanwhile_is_not_called_too_little(client, question):
    page = MovePage(order=question.order, decision=question, now=database_now())

    with translation.override("en"):
        page.tell(SoldOut([]))

    assert page.trouble == Trouble(
        "Batch 2 has enough left again",
        "It has 100 left now. Nothing was changed yet: answer again.",
    )


def on_the_way(batch, monkeypatch, **columns):
    """The batch goes on after the order was read, before its row is passed."""
    shift = capacity.shift

    def shift_late(*moves):
        Batch.objects.filter(pk=batch).update(**columns)
        shift(*moves)

    monkeypatch.setattr(capacity, "shift", shift_late)


def test_production_that_starts_beside_the_answer_is_what_the_refusal_says(
    client, question, monkeypatch
):
    before = everything()
    with monkeypatch.context() as patch:
        on_the_way(question.origin_id, patch, stage="production")

        response = send(client, question)

    text = text_of(response)
    assert response.status_code == 409
    assert "Production of batch 1 has started" in text
    assert "You can still leave the batch" in text
    assert "not enough left" not in text
    assert everything() == before
    assert send(client, question).status_code == 303


def test_a_closed_batch_says_so_and_the_buyer_may_stay(client, question):
    Batch.objects.filter(pk=question.target_id).update(stage="closed")

    refused = send(client, question)
    stayed = send(client, question, STAY)

    assert (refused.status_code, stayed.status_code) == (409, 303)
    assert "Batch 2 takes no more orders" in text_of(refused)


def test_a_newer_window_is_shown_with_the_old_one_and_asked_again(client, question):
    later = question.ships_until + timedelta(days=9)
    rows = Batch.objects.filter(pk=question.target_id)
    rows.update(schedule_version=2, ships_until=later)

    page = client.get(address(question))
    refused = send(client, question, schedule_version=1)
    accepted = send(client, question, schedule_version=2)

    assert f"<s>{in_english(question)}</s>" in page.content.decode()
    assert 'name="schedule_version" value="2"' in page.content.decode()
    assert refused.status_code == 409
    assert "The shipping date has changed" in text_of(refused)
    assert in_english(rows.get()) in text_of(refused)
    assert accepted.status_code == 303
    assert Decision.objects.get().ships_until == later


@pytest.mark.parametrize("choice", ["", "wait", "MOVE", "move\x00"])
def test_no_known_answer_decides_nothing(client, question, choice):
    before = everything()

    response = send(client, question, choice)

    assert response.status_code == 422
    assert "Choose one of the two." in text_of(response)
    assert everything() == before


@pytest.mark.parametrize("version", ["", "x", "-1", "1.0", "9" * 40, "١"])
def test_a_window_that_was_never_shown_moves_nobody(client, question, version):
    before = everything()

    response = send(client, question, schedule_version=version)

    assert response.status_code == 409
    assert everything() == before


def test_after_the_hour_the_page_says_that_it_stays(client, question):
    time_is_over(question)

    page = client.get(address(question))
    refused = send(client, question)
    move_questions.lapse_due()
    later = client.get(address(question))

    assert refused.status_code == 409
    for response in (page, refused, later):
        assert heading(response) == "Your order stays in batch 1"
        assert "There was no answer in time." in text_of(response)


def test_a_withdrawn_question_says_that_nothing_is_to_be_answered(client, question):
    Decision.objects.update(state="withdrawn", settled_at=database_now())

    page, refused = client.get(address(question)), send(client, question)

    assert heading(page) == "The question is withdrawn"
    assert refused.status_code == 409
    assert "There is nothing to answer any more." in text_of(refused)


def test_the_order_page_leads_to_an_open_question_only(client, question):
    status = f"/o/{question.order.token}/"
    opened = client.get(status).content.decode()
    answer(question)
    decided = client.get(status).content.decode()

    assert address(question) in opened
    assert "Move to batch 2? The seller asks you" in opened
    assert address(question) not in decided


def test_the_order_page_shows_the_first_promise_beside_the_new_window(client, question):
    answer(question)

    text = text_of(client.get(f"/o/{question.order.token}/"))

    promised = in_english(question.origin)
    assert f"Batch 2 · promised for {promised} when you ordered" in text
    assert f"{in_english(question.target)} (estimated) · was {promised}" in text
    assert in_english(question.target) in text
    assert "You moved the order from batch 1 to 2." in text
    assert "The seller asked: move to batch 2?" in text


def test_a_reason_with_markup_is_only_text(client, question):
    Decision.objects.update(reason="<script>x</script>")

    html = client.get(address(question)).content.decode()

    assert "<script>x" not in html


def test_another_method_is_not_allowed(client, question):
    assert client.put(address(question)).status_code == 405


def test_the_page_takes_six_queries(client, question, django_assert_num_queries):
    with django_assert_num_queries(6):
        client.get(address(question))
