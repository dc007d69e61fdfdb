"""What the door for gateways does with what it should not get."""

import json
import subprocess
import sys

import pytest
from django.conf import settings as django_settings
from django.test import Client

from payments.models import GatewayEvent
from tests.doubles.midtrans import signed
from tests.doubles.xendit import TOKEN
from tests.drafts import rows_of_orders
from tests.payments.rails import order_by, post, reference_of, work_off

pytestmark = [pytest.mark.django_db, pytest.mark.once]

HEADERS = {"midtrans": {}, "xendit": {"X-Callback-Token": TOKEN}}
LARGEST = 256 * 1024


@pytest.fixture(params=["midtrans", "xendit"])
def rail(request):
    """Name and double of each gateway in turn, a paid transaction at it."""
    name, double = request.param, request.getfixturevalue(request.param)
    order = order_by(name)
    double.pay(reference_of(order))
    return name, double.notification(reference_of(order))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"paid"',
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"order_id": ' + b"9" * 5_000 + b"}",
        b"order_id=P1&status_code=200",
        # Half of a pair of UTF-16: text to JSON, and to nobody else.
        b'{"order_id": "\\ud800", "status_code": "200", "gross_amount": "1"}',
        b'{"order_id": "A", "status_code": "200", "gross_amount": "1",'
        b' "signature_key": "\\ud800"}',
    ],
)
def test_bytes_that_are_no_notification_are_refused_and_forgotten(midtrans, raw):
    order_by("midtrans")
    before = rows_of_orders()

    assert post("midtrans", raw) == 400

    assert GatewayEvent.objects.count() == 0
    assert rows_of_orders() == before


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"{", b"[" * 100_000])
def test_who_has_the_token_must_still_send_a_notification(xendit, raw):
    assert post("xendit", raw, **HEADERS["xendit"]) == 400
    assert GatewayEvent.objects.count() == 0


def test_a_body_beyond_a_quarter_megabyte_is_not_read(rail):
    name, raw = rail

    assert post(name, raw + b" " * LARGEST, **HEADERS[name]) == 413

    assert GatewayEvent.objects.count() == 0


def test_a_body_of_just_that_size_is_read(rail):
    name, raw = rail

    assert post(name, raw.ljust(LARGEST), **HEADERS[name]) == 200


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x"])
def test_the_type_it_calls_itself_decides_nothing(rail, kind):
    """The signature does, over the bytes that came."""
    name, raw = rail

    answer = Client().post(
        f"/webhooks/{name}/", raw, content_type=kind, headers=HEADERS[name]
    )

    assert answer.status_code == 200
    work_off()
    assert GatewayEvent.objects.get().state == "done"


def test_a_form_in_its_place_is_refused(rail):
    name, raw = rail

    answer = Client().post(f"/webhooks/{name}/", json.loads(raw), headers=HEADERS[name])

    assert answer.status_code == 400
    assert GatewayEvent.objects.count() == 0


def test_only_posts_are_answered_and_the_slash_is_not_needed(rail):
    name, raw = rail

    assert Client().get(f"/webhooks/{name}/").status_code == 405
    answer = Client().post(
        f"/webhooks/{name}",
        raw,
        content_type="application/json",
        headers=HEADERS[name],
    )
    assert answer.status_code == 200


def test_a_gateway_that_was_never_configured_has_no_door():
    for name, headers in HEADERS.items():
        assert post(name, b"{}", **headers) == 404


def test_signed_fields_that_are_no_text_are_refused(midtrans):
    raw = signed(
        {"order_id": "P1", "status_code": "200", "gross_amount": "1.00"}, midtrans.key
    )
    for field in ("order_id", "status_code", "gross_amount", "signature_key"):
        for value in (None, [], {}, True, ""):
            notice = json.loads(raw) | {field: value}
            assert post("midtrans", json.dumps(notice).encode()) == 400
    assert GatewayEvent.objects.count() == 0


def test_a_nul_within_a_rightly_signed_notice_reaches_no_column(midtrans):
    raw = signed(
        {
            "order_id": "P1",
            "status_code": "200",
            "gross_amount": "1.00",
            "transaction_id": "a\0b",
            "transaction_status": "pend\0ing",
        },
        midtrans.key,
    )

    assert post("midtrans", raw) == 200

    event = GatewayEvent.objects.get()
    assert (event.transaction_reference, event.type) == ("ab", "pending")


@pytest.mark.once
def test_a_shop_without_these_gateways_imports_none_of_their_kits():
    script = (
        "import os, sys, django;"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings';"
        "django.setup();"
        "from django.core import checks; checks.run_checks();"
        "import config.urls, config.sweep, config.doctor;"
        "print(sorted({'midtransclient', 'xendit', 'stripe', 'urllib3'}"
        " & set(sys.modules)))"
    )

    outcome = subprocess.run(
        [sys.executable, "-c", script],
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )

    assert outcome.stdout.strip() == "[]"
