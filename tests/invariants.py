"""All invariants of the running test's rows, checked in a fraction of their time.

What they cost on the few rows of a test is Django writing SQL, always the same. An
invariant that finds no row for any question it asks of an empty shop says what it says
there: nothing. So those questions are kept as they were asked then, and put again all
at once; only the invariants that get a row are checked by their own code. Moments that
were reckoned from the clock, which stood still then, are moved on to where it is now.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import Any

from django.db import connection

from campaigns.clock import ASKED, database_now
from campaigns.invariants import Invariant
from config.invariants import all_invariants

STOOD_STILL_AT = datetime(2026, 1, 1, tzinfo=UTC)
STANDING_CLOCKS = {
    "sqlite": f"SELECT '{STOOD_STILL_AT:%Y-%m-%d %H:%M:%S}.000'",
    "postgresql": f"SELECT TIMESTAMPTZ '{STOOD_STILL_AT:%Y-%m-%d %H:%M:%S}+00'",
}
# As SQLite has it: a text.
MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?")


@dataclass
class Questions:
    """The statements one invariant sends when it finds nothing at all."""

    invariant: Invariant
    sql: list[str] = field(default_factory=list)
    parameters: list[Any] = field(default_factory=list)

    def listen(self) -> None:
        with connection.execute_wrapper(self._keep):
            assert list(self.invariant.violations()) == [], self.invariant.says

    def _keep(
        self, execute: Any, sql: str, parameters: Any, many: bool, context: Any
    ) -> Any:
        if sql == ASKED[connection.vendor]:
            standing = STANDING_CLOCKS[connection.vendor]
            return execute(standing, parameters, many, context)
        self.sql.append(sql)
        self.parameters += parameters or ()
        return execute(sql, parameters, many, context)

    def as_one(self, number: int) -> str:
        """Selects the number when any of them finds a row."""
        found = " OR ".join(f"EXISTS ({sql})" for sql in self.sql)
        return f"SELECT {number} WHERE {found}"  # noqa: S608  what Django has written


_known: list[Questions] = []


def learn() -> None:
    """To be called before there is any row."""
    _known[:] = [Questions(invariant) for invariant in all_invariants()]
    for questions in _known:
        questions.listen()


def broken(invariants: Iterable[Invariant] | None = None) -> list[str]:
    """A line for each row that breaks one of these, or any."""
    wanted = list(all_invariants() if invariants is None else invariants)
    return [
        f"{invariant.says}: {row}"
        for invariant in _in_doubt(wanted)
        for row in invariant.violations()
    ]


def _in_doubt(wanted: list[Invariant]) -> list[Invariant]:
    asked = [questions for questions in _known if questions.invariant in wanted]
    assert len(asked) == len(wanted), "learn() comes first"
    numbered = [questions.as_one(number) for number, questions in enumerate(asked)]
    passed = database_now() - STOOD_STILL_AT
    kept = chain.from_iterable(each.parameters for each in asked)
    parameters = [_moved(parameter, passed) for parameter in kept]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(numbered), parameters)
        return [asked[number].invariant for (number,) in cursor.fetchall()]


def _moved(parameter: Any, passed: timedelta) -> Any:
    """A moment was reckoned from the clock: none of the invariants knows another."""
    if isinstance(parameter, datetime):
        return parameter + passed
    if isinstance(parameter, str) and MOMENT.fullmatch(parameter):
        return str(datetime.fromisoformat(parameter) + passed)
    return parameter
