"""Starts the Stripe double as a process of its own, and moves it like buyers and banks.

It runs with the Python of `.venv-doubles`, which `make test` installs. Without it these
tests fail: a shop that takes money is not tested without its gateway.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from django.test import Client, TestCase

from tests.web import free_port

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-doubles" / "bin" / "python"
SERVER = Path(__file__).parent / "stripe" / "server.py"
KEY = "sk_test_double"
SECRET = "whsec_of_the_double"
VISA, DECLINED, ASKS_OWNER = "4242424242424242", "4000000000000341", "4000002760003184"
# Notifications to it stay in the double until they are fetched.
MAILBOX = "http://mailbox.invalid/"
START_SECONDS = 30


@dataclass(frozen=True)
class StripeDouble:
    url: str

    def start_anew(self) -> None:
        self._send("delete", "/_test/everything")
        self.notify_at(MAILBOX)

    def notify_at(self, url: str) -> None:
        """Where its notifications go from now on."""
        self._send("post", "/_config/webhooks/shop", url=url, secret=SECRET)

    def pay(self, session: str, card: str = VISA) -> int:
        """The buyer types a card on the hosted page; the status of the answer."""
        answer = requests.post(
            f"{self.url}/_test/checkout/{session}/pay", json={"card": card}, timeout=10
        )
        return answer.status_code

    def pay_later(self, session: str) -> None:
        """By a method whose money takes days."""
        self._send("post", f"/_test/checkout/{session}/pay_later")

    def arrive(self, session: str, *, succeeded: bool = True) -> None:
        self._send("post", f"/_test/checkout/{session}/arrive", succeeded=succeeded)

    def dispute(self, intent: str, status: str) -> str:
        answer = self._send("post", "/_test/disputes", intent=intent, status=status)
        return str(answer["id"])

    def change_dispute(self, dispute: str, **change: str) -> None:
        """`status`, and `move`: withdraw or reinstate."""
        self._send("post", f"/_test/disputes/{dispute}", **change)

    def next_refund(self, **columns: str) -> None:
        """What the next refund will be, instead of succeeded."""
        self._send("post", "/_test/next_refund", **columns)

    def change_refund(self, refund: str, **columns: str) -> None:
        self._send("post", f"/_test/refunds/{refund}", **columns)

    def new_card(self, number: str) -> str:
        """Stripe's name of a card that was typed somewhere."""
        card = {"number": number, "exp_month": 12, "exp_year": 2031, "cvc": "123"}
        made = self._send("post", "/v1/payment_methods", type="card", card=card)
        return str(made["id"])

    def put(self, record: str, **columns: Any) -> None:
        """Let a record say something else."""
        self._send("post", f"/_test/objects/{record}", **columns)

    def fail(self, method: str, path: str, mode: str, **more: int) -> None:
        """hang | hang_after | error | error_after | status: the next such call."""
        fault = {"method": method, "path": path, "mode": mode, **more}
        self._send("post", "/_test/faults", **fault)

    def forget_keys(self) -> None:
        self._send("delete", "/_test/keys")

    def asked(self, method: str, path: str) -> int:
        """How many such calls were carried out; replays of an answer are not."""
        calls = self._send("get", "/_test/asked")
        return sum(call[:2] == [method, path] for call in calls)

    def records(self, path: str) -> list[dict[str, Any]]:
        """All of a list of the API, the newest first."""
        answer = requests.get(
            f"{self.url}/v1/{path}", params={"limit": 100}, auth=(KEY, ""), timeout=10
        )
        listed: list[dict[str, Any]] = answer.json()["data"]
        return listed

    def notifications(self) -> list[dict[str, str]]:
        """What it had to tell since the last time: type, body, signature."""
        taken: list[dict[str, str]] = self._send("post", "/_test/events")
        return taken

    def deliver(self) -> list[str]:
        """All that is told reaches the shop; the types, in order."""
        taken = self.notifications()
        for notification in taken:
            assert post(notification).status_code == 200
        return [notification["type"] for notification in taken]

    def _send(self, method: str, path: str, /, **body: Any) -> Any:
        answer = requests.request(method, self.url + path, json=body, timeout=10)
        answer.raise_for_status()
        return answer.json() if answer.content else None


def post(notification: dict[str, str]) -> Any:
    """As Stripe does: bytes, and their signature."""
    with TestCase.captureOnCommitCallbacks(execute=True):
        return Client().post(
            "/webhooks/stripe/",
            notification["body"],
            content_type="application/json",
            headers={"Stripe-Signature": notification["signature"]},
        )


@contextmanager
def running() -> Iterator[StripeDouble]:
    if not PYTHON.exists():
        raise RuntimeError(f"{PYTHON} is missing: run `make test`, which installs it")
    double = StripeDouble(f"http://127.0.0.1:{free_port()}")
    port = double.url.rpartition(":")[2]
    process = subprocess.Popen([PYTHON, SERVER, port], stdin=subprocess.DEVNULL)
    try:
        _wait_for(double, process)
        yield double
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _wait_for(double: StripeDouble, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "the Stripe double did not start"
        try:
            double.start_anew()
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(double.url)
