"""Thin doors to functions over rows: a task may be lost or doubled without harm."""

from celery import shared_task

from config import sweep as sweeping


@shared_task(name="config.tasks.sweep")
def sweep() -> None:
    sweeping.run()
