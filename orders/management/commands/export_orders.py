"""Writes orders as CSV to standard output, one row a line (docs/export.md)."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.models import Batch, Campaign, Seller
from orders.exports import csv_of
from orders.models import Order

# Option: what it names, by which column, and how an order leads there.
CHOICES: dict[str, tuple[Any, str, str]] = {
    "seller": (Seller, "slug", "batch__campaign__seller__slug"),
    "campaign": (Campaign, "slug", "batch__campaign__slug"),
    "batch": (Batch, "pk", "batch"),
}


class Command(BaseCommand):
    help = "Write orders as CSV to standard output; without an option, all of them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seller", metavar="SLUG")
        parser.add_argument("--campaign", metavar="SLUG")
        parser.add_argument("--batch", type=int, metavar="ID")

    def handle(self, *args: Any, **options: Any) -> None:
        orders = Order.objects.all()
        for name, (model, column, path) in CHOICES.items():
            if (value := options[name]) is None:
                continue
            if not model.objects.filter(**{column: value}).exists():
                # A slip of the finger is an error, not an empty file.
                raise CommandError(f"There is no {name} {value!r}.")
            orders = orders.filter(**{path: value})
        for piece in csv_of(orders):
            self.stdout.write(piece, ending="")
