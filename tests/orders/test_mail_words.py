"""Words of people inside mails: shortened at a word, and nothing hidden in them."""

import pytest

from campaigns.text.typed_text import visible
from orders.mail import rows as mail_rows
from orders.mail.words import elastic, shortened, subject_of
from tests.factories import make_order

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("text", "most", "kept"),
    [
        ("Kaos Kawung Biru", 16, "Kaos Kawung Biru"),
        ("Kaos Kawung Biru", 15, "Kaos Kawung…"),
        ("Kaos Kawung Biru", 11, "Kaos…"),
        ("Kaos Kawung Biru", 12, "Kaos Kawung…"),
        ("Kaos, Kawung Biru", 10, "Kaos…"),
        ("Kaos, Kawung Biru", 6, "Kaos…"),
        ("Kaoskawungbiru", 10, "Kaoskawun…"),
        ("", 5, ""),
    ],
)
def test_a_text_ends_at_a_word(text, most, kept):
    assert shortened(text, most) == kept
    assert len(shortened(text, most)) <= most


def test_the_elastic_part_gives_way_and_the_number_stays():
    title = "Jaket varsity bordir angkatan dua puluh tahun"

    subject = subject_of(f"Batch 11 is open – {elastic(title)} – K7F3Q9M2\n")

    assert subject == "Batch 11 is open – Jaket varsity bordir angkatan… – K7F3Q9M2"


def test_a_short_subject_is_left_as_it_is():
    assert subject_of(f" Paid –\n {elastic('Kaos')}") == "Paid – Kaos"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Ayu\u202eidub", "Ayuidub"),
        ("A\u2066yu\u2069 \u200b\ufeffB", "Ayu B"),
        ("Ayu\x07\x1b[31m", "Ayu[31m"),
        ("\ue000Ayu\ue001", "Ayu"),
        ("Ayu\r\nBcc", "Ayu\nBcc"),
        ("Keluarga \U0001f468\u200d\U0001f469", "Keluarga \U0001f468\u200d\U0001f469"),
    ],
)
def test_what_cannot_be_seen_is_left_out(typed, read):
    assert visible(typed) == read


@pytest.mark.django_db
def test_names_turn_no_text_and_end_no_line():
    order = make_order(name="Ayu\u202e\u2029Paid\r\n\r\nhttp://evil.example")

    _subject, text = mail_rows.render("order_placed", order)

    assert "Ayu Paid http: //evil.example" in text
    assert "\u202e" not in text
