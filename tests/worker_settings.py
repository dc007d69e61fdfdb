"""The tests' settings for a real Celery worker, with the broker the test started."""

import os

from tests.settings import *  # noqa: F403

REDIS_URL = CELERY_BROKER_URL = os.environ["TEST_BROKER_URL"]
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = os.environ["TEST_MAIL_FOLDER"]
