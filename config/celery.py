"""Celery spreads work and wakes it up; the database says what there is to do."""

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import beat_init, worker_init
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from config.checks.refusing import refuse_wrong_configuration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

SWEEP_EVERY_SECONDS = 60
SEND_EVERY_SECONDS = 5
# Senders may have workers of their own that step back behind buyers. A worker that is
# not told which queue takes both.
USUAL_QUEUE, MAIL_QUEUE = "celery", "mails"

app = Celery("kloter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    task_queues=(Queue(USUAL_QUEUE), Queue(MAIL_QUEUE)),
    task_default_queue=USUAL_QUEUE,
    task_routes={"config.tasks.send_mails": {"queue": MAIL_QUEUE}},
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
