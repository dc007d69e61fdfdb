"""Every mail in both languages, with the longest names: whole and within bounds."""

import copy
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.test import override_settings

from campaigns.models import Campaign, Seller, Update
from config.mail_gallery import views as gallery_views
from config.mail_gallery import world as mail_world
from config.mail_gallery.examples import EXAMPLES
from orders.models import Message, Order
from orders.models.mail_kinds import KINDS

pytestmark = [pytest.mark.django_db, pytest.mark.once]

MAILS = Path(settings.BASE_DIR) / "templates" / "orders" / "emails"
MISSING = "⟦%s⟧"
# The pages are routed in DEBUG only.
SHOWN = pytest.mark.urls("tests.config.gallery_urls")
PATHS = ["", "order-placed-hosted/", "order-placed-hosted/id/"]


def templates_that_name_what_is_missing():
    changed = copy.deepcopy(settings.TEMPLATES)
    changed[0]["OPTIONS"]["string_if_invalid"] = MISSING
    return changed


@pytest.fixture(scope="module")
def samples(django_db_setup, django_db_blocker):
    """All of them, rendered once; they leave nothing behind."""
    with (
        django_db_blocker.unblock(),
        override_settings(TEMPLATES=templates_that_name_what_is_missing()),
    ):
        found = gallery_views.samples()
        pages = [(each, each.html) for each in found]
        assert not Message.objects.exists()
        assert not Order.objects.exists()
    return pages


def named(sample):
    return f"{sample.example.slug} ({sample.locale})"


def test_every_template_has_an_example():
    kinds = {
        path.name.removesuffix(".subject.txt") for path in MAILS.glob("*.subject.txt")
    }

    assert {example.words for example in EXAMPLES} == kinds
    assert len({example.slug for example in EXAMPLES}) == len(EXAMPLES)


def test_every_kind_of_mail_has_a_name_for_staff(samples):
    assert {sample.message.kind for sample, _html in samples} == KINDS.keys()


def test_no_mail_lacks_a_word(samples):
    broken = [
        (named(sample), found)
        for sample, html in samples
        for text in (sample.message.subject, sample.message.text, html)
        if (found := re.findall(r"⟦.*?⟧|\{[{%]|%\(\w+\)|&amp;[a-z]+;|\bNone\b", text))
    ]

    assert broken == []


def test_subjects_are_one_line_of_at_most_sixty_characters(samples):
    long = [
        (named(sample), sample.message.subject)
        for sample, _html in samples
        if sample.is_long or not sample.message.subject.isprintable()
    ]

    assert long == []


def test_a_subject_names_the_order_or_what_is_offered(samples):
    without = [
        named(sample)
        for sample, _html in samples
        if sample.message.order_id
        and "STYLEG11" not in sample.message.subject
        and "Jake" not in sample.message.subject
    ]

    assert without == []


def test_the_html_is_small_fetches_nothing_and_says_where_to_press_once(samples):
    odd = [
        named(sample)
        for sample, html in samples
        if len(html.encode()) > 20_000
        or re.search(r"<(img|link|script|iframe|object)\b|url\(|src=|@import", html)
        or html.count('class="button"') != 1
        or f'<html lang="{sample.message.locale}">' not in html
    ]

    assert odd == []


def test_state_comes_first_then_the_date_then_the_link(samples):
    """They reach their link within the first paragraphs; an update is its own text."""
    late = [
        named(sample)
        for sample, _html in samples
        if sample.example.words != "update"
        and not re.search(r"https?://", "\n\n".join(_blocks(sample)[:5]))
        or "http" in _blocks(sample)[0]
    ]

    assert late == []


def test_each_mail_can_be_sent_as_it_is(samples):
    for sample, html in samples:
        message = mail.EmailMultiAlternatives(
            sample.message.subject, sample.message.text, to=[sample.message.to]
        )
        message.attach_alternative(html, "text/html")

        assert message.message().as_bytes()


@SHOWN
def test_the_list_shows_every_mail_and_marks_what_is_too_long(client, monkeypatch):
    monkeypatch.setattr(settings, "DEBUG", True)
    monkeypatch.setattr(gallery_views, "EXAMPLES", EXAMPLES[:2])
    few = gallery_views.samples(EXAMPLES[:2])
    few[0].message.subject = "x" * 61
    monkeypatch.setattr(gallery_views, "samples", lambda: few)

    page = client.get("/styleguide/mails/").content.decode()

    assert page.count('<th scope="row">') == 4
    assert page.count("<strong>too long</strong>") == 1
    assert "61 <strong>too long" in page


@SHOWN
def test_a_mail_is_shown_as_text_beside_its_html_in_a_sandbox(client, monkeypatch):
    monkeypatch.setattr(settings, "DEBUG", True)

    page = client.get("/styleguide/mails/order-placed-hosted/").content.decode()
    framed = client.get("/styleguide/mails/order-placed-hosted/id/")

    assert page.count("<iframe") == page.count("sandbox src=") == 2
    assert "Order STYLEG11" in page
    assert framed["X-Frame-Options"] == "SAMEORIGIN"
    assert framed["Content-Security-Policy"] == gallery_views.FRAMED
    assert not Order.objects.exists()


@pytest.mark.parametrize(
    "path", ["", "order-placed-hosted/", "order-placed-hosted/id/"]
)
def test_outside_debug_there_is_no_gallery(client, monkeypatch, path):
    monkeypatch.setattr(settings, "DEBUG", False)

    assert client.get(f"/styleguide/mails/{path}").status_code == 404


@SHOWN
def test_an_unknown_mail_or_language_is_not_found(client, monkeypatch):
    monkeypatch.setattr(settings, "DEBUG", True)

    paths = ["nonsense/", "nonsense/id/", "order-placed-hosted/fr/"]

    assert [client.get(f"/styleguide/mails/{p}").status_code for p in paths] == [
        404
    ] * 3


def _blocks(sample):
    return sample.message.text.strip().split("\n\n")


@pytest.mark.parametrize(
    ("model", "column", "longest"),
    [
        (Campaign, "title", mail_world.TITLE),
        (Update, "title", mail_world.TITLE),
        (Seller, "name", mail_world.BRAND),
        (Order, "name", mail_world.NAME),
    ],
)
def test_the_longest_names_fit_their_columns(model, column, longest):
    """PostgreSQL refuses what SQLite stores."""
    assert len(longest) <= model._meta.get_field(column).max_length
