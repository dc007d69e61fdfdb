"""Slows down guessing: ten failures for a name from one address, then a pause.

Counted in the cache, so without Redis each web process counts for itself.
"""

import hashlib
from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from campaigns.throttle import client_address

FAILURES = 10
SECONDS = 15 * 60


class Attempts:
    def __init__(self, address: str, name: str) -> None:
        who = f"{address} {name.strip().casefold()}"
        self.key = f"login:{hashlib.sha256(who.encode()).hexdigest()}"

    def admit(self) -> bool:
        """Counted before the password is looked at: guesses in parallel count too."""
        try:
            cache.add(self.key, 0, timeout=SECONDS)
            return cache.incr(self.key) <= FAILURES
        except Exception:  # noqa: BLE001  without its cache the staff still gets in
            return True

    def fail(self) -> None:
        """The pause begins with the last failure."""
        try:
            cache.touch(self.key, SECONDS)
        except Exception:  # noqa: BLE001
            return

    def forget(self) -> None:
        try:
            cache.delete(self.key)
        except Exception:  # noqa: BLE001
            return


class LockingLoginForm(AdminAuthenticationForm):
    def clean(self) -> dict[str, Any]:
        """The same answer for a name that exists and for one that does not."""
        address = client_address(self.request) if self.request else ""
        attempts = Attempts(address, self.cleaned_data.get("username") or "")
        if not attempts.admit():
            raise ValidationError(
                _("Too many failed attempts. Try again in %(minutes)s minutes."),
                params={"minutes": SECONDS // 60},
            )
        try:
            cleaned = super().clean()
        except ValidationError:
            attempts.fail()
            raise
        attempts.forget()
        return cleaned
