"""A sandbox with faults: an adapter like any other, registered in its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from payments import gateways
from payments.errors import Unavailable
from payments.gateways.base import PaymentIn, Snapshot
from payments.gateways.sandbox import SandboxGateway


class FaultyGateway(SandboxGateway):
    """Calls named in `faults` raise instead of being answered; all are noted."""

    faults: dict[str, Exception] = {}
    calls: list[str] = []

    def cancel(self, payment: PaymentIn) -> Snapshot:
        self._meet("cancel")
        return super().cancel(payment)

    def fetch(self, payment: PaymentIn) -> Snapshot:
        self._meet("fetch")
        return super().fetch(payment)

    def history(self, since: datetime, until: datetime) -> Iterator[Snapshot]:
        self._meet("history")
        return super().history(since, until)

    def _meet(self, call: str) -> None:
        self.calls.append(call)
        if error := self.faults.get(call):
            raise error


@contextmanager
def faulty(**faults: Exception) -> Iterator[list[str]]:
    """Within the block these calls of the sandbox fail; yields the calls made."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(FaultyGateway, "faults", faults)
        calls: list[str] = []
        patch.setattr(FaultyGateway, "calls", calls)
        patch.setitem(gateways.ADAPTERS, "sandbox", "tests.silence.FaultyGateway")
        yield calls


@contextmanager
def down() -> Iterator[list[str]]:
    """Within the block the gateway answers nothing at all."""
    silence = Unavailable("no route to host")
    with faulty(cancel=silence, fetch=silence, history=silence) as calls:
        yield calls
