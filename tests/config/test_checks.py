"""Wrong configuration is refused at start: the variable, the reason, an example."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

pytestmark = pytest.mark.once

REAL = {
    "DEBUG": "0",
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": "shop.example",
    "BASE_URL": "https://shop.example",
    "EMAIL_URL": "smtp://127.0.0.1:25",
    "PAYMENT_GATEWAYS": "sandbox",
}


def check(tmp_path, **environment):
    """`manage.py check` with these variables only."""
    quiet = {"PATH": os.environ["PATH"], "MEDIA_ROOT": str(tmp_path)}
    quiet["DATABASE_URL"] = f"sqlite:///{tmp_path}/shop.sqlite3"
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=settings.BASE_DIR,
        env=quiet | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_complete_real_shop_is_accepted_in_silence(tmp_path):
    outcome = check(tmp_path, **REAL)

    assert outcome.returncode == 0, outcome.stderr
    assert "kloter." not in outcome.stderr


@pytest.mark.parametrize(
    ("wrong", "example"),
    [
        ({"DEBUG": "maybe"}, "DEBUG=1"),
        ({"PORT": "99999"}, "PORT=8000"),
        ({"TRUSTED_PROXIES": "x"}, "TRUSTED_PROXIES=0"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL=INFO"),
        ({"DATABASE_URL": "mysql://x/y"}, "DATABASE_URL=postgres://"),
        ({"DATABASE_URL": "postgres://"}, "DATABASE_URL=postgres://"),
        ({"EMAIL_URL": "gopher://x"}, "EMAIL_URL=smtp+tls://"),
        ({"EMAIL_URL": "smtp+tls://u:p@host:abc"}, "EMAIL_URL=smtp+tls://"),
        ({"DEFAULT_LANGUAGE": "jv"}, "DEFAULT_LANGUAGE=id"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL=redis://"),
        ({"MEDIA_ROOT": "media"}, "MEDIA_ROOT=/srv"),
        ({"DEFAULT_FROM_EMAIL": "foo"}, "DEFAULT_FROM_EMAIL=toko@"),
        ({"PAYMENT_GATEWAYS": "gopay"}, "PAYMENT_GATEWAYS=sandbox"),
        ({"ALLOWED_HOSTS": "shop.example"}, "ALLOWED_HOSTS=shop.example"),
        ({"SECRET_KEY_FILE": "/nowhere"}, "SECRET_KEY="),
        ({"BASE_URL": "shop.example"}, "BASE_URL=https://"),
        (REAL | {"SECRET_KEY": ""}, "SECRET_KEY="),
        (REAL | {"ALLOWED_HOSTS": "https://shop.example"}, "ALLOWED_HOSTS=shop"),
        (REAL | {"PAYMENT_GATEWAYS": ""}, "PAYMENT_GATEWAYS=sandbox"),
    ],
)
def test_what_cannot_work_is_refused_with_an_example(tmp_path, wrong, example):
    outcome = check(tmp_path, **wrong)

    assert outcome.returncode == 1
    assert "Traceback" not in outcome.stderr
    assert "kloter.E" in outcome.stderr
    assert example in outcome.stderr


@pytest.mark.parametrize(
    ("careless", "name"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"EMAIL_URL": "filemail:///tmp/mail"}, "EMAIL_URL"),
        ({"BASE_URL": "https://other.example"}, "BASE_URL"),
    ],
)
def test_what_would_fail_real_buyers_is_warned_of(tmp_path, careless, name):
    outcome = check(tmp_path, **REAL | careless)

    assert outcome.returncode == 0
    assert "kloter.W" in outcome.stderr
    assert name in outcome.stderr
