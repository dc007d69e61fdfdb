"""Wrong configuration is refused at start: the variable, the reason, an example."""

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

pytestmark = pytest.mark.once(on="postgres")

REAL = {
    "DEBUG": "0",
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": "shop.example",
    "BASE_URL": "https://shop.example",
    "EMAIL_URL": "smtp://127.0.0.1:25",
    "PAYMENT_GATEWAYS": "sandbox",
    "TRUSTED_PROXIES": "1",
}


def check(tmp_path, *command, **environment):
    """`manage.py check`, or another command, with these variables only."""
    quiet = {"PATH": os.environ["PATH"], "MEDIA_ROOT": f"{tmp_path}/media"}
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


def told_of(outcome, level):
    """Which variable each message of this level is about, and its example."""
    pattern = rf"kloter\.{level}\d+\) (\w+) .+\n\tHINT: (?:Example: )?(.+)"
    return dict(re.findall(pattern, outcome.stderr))


@pytest.mark.parametrize(
    ("wrong", "examples"),
    [
        (
            {
                "DEBUG": "maybe",
                "PORT": "99999",
                "TRUSTED_PROXIES": "x",
                "LOG_LEVEL": "LOUD",
                "DATABASE_URL": "mysql://x/y",
                "EMAIL_URL": "gopher://x",
                "DEFAULT_LANGUAGE": "jv",
                "REDIS_URL": "localhost:6379",
                "MEDIA_ROOT": "media",
                "DEFAULT_FROM_EMAIL": "foo",
                "PAYMENT_GATEWAYS": "gopay",
                "SECRET_KEY_FILE": "/nowhere",
                "BASE_URL": "shop.example",
                "MEDIA_URL": "media",
                "MAIL_RATE": "many",
                "PRIVATE_MEDIA_ROOT": "private",
            },
            {
                "DEBUG": "DEBUG=1",
                "PORT": "PORT=8000",
                "TRUSTED_PROXIES": "TRUSTED_PROXIES=0",
                "LOG_LEVEL": "LOG_LEVEL=INFO",
                "DATABASE_URL": "DATABASE_URL=postgres://",
                "EMAIL_URL": "EMAIL_URL=smtp+tls://",
                "DEFAULT_LANGUAGE": "DEFAULT_LANGUAGE=id",
                "REDIS_URL": "REDIS_URL=redis://",
                "MEDIA_ROOT": "MEDIA_ROOT=/srv",
                "DEFAULT_FROM_EMAIL": "DEFAULT_FROM_EMAIL=toko@",
                "PAYMENT_GATEWAYS": "PAYMENT_GATEWAYS=sandbox",
                "SECRET_KEY": "SECRET_KEY=",
                "BASE_URL": "BASE_URL=https://",
                "MEDIA_URL": "MEDIA_URL=/media/",
                "MAIL_RATE": "MAIL_RATE=60",
                "PRIVATE_MEDIA_ROOT": "PRIVATE_MEDIA_ROOT=/srv",
            },
        ),
        (
            {
                "DATABASE_URL": "postgres://",
                "EMAIL_URL": "smtp+tls://u:p@host:abc",
            },
            {
                "DATABASE_URL": "DATABASE_URL=postgres://",
                "EMAIL_URL": "EMAIL_URL=smtp+tls://",
            },
        ),
        (
            REAL
            | {
                "SECRET_KEY": "",
                "ALLOWED_HOSTS": "https://shop.example",
                "PAYMENT_GATEWAYS": "",
                "BASE_URL": "https://shop.example/toko",
                "EMAIL_URL": "smtp+tls://",
                "DATABASE_URL": "sqlite:///relative.db",
            },
            {
                "SECRET_KEY": "python3 -c 'import secrets",
                "ALLOWED_HOSTS": "ALLOWED_HOSTS=shop",
                "PAYMENT_GATEWAYS": "PAYMENT_GATEWAYS=bank_transfer",
                "BASE_URL": "BASE_URL=https://",
                "EMAIL_URL": "EMAIL_URL=smtp+tls://",
                "DATABASE_URL": "DATABASE_URL=postgres://",
            },
        ),
        ({"ALLOWED_HOSTS": "shop.example"}, {"ALLOWED_HOSTS": "DEBUG=0 SECRET_KEY="}),
    ],
    ids=["demo", "addresses", "real", "one"],
)
def test_all_that_cannot_work_is_refused_each_with_an_example(
    tmp_path, wrong, examples
):
    outcome = check(tmp_path, **wrong)

    told = told_of(outcome, "E")
    assert outcome.returncode == 1
    assert "Traceback" not in outcome.stderr
    assert told.keys() == examples.keys()
    assert [name for name in examples if examples[name] not in told[name]] == []


def test_what_would_fail_real_buyers_is_refused(tmp_path):
    unsafe = {
        "SECRET_KEY": "short",
        "BASE_URL": "https://other.example",
        "PRIVATE_MEDIA_ROOT": f"{tmp_path}/media/private",
        "DATABASE_URL": f"sqlite:///{tmp_path}/media/shop.sqlite3",
    }
    nobody = {"ALLOWED_HOSTS": ""}

    outcome = check(tmp_path, **REAL | unsafe)
    empty = check(tmp_path, **REAL | nobody)

    assert (outcome.returncode, empty.returncode) == (1, 1)
    assert told_of(outcome, "E").keys() == unsafe.keys()
    assert told_of(empty, "E") == {"ALLOWED_HOSTS": "ALLOWED_HOSTS=shop.example"}


def test_what_may_be_meant_in_a_real_shop_is_warned_of(tmp_path):
    careless = {"EMAIL_URL": f"filemail:///{tmp_path}/mail", "TRUSTED_PROXIES": "0"}

    outcome = check(tmp_path, **REAL | careless)

    assert outcome.returncode == 0
    assert told_of(outcome, "W").keys() == careless.keys()
    assert "EMAIL_URL names no mail server" in outcome.stderr


def test_what_cannot_be_read_is_told_once(tmp_path):
    outcome = check(
        tmp_path, **REAL | {"EMAIL_URL": "foo://", "SECRET_KEY_FILE": "/nowhere"}
    )

    assert outcome.stderr.count("EMAIL_URL cannot be used") == 1
    assert outcome.stderr.count("kloter.") == 2


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
