"""Import a bank's export (CSV) as lines to be assigned to orders."""

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import (
    BaseCommand,
    CommandError,
    CommandParser,
    no_translations,
)
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns.money import format_money
from payments.models import BankAccount
from payments.statements.files import UnknownColumns, UnreadableStatement
from payments.statements.importing import Outcome, Verdict, import_statement
from payments.statements.words import OUTCOMES


class Command(BaseCommand):
    help = "Import a bank's export (CSV) as lines to be assigned to orders."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--account", required=True, type=int, metavar="ID")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        account = _account(options["account"])
        verdicts = _imported(account, options["file"])
        for verdict in verdicts:
            self.stdout.write(_in_words(verdict, account.currency))
        counts = Counter(verdict.outcome for verdict in verdicts)
        told = (f"{word}: {counts[outcome]}" for outcome, word in OUTCOMES.items())
        self.stdout.write(" · ".join(told))
        if refused := counts[Outcome.REFUSED]:
            text = ngettext(
                "%(count)s row was refused.", "%(count)s rows were refused.", refused
            )
            raise CommandError(text % {"count": refused})


def _account(account_id: int) -> BankAccount:
    accounts = BankAccount.objects.select_related("seller")
    if account := accounts.filter(pk=account_id).first():
        return account
    known = ", ".join(f"{each.pk} ({each})" for each in accounts)
    raise CommandError(
        _("There is no bank account %(id)s. Known accounts: %(known)s.")
        % {"id": account_id, "known": known or _("none")}
    )


def _imported(account: BankAccount, file: Path) -> list[Verdict]:
    try:
        return import_statement(account, file.read_bytes())
    except OSError as error:
        raise CommandError(
            _("%(file)s cannot be read: %(reason)s.")
            % {"file": file, "reason": error.strerror}
        ) from error
    except UnreadableStatement as error:
        raise CommandError(f"{file}: {error}") from error
    except UnknownColumns as error:
        raise CommandError(
            _(
                "It is not known which column is what (%(names)s). Import the file"
                " once in the admin and name the columns there."
            )
            % {"names": ", ".join(error.names)}
        ) from error


def _in_words(verdict: Verdict, currency: str) -> str:
    movement = verdict.movement
    line = _("line %(first)s") % {"first": movement.line}
    if movement.fault:
        return f"{OUTCOMES[verdict.outcome]}: {line}: {movement.fault}"
    amount = format_money(movement.amount, currency)
    facts = f"{movement.booked_on} {amount} {movement.description}".strip()
    return f"{OUTCOMES[verdict.outcome]}: {line}: {facts}"
