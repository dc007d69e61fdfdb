"""Celery spreads work and wakes it up; the database says what there is to do."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

SWEEP_EVERY_SECONDS = 60
BROKER_TIMEOUT_SECONDS = 0.4

app = Celery("kloter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    task_ignore_result=True,
    task_acks_late=True,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_connection_timeout=BROKER_TIMEOUT_SECONDS,
    beat_schedule={
        "sweep": {
            "task": "config.tasks.sweep",
            "schedule": SWEEP_EVERY_SECONDS,
            "options": {"expires": SWEEP_EVERY_SECONDS},
        }
    },
)
app.autodiscover_tasks()
