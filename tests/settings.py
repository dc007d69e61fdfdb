"""The shop's own settings, fed a known environment and made quick for tests.

The database is DATABASE_URL or else an SQLite file: never in memory, where neither
locks nor a second connection behave as they do in a shop.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

FOLDER = Path(tempfile.mkdtemp(prefix="kloter-test-"))
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

KNOWN_ENVIRONMENT = {
    "ALLOWED_HOSTS": "127.0.0.1,localhost,[::1]",
    "BASE_URL": "http://127.0.0.1:8000",
    "DATABASE_URL": os.environ.get("DATABASE_URL")
    or f"sqlite:///{FOLDER}/shop.sqlite3",
    "DEBUG": "1",
    "DEFAULT_FROM_EMAIL": "toko@example.com",
    "DEFAULT_LANGUAGE": "id",
    "EMAIL_TIMEOUT": "10",
    "EMAIL_URL": "memorymail://",
    "LOG_LEVEL": "INFO",
    "MAIL_DOMAIN_RATE": "",
    "MAIL_RATE": "",
    "MAIL_SENDERS": "1",
    "MEDIA_ROOT": os.environ.get("TEST_MEDIA_ROOT") or f"{FOLDER}/media",
    "MEDIA_URL": "/media/",
    "MIDTRANS_PRODUCTION": "0",
    "PAGE_COPIES": "0",
    "PAYMENT_GATEWAYS": os.environ.get("TEST_PAYMENT_GATEWAYS") or "sandbox",
    "PORT": "8000",
    "PRIVATE_MEDIA_ROOT": os.environ.get("TEST_PRIVATE_MEDIA_ROOT")
    or f"{FOLDER}/private",
    "RATE_LIMITS": "0",
    "REDIS_URL": "",
    "SECRET_KEY": "only-for-tests-and-for-nothing-else-0123456789abcdef",
    "TRUSTED_PROXIES": "0",
    **dict.fromkeys(
        (
            "ANYMAIL_BACKEND",
            "STRIPE_SECRET_KEY",
            "STRIPE_WEBHOOK_SECRETS",
            "STRIPE_API_BASE",
            "MIDTRANS_SERVER_KEYS",
            "MIDTRANS_API_BASE",
            "MIDTRANS_SNAP_BASE",
            "XENDIT_SECRET_KEY",
            "XENDIT_CALLBACK_TOKENS",
            "XENDIT_API_BASE",
        ),
        "",
    ),
}
# A developer's .env or shell must not reach the tests, nor a *_FILE of theirs.
os.environ.update({f"{name}_FILE": "" for name in KNOWN_ENVIRONMENT})
os.environ.update(KNOWN_ENVIRONMENT)

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, STORAGES  # noqa: E402

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES |= {
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = FOLDER / "static"
STATIC_ROOT.mkdir()
# Looks a file up when it is asked for, instead of listing them all per test client.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = True

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(FOLDER / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF"
    )
