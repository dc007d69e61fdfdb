"""A worker of the inbox that is killed once the gateway has answered it."""

# ruff: noqa: I001, E402  Django is set up before anything of it is imported
import os
import signal
from typing import Any

import django

django.setup()

from payments import inbox
from payments.gateways.sandbox import SandboxGateway

fetch = SandboxGateway.fetch


def fetch_and_die(*arguments: Any) -> None:
    fetch(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    SandboxGateway.fetch = fetch_and_die  # type: ignore[assignment,method-assign]
    inbox.process_due()
