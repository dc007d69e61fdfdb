"""Writes the refunds that are owed and sends those that are due."""

from typing import Any

from django.core.management.base import BaseCommand

from payments.refunds.sending import request_all_owed, send_due


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{request_all_owed()} refunds requested")
        self.stdout.write(f"{send_due()} refunds sent or looked up")
