"""Addresses in another language."""

import pytest

from campaigns.web_addresses import in_language

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/id/c/kaos/?batch=1&x=/id/", "/en/c/kaos/?batch=1&x=/id/"),
        ("/id/", "/en/"),
        ("/en/", "/en/"),
        ("/o/token/", "/o/token/"),
        ("/ideas/", "/ideas/"),
        ("/", "/"),
    ],
)
def test_a_page_keeps_its_address_but_for_the_language(path, expected):
    assert in_language(path, "en") == expected
