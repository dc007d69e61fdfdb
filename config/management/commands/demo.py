"""`make demo`: a whole shop with sample data, one command, nothing to configure."""

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from config.demo import processes
from config.demo.people import PASSWORD

BANNER = """
  Kloter is open at {url}

    shop     {url}/
    sellers  {url}/admin/   nila or kunyit, password {password}
    all      {url}/admin/   admin, password {password}
    mail     {url}/admin/orders/message/

  The database is {data}. Ctrl-C stops the shop.
"""


class Command(BaseCommand):
    help = "Migrate, add sample data and serve the shop on 127.0.0.1."

    def handle(self, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "The demo is refused while DEBUG is off: its users have the password "
                f"{PASSWORD!r}. The README says how to run a real shop."
            )
        if not processes.port_is_free():
            raise CommandError(
                f"Port {settings.PORT} is in use; choose another: "
                f"PORT={settings.PORT + 1} make demo"
            )
        self._prepare()
        self._serve()

    def _prepare(self) -> None:
        self.stdout.write("Preparing the database and the sample data ...")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        call_command("seed_demo", stdout=self.stdout)

    def _serve(self) -> None:
        try:
            with processes.running() as shop:
                if shop.is_open():
                    self._greet()
                ended = shop.wait_until_one_ends()
        except processes.Stopped:
            self.stdout.write("Kloter has stopped.")
        else:
            raise CommandError(f"The {ended} ended, so the shop was stopped.")

    def _greet(self) -> None:
        url = f"http://{processes.HOST}:{settings.PORT}"
        data = settings.DATABASES["default"]["NAME"]
        self.stdout.write(BANNER.format(url=url, password=PASSWORD, data=data))
        self.stdout.flush()
