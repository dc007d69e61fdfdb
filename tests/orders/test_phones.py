"""However a number is typed, it is stored one way; what cannot be called is refused."""

import pytest

from orders.phones import InvalidPhone, chat_url, parse_phone

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    "text",
    [
        "0812-3456-7890",
        "+62 812 3456 7890",
        "6281234567890",
        "81234567890",
        "081234567890",
        "(0812) 3456 7890",
        "0812.3456.7890",
        "0812/3456/7890",
        "+62 0812 3456 7890",
        " 0812\t3456\n7890 ",
        "0812\N{NO-BREAK SPACE}3456\N{EN DASH}7890",
        "\u202a+62 812‑3456‑7890\u202c",
    ],
)
def test_all_forms_of_one_number_are_stored_equal(text):
    assert parse_phone(text) == "+6281234567890"


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("+65 9123 4567", "+6591234567"),
        ("+1 (650) 253-0000", "+16502530000"),
        ("+49 30 901820", "+4930901820"),
        ("021 1234567", "+62211234567"),
    ],
)
def test_numbers_of_other_countries_and_landlines_are_taken(text, stored):
    assert parse_phone(text) == stored


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "+", "-", "0", "62", "+62", "12345", "08123456", "0" * 40),
        *("abc", "0812 ABCD EFGH", "tel:081234567890", "0812x34567890"),
        *("081234567890\x00", "0812\x0034567890", "0812;34567890", "0812,34567890"),
        *("081234567890 ext 12", "081234567890;phone-context=+1", "٠٨١٢٣٤٥٦٧٨٩٠"),
        *("++6281234567890", "62+81234567890", "9" * 5000, "+999 1234567"),
        "081234567890 / 081234567891",
    ],
    ids=lambda text: repr(text)[:20],
)
def test_what_is_no_number_is_refused(text):
    with pytest.raises(InvalidPhone):
        parse_phone(text)


@pytest.mark.parametrize("text", ["+49802766302150340", "+8100660810597888879"])
def test_a_number_longer_than_the_world_agreed_on_is_refused(text):
    with pytest.raises(InvalidPhone):
        parse_phone(text)


def test_a_stored_number_reads_as_itself():
    assert parse_phone(parse_phone("0812 3456 7890")) == "+6281234567890"


def test_a_chat_opens_with_its_text_escaped_whole():
    url = chat_url("+6281200001111", "Kaos & jaket? a/b")

    assert url == "https://wa.me/6281200001111?text=Kaos%20%26%20jaket%3F%20a%2Fb"
