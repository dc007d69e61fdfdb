"""Asks a worker to sweep now. Only haste: the periodic sweep does the work anyway."""

import logging
import time

from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu.exceptions import KombuError
from kombu.pools import producers
from redis.exceptions import RedisError

SWEEP = "config.tasks.sweep"
# A wake-up that waited this long has been overtaken by the periodic sweep.
EXPIRES_SECONDS = 60
# Connections of its own: a worker may wait longer for its broker than a buyer may.
IMPATIENT = {
    "socket_connect_timeout": 0.3,
    "socket_timeout": 0.3,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}

logger = logging.getLogger(__name__)


class Bell:
    """Rings at the broker; one that did not answer is left alone for a moment."""

    SILENCE_SECONDS = 5.0

    def __init__(self) -> None:
        self.silent_until = 0.0

    def ring(self) -> None:
        if time.monotonic() < self.silent_until:
            return
        try:
            self._send()
        except (KombuError, RedisError, OSError) as reason:
            self.silent_until = time.monotonic() + self.SILENCE_SECONDS
            logger.warning("no worker could be woken up: %s", reason)

    def _send(self) -> None:
        broker = current_app.connection_for_write(transport_options=IMPATIENT)
        with producers[broker].acquire(block=True, timeout=0.3) as producer:
            current_app.send_task(
                SWEEP, expires=EXPIRES_SECONDS, retry=False, producer=producer
            )


bell = Bell()


def wake_up() -> None:
    """After commit; does nothing without a broker, and never fails."""
    if settings.CELERY_BROKER_URL:
        transaction.on_commit(bell.ring, robust=True)
