"""The tests' settings for a real Celery worker, with the broker the test started."""

import os

from tests.settings import *  # noqa: F403

REDIS_URL = CELERY_BROKER_URL = os.environ["TEST_BROKER_URL"]
EMAIL_FILE_PATH = os.environ["TEST_MAIL_FOLDER"]
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
if port := os.environ.get("TEST_SMTP_PORT"):
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT, MAIL_SENDERS = "127.0.0.1", int(port), 2
