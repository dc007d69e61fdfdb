"""A real gunicorn on a free port over the test's own database, and a plain buyer."""

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from django.conf import settings
from django.db import connection

from campaigns.models import Batch, Campaign, ShippingOption
from tests.drafts import make_buyer, new_key

START_SECONDS = 30


@dataclass(frozen=True)
class Server:
    """A running gunicorn: where it answers, and which processes it is."""

    port: int
    pid: int

    def workers(self) -> list[int]:
        """Process ids of the workers; the first process only looks after them."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in children.read_text().split()]


@contextmanager
def gunicorn(
    application: str = "config.wsgi", *arguments: str, **environment: str
) -> Iterator[int]:
    """Serve until the block ends; yields the port."""
    with serving(application, *arguments, **environment) as server:
        yield server.port


@contextmanager
def serving(
    application: str = "config.wsgi", *arguments: str, **environment: str
) -> Iterator[Server]:
    """The same, for who has to know its processes."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", application]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "critical"]
    process = subprocess.Popen(
        [*command, "--no-control-socket", *arguments],
        env=shop_environment() | environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield Server(port, process.pid)
    finally:
        process.terminate()
        process.wait(timeout=START_SECONDS)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def shop_environment() -> dict[str, str]:
    """Of a process that works on the running test's rows."""
    return os.environ | {
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "TEST_MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "TEST_PRIVATE_MEDIA_ROOT": str(settings.PRIVATE_MEDIA_ROOT),
    }


def database_url() -> str:
    """Where the running test's rows are."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{database['NAME']}"
    credentials = f"{database['USER']}:{database['PASSWORD']}"
    return (
        f"postgres://{credentials}@{database['HOST']}:{database['PORT']}"
        f"/{database['NAME']}"
    )


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "gunicorn did not start"
        try:
            if Browser(port).get("/healthz").status == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"port {port}")


@dataclass
class Answer:
    status: int
    location: str
    body: str


@dataclass
class Browser:
    """Keeps cookies and nothing else; each request has a connection of its own."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return self._request("GET", path)

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        return self._request("POST", path, urlencode(fields))

    def _request(self, method: str, path: str, body: str = "") -> Answer:
        headers = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        server = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            server.request(method, path, body, headers)
            response = server.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.split(";")[0].partition("=")
                self.cookies[name] = value
            location = response.headers.get("Location", "")
            return Answer(response.status, location, response.read().decode())
        finally:
            server.close()

    def checkout(self, batch: Batch, **overrides: str) -> Answer:
        """Open the checkout page and send its form, as a buyer's phone does."""
        path = checkout_path(batch.campaign)
        variant = batch.allotments.order_by("pk").values_list("variant", flat=True)[0]
        page = self.get(f"{path}?batch={batch.number}&quantity-{variant}=1")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.body)
        fields = order_fields(batch, variant)
        if token:
            fields["csrfmiddlewaretoken"] = token.group(1)
        return self.post(path, fields | overrides)


def checkout_path(campaign: Campaign) -> str:
    return f"/id/c/{campaign.slug}/checkout/"


def order_fields(batch: Batch, variant_id: int, quantity: int = 1) -> dict[str, str]:
    option = ShippingOption.objects.get(seller=batch.campaign.seller)
    return make_buyer() | {
        "batch": str(batch.number),
        f"quantity-{variant_id}": str(quantity),
        "schedule_version": str(batch.schedule_version),
        "submit_key": new_key(),
        "shipping": str(option.pk),
        "payment": settings.PAYMENT_GATEWAYS[0],
        "terms": "on",
    }
