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


def check(tmp_path, *command, **environment):
    """`manage.py check`, or another command, with these variables only."""
    quiet = {"PATH": os.environ["PATH"], "MEDIA_ROOT": str(tmp_path)}
    quiet["DATABASE_URL"] = f"sqlite:///{tmp_path}/shop.sqlite3"
    return subprocess.run(
        [sys.executable, "manage.py", *(command or ["check"])],
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


def test_a_gateway_without_its_keys_stops_the_start(tmp_path):
    outcome = check(tmp_path, **REAL | {"PAYMENT_GATEWAYS": "xendit"})

    assert outcome.returncode == 1
    assert "XENDIT_SECRET_KEY=xnd_production_" in outcome.stderr


def test_the_policy_of_pages_lets_forms_lead_to_the_gateway(tmp_path):
    values = {
        "PAYMENT_GATEWAYS": "midtrans",
        "MIDTRANS_SERVER_KEYS": "SB-Mid-server-1,SB-Mid-server-2",
        "MIDTRANS_SNAP_BASE": "http://127.0.0.1:8431/snap/v1/",
    }
    script = "from django.conf import settings as s; print(s.CONTENT_SECURITY_POLICY)"

    outcome = check(tmp_path, "shell", "--no-imports", "-c", script, **values)

    assert "https://app.sandbox.midtrans.com" in outcome.stdout
    assert "'http://127.0.0.1:8431'" in outcome.stdout
