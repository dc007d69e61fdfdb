from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.utils.module_loading import import_string

from config import mailers


class ShopConfig(AppConfig):
    name = "config"
    verbose_name = "Kloter"

    def ready(self) -> None:
        # Registers the system checks, and who hears of bounces.
        from config.checks import (  # noqa: F401, PLC0415
            addresses,
            folders,
            gateways,
            installation,
            mail,
            variables,
        )

        if mailers.hears_bounces():
            import_string("config.bounces.listen")()


class ShopAdminConfig(AdminConfig):
    default_site = "config.admin.ShopAdminSite"

    def ready(self) -> None:
        super().ready()
        from config import batch_steps  # noqa: F401, PLC0415  adds them to the pages
