"""Asks a worker to sweep now. Only haste: the periodic sweep does the work anyway."""

import logging

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import KombuError, OperationalError
from redis.exceptions import RedisError

SWEEP = "config.tasks.sweep"
# A wake-up that waited this long has been overtaken by the periodic sweep.
EXPIRES_SECONDS = 60

logger = logging.getLogger(__name__)


def wake_up() -> None:
    """After commit; does nothing without a broker, and never fails."""
    if settings.CELERY_BROKER_URL:
        transaction.on_commit(_send)


def _send() -> None:
    try:
        current_app.send_task(SWEEP, expires=EXPIRES_SECONDS, retry=False)
    except (OperationalError, KombuError, RedisError, OSError) as reason:
        logger.warning("no worker could be woken up: %s", reason)
