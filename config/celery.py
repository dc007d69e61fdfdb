"""Celery spreads work and wakes it up; the database says what there is to do."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured

from config.checks.refusing import refuse_wrong_configuration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

SWEEP_EVERY_SECONDS = 60
SEND_EVERY_SECONDS = 5

app = Celery("kloter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    beat_schedule={
        "sweep": {
            "task": "config.tasks.sweep",
            "schedule": SWEEP_EVERY_SECONDS,
            "options": {"expires": SWEEP_EVERY_SECONDS},
        },
        "mails": {
            "task": "config.tasks.send_mails",
            "schedule": SEND_EVERY_SECONDS,
            "options": {"expires": SEND_EVERY_SECONDS},
        },
    },
)
app.autodiscover_tasks()


def refuse_to_start_wrongly(**_kwargs: Any) -> None:
    try:
        refuse_wrong_configuration()
    except ImproperlyConfigured as reason:
        # Celery swallows every other exception of a signal's receiver.
        sys.exit(str(reason))


worker_init.connect(refuse_to_start_wrongly)
beat_init.connect(refuse_to_start_wrongly)
