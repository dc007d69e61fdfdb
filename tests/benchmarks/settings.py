"""The shop as a seller runs it, on the database of the benchmark.

DEBUG is off, templates are cached, static files are collected and hashed; mails are
queued and nobody sends them. Rate limits are off: all buyers have one address.
"""

import os
from pathlib import Path

FOLDER = Path(os.environ["BENCH_FOLDER"])
KNOWN_ENVIRONMENT = {
    "ALLOWED_HOSTS": "127.0.0.1",
    "BASE_URL": "http://127.0.0.1:8000",
    "DEBUG": "0",
    "DEFAULT_FROM_EMAIL": "toko@example.com",
    "DEFAULT_LANGUAGE": "id",
    "ANYMAIL_BACKEND": "",
    "EMAIL_TIMEOUT": "10",
    "EMAIL_URL": "memorymail://",
    "MAIL_DOMAIN_RATE": "",
    "MAIL_RATE": "",
    "LOG_LEVEL": "ERROR",
    "MEDIA_ROOT": str(FOLDER / "media"),
    "MEDIA_URL": "/media/",
    "PAGE_COPIES": "1",
    "PAYMENT_GATEWAYS": "sandbox",
    "RATE_LIMITS": "0",
    "REDIS_URL": "",
    "SECRET_KEY": "only-for-measuring-and-nothing-else-0123456789abcdef",
    "TRUSTED_PROXIES": "0",
}
# A developer's .env or shell must not reach what is measured.
os.environ.update({f"{name}_FILE": "" for name in KNOWN_ENVIRONMENT})
os.environ.update(KNOWN_ENVIRONMENT)

from config.settings import *  # noqa: E402, F403

STATIC_ROOT = FOLDER / "static"
