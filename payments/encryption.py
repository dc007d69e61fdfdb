"""Columns that are readable to this installation alone, not to a copied database."""

import base64
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models
from django.utils.crypto import salted_hmac

if TYPE_CHECKING:
    TextField = models.TextField[str, str]
else:
    TextField = models.TextField


class EncryptedTextField(TextField):
    """Encrypted with a key made of SECRET_KEY; SECRET_KEY_FALLBACKS still open it.

    Not to be searched or sorted by. What no key opens reads as empty: a lost key
    loses the account numbers, never the page that shows them.
    """

    def get_prep_value(self, value: Any) -> Any:
        text = super().get_prep_value(value)
        return text and _box().encrypt(text.encode()).decode()

    def from_db_value(self, value: str | None, *_args: Any) -> str | None:
        if not value:
            return value
        try:
            return _box().decrypt(value.encode()).decode()
        except InvalidToken:
            return ""


def _box() -> MultiFernet:
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return MultiFernet([Fernet(_key(secret)) for secret in secrets])


def _key(secret: str | bytes) -> bytes:
    digest = salted_hmac(
        "payments.encryption", "column", secret=secret, algorithm="sha256"
    ).digest()
    return base64.urlsafe_b64encode(digest)
