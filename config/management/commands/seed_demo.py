"""Sample data for a shop nobody runs yet."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo.people import PASSWORD
from config.demo.seeding import seed


class Command(BaseCommand):
    help = "Create what is missing of the demo shop; edits nothing that exists."

    def handle(self, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                f"The demo's users have the password {PASSWORD!r}, so it is refused "
                "while DEBUG is off. Use create_seller for a real shop."
            )
        for thing in seed():
            self.stdout.write(f"created {thing}")
