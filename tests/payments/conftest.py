"""Shops connected to the doubles of real gateways, one double per test."""

from collections.abc import Iterator
from typing import Any

import pytest

from payments.gateways import calls
from tests.doubles.midtrans import KEY as MIDTRANS_KEY
from tests.doubles.midtrans import Midtrans
from tests.doubles.xendit import KEY as XENDIT_KEY
from tests.doubles.xendit import TOKEN, Xendit


@pytest.fixture
def midtrans(settings: Any) -> Iterator[Midtrans]:
    with Midtrans().running() as double:
        settings.PAYMENT_GATEWAYS = ["midtrans"]
        settings.MIDTRANS_SERVER_KEYS = [MIDTRANS_KEY]
        settings.MIDTRANS_API_BASE = double.base
        settings.MIDTRANS_SNAP_BASE = f"{double.base}/snap/v1"
        yield double


@pytest.fixture
def xendit(settings: Any) -> Iterator[Xendit]:
    with Xendit().running() as double:
        settings.PAYMENT_GATEWAYS = ["xendit"]
        settings.XENDIT_SECRET_KEY = XENDIT_KEY
        settings.XENDIT_CALLBACK_TOKENS = [TOKEN]
        settings.XENDIT_API_BASE = double.base
        yield double


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gateways are waited for as long as a test can wait."""
    monkeypatch.setattr(calls, "TIMEOUT", (0.3, 0.3))
