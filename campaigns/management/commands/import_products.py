"""Turn a Shopify product export into draft campaigns of a seller."""

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
from django.utils.translation import gettext_lazy, ngettext

from campaigns.models import Seller
from campaigns.money import CURRENCIES
from campaigns.product_import.save import Destination, Outcome, Verdict, save
from campaigns.product_import.shopify import (
    Product,
    RejectedProduct,
    read_products,
)
from campaigns.product_import.table import UnreadableFile

OUTCOMES = {
    Outcome.CREATED: gettext_lazy("created"),
    Outcome.UPDATED: gettext_lazy("updated"),
    Outcome.UNCHANGED: gettext_lazy("unchanged"),
    Outcome.LEFT_ALONE: gettext_lazy("left alone"),
    Outcome.REFUSED: gettext_lazy("refused"),
}


class Command(BaseCommand):
    help = "Turn a Shopify product export (CSV) into draft campaigns of a seller."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--seller", required=True, metavar="SLUG")
        parser.add_argument(
            "--currency",
            type=str.upper,
            choices=CURRENCIES,
            help="what the prices are in; without it IDR",
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="only say what would happen",
        )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        given, dry_run = options["currency"], options["dry_run"]
        seller = _seller(options["seller"])
        to = Destination(seller, given or "IDR", currency_is_given=bool(given))
        outcomes: Counter[Outcome] = Counter()
        for product in _products(options["file"], to.currency):
            verdict = save(product, to, dry_run=dry_run)
            self.stdout.write(_in_words(verdict))
            outcomes[verdict.outcome] += 1
        self._conclude(outcomes, dry_run)

    def _conclude(self, outcomes: Counter[Outcome], dry_run: bool) -> None:
        counts = (f"{word}: {outcomes[outcome]}" for outcome, word in OUTCOMES.items())
        self.stdout.write(" · ".join(counts))
        if dry_run:
            self.stdout.write(_("Dry run: nothing was written."))
        if refused := outcomes[Outcome.REFUSED]:
            text = ngettext(
                "%(count)s product was refused.",
                "%(count)s products were refused.",
                refused,
            )
            raise CommandError(text % {"count": refused})


def _seller(slug: str) -> Seller:
    if seller := Seller.objects.filter(slug=slug).first():
        return seller
    known = ", ".join(Seller.objects.order_by("slug").values_list("slug", flat=True))
    raise CommandError(
        _("There is no seller “%(slug)s”. Known sellers: %(known)s.")
        % {"slug": slug, "known": known or _("none; run create_seller first")}
    )


def _products(file: Path, currency: str) -> list[Product | RejectedProduct]:
    try:
        return read_products(file.read_bytes(), currency)
    except OSError as error:
        raise CommandError(
            _("%(file)s cannot be read: %(reason)s.")
            % {"file": file, "reason": error.strerror}
        ) from error
    except UnreadableFile as error:
        raise CommandError(f"{file}: {error}") from error


def _in_words(verdict: Verdict) -> str:
    first, last = verdict.lines[0], verdict.lines[-1]
    lines = (
        _("line %(first)s") if first == last else _("lines %(first)s–%(last)s")
    ) % {"first": first, "last": last}
    remarks = "; ".join(verdict.remarks)
    name = verdict.handle or _("no handle")
    return f"{OUTCOMES[verdict.outcome]}: {name} ({lines})" + (
        f": {remarks}" if remarks else ""
    )
