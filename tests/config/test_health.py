"""A load balancer asks by address and without HTTPS; whoever else does is refused."""

import pytest
from django.test import Client

pytestmark = [pytest.mark.django_db, pytest.mark.once]

STRANGE = {"headers": {"host": "10.0.0.7"}}


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_is_told_under_any_host_and_without_https(settings, path):
    settings.SECURE_SSL_REDIRECT = True

    answer = Client().get(path, **STRANGE)

    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


def test_every_other_page_keeps_to_its_hosts(lines):
    answer = Client().get("/id/", **STRANGE)

    assert answer.status_code == 400
    assert "Invalid HTTP_HOST header: '10.0.0.7'" in lines.getvalue()
    assert "Traceback" not in lines.getvalue()
    assert lines.getvalue().count("\n") == 1
