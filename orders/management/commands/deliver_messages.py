"""Sends the mails that are due."""

from typing import Any

from django.core.management.base import BaseCommand

from orders.outbox import deliver_due


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{deliver_due()} mails sent")
