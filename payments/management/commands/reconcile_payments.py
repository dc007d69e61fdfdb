"""Compares the shop with its payment gateways and applies what was missed.

Lists what it cannot mend. Exits with 1 while anything is open: a difference that is
listed, a gateway that did not answer, or, in a dry run, anything it would change.
"""

import json
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from payments.models import ReconciliationRun
from payments.reconciliation.rounds import CAN_BE_ASKED, Round, reconcile

Mode = ReconciliationRun.Mode


def moment(text: str) -> datetime:
    """A day or a moment as ISO 8601 writes it, in UTC where no zone is named."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r} is no date such as 2026-01-31") from error
    return read if read.tzinfo else read.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--gateway", choices=CAN_BE_ASKED, help="only this one")
        parser.add_argument(
            "--mode",
            choices=Mode.values,
            default=Mode.DAILY,
            help="daily: whole days and all that is open; open: what waits 5 minutes",
        )
        parser.add_argument(
            "--since", type=moment, metavar="DAY", help="instead of three days ago"
        )
        parser.add_argument("--dry-run", action="store_true", help="change nothing")
        parser.add_argument("--json", action="store_true", help="for machines")

    def handle(self, **options: Any) -> None:
        round_ = reconcile(
            mode=Mode(options["mode"]),
            gateway=options["gateway"] or "",
            since=options["since"],
            is_dry=options["dry_run"],
        )
        told = as_json(round_) if options["json"] else in_words(round_)
        self.stdout.write(told)
        if not round_.is_clean:
            raise SystemExit(1)


def facts(round_: Round) -> dict[str, Any]:
    return {
        "mode": round_.mode.value,
        "gateways": round_.gateways,
        "since": round_.since.isoformat(),
        "dry_run": round_.is_dry,
        "compared": round_.compared,
        "applied": round_.applied,
        "silent": round_.inquiry.silent,
        "open": differences(round_),
    }


def differences(round_: Round) -> list[dict[str, Any]]:
    """All that is listed; a dry round adds what it would list."""
    told = {
        (row.kind, row.gateway, row.reference): row.details for row in round_.open_rows
    }
    told |= {finding.key: finding.details for finding in round_.found}
    return [
        {"kind": kind, "gateway": gateway, "reference": reference, "details": details}
        for (kind, gateway, reference), details in sorted(told.items())
    ]


def as_json(round_: Round) -> str:
    return json.dumps(facts(round_), indent=2)


def in_words(round_: Round) -> str:
    told = facts(round_)
    verb = "to be brought up to date" if round_.is_dry else "brought up to date"
    lines = [f"{told['compared']} compared, {told['applied']} {verb}"]
    lines += [f"no answer: {name}" for name in told["silent"]]
    for row in told["open"]:
        details = ", ".join(f"{name} {text}" for name, text in row["details"].items())
        lines.append(f"{row['kind']}: {row['gateway']} {row['reference']} ({details})")
    return "\n".join(lines)
