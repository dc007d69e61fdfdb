"""Ends unpaid holds whose time is over, at the gateway first."""

from typing import Any

from django.core.management.base import BaseCommand

from payments.expiry import expire_overdue


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{expire_overdue()} orders expired")
