"""Senders of mail in processes of their own: begun, watched, killed."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

from django.db import connection

from campaigns.clock import database_now
from orders.models import Message
from tests.doubles.smtp import Smtp
from tests.web import shop_environment

PATIENCE_SECONDS = 120


def start(server: Smtp, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "tests.faults.mail_sender", *arguments],
        env=shop_environment() | {"TEST_SMTP_PORT": str(server.port)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill(process: "subprocess.Popen[bytes]") -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.wait()


def wait_until_arrived(
    server: Smtp, process: "subprocess.Popen[bytes]", count: int
) -> None:
    """Or until the sender has nothing left to do."""
    end = time.monotonic() + PATIENCE_SECONDS
    while len(server.arrived) < count and process.poll() is None:
        assert time.monotonic() < end, "no mail arrives"  # noqa: S101
        time.sleep(0.001)


def leases_run_out() -> None:
    Message.objects.filter(state="sending").update(
        leased_until=database_now() - timedelta(seconds=1)
    )
    connection.close()
