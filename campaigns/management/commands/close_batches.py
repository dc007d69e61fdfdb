"""Close what is past its cut-off, for those who run single steps from cron."""

from typing import Any

from django.core.management.base import BaseCommand

from campaigns.sweep import close_batches


class Command(BaseCommand):
    help = "Close every batch whose closing time has passed."

    def handle(self, **options: Any) -> None:
        self.stdout.write(f"batches closed: {close_batches()}")
