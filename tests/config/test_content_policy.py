"""What browsers may load and where forms may lead, said with every answer."""

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.once]

HEADER = "Content-Security-Policy"


@pytest.mark.parametrize("path", ["/id/", "/en/terms/", "/nowhere/", "/robots.txt"])
def test_every_answer_brings_the_policy(path):
    policy = Client().get(path)[HEADER]

    directives = dict(each.split(" ", 1) for each in policy.split("; "))
    assert directives["default-src"] == "'self'"
    assert directives["frame-ancestors"] == "'none'"
    assert directives["base-uri"] == "'none'"
    assert directives["form-action"].startswith("'self'")


def test_pages_of_django_about_an_error_keep_their_styles(settings):
    settings.DEBUG = True

    assert HEADER not in Client().get("/nowhere/")
    assert HEADER in Client().get("/en/terms/")
