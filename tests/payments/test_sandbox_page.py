"""The sandbox's page: every ending, and what is left when the session is over."""

import re

import pytest

from orders.models import Order
from payments.sandbox import endings as sandbox_endings
from payments.sandbox import provider as sandbox
from tests.factories import make_order, pay_in_sandbox

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

ENDINGS = [
    "pay",
    "fail",
    "expire",
    "pay_late",
    "pay_twice",
    "pay_less",
    "resend",
    "refund_first",
    "refund_fails_later",
    "unknown_order",
    "forge",
]


def buttons(page):
    """Name of each ending, and whether its button can be pressed."""
    found = re.findall(r'<button[^>]*name="ending" value="(\w+)"([^>]*)>', page)
    return {name: "disabled" not in rest for name, rest in found}


def page_of(client, order, **headers):
    response = client.get(
        f"/sandbox/{order.payments.earliest('pk').reference}/", headers=headers
    )
    assert response.status_code == 200
    return response.content.decode()


def test_an_open_session_offers_every_ending_in_one_form(client):
    order = make_order()

    page = page_of(client, order)

    assert page.count("<form") == 1
    assert buttons(page) == dict.fromkeys(ENDINGS, True)
    assert "Rp\xa0203.000" in page
    assert order.payments.get().reference in page


def test_every_ending_is_told_in_a_sentence():
    assert list(sandbox_endings.WORDS) == list(sandbox.ENDINGS) == ENDINGS
    assert all(
        str(text).endswith(".") for _name, text in sandbox_endings.WORDS.values()
    )


def test_the_page_speaks_the_language_of_the_browser(client):
    order = make_order()

    assert '<html lang="en">' in page_of(client, order, accept_language="en")
    assert '<html lang="id">' in page_of(client, order, accept_language="id")


def test_paying_leads_back_to_the_shop(client):
    order = make_order()

    response = client.post(
        f"/sandbox/{order.payments.earliest('pk').reference}/", {"ending": "pay"}
    )

    assert response.status_code == 303
    assert response["Location"] == f"/o/{order.token}/pay/return/"


def test_after_the_end_only_what_still_works_can_be_pressed(client):
    order = make_order()
    pay_in_sandbox(order)

    page = page_of(client, order, accept_language="en")

    possible = {name for name, works in buttons(page).items() if works}
    assert possible == {"pay_late", "resend", "unknown_order", "forge"}
    assert "This session is over" in page
    assert page.count("Not possible: the session is over.") == 7


def test_an_ending_that_is_over_is_refused_and_changes_nothing(client):
    order = make_order()
    pay_in_sandbox(order)

    response = client.post(
        f"/sandbox/{order.payments.earliest('pk').reference}/", {"ending": "fail"}
    )

    assert response.status_code == 409
    assert 'role="alert"' in response.content.decode()
    assert Order.objects.get().status == Order.Status.CONFIRMED


def test_an_unknown_reference_is_not_found(client):
    assert client.get("/sandbox/NOTHING-1/").status_code == 404
