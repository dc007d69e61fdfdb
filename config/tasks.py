"""Thin doors to functions over rows: a task may be lost or doubled without harm."""

import logging

from celery import shared_task
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from config import sweep as sweeping
from config.celery import SEND_EVERY_SECONDS
from orders.mail import outbox
from orders.mail import senders as mail_senders

logger = logging.getLogger(__name__)


@shared_task(name="config.tasks.sweep")
def sweep() -> None:
    """Everything but mails, which leave in tasks of their own: money waits for none."""
    sweeping.run(leave_out=(sweeping.MAILS,))
    call_a_sender()


@shared_task(name="config.tasks.send_mails")
def send_mails() -> None:
    """A turn of one sender, and another for as long as there is something to send."""
    with mail_senders.place() as number:
        if not number or not mail_senders.has_more():
            return
        # One who finds no free place ends at once; so they are never too many.
        call_a_sender()
        sent = outbox.take_a_turn()
    if sent and mail_senders.has_more():
        call_a_sender()


def call_a_sender() -> None:
    """Only haste: beat calls one every few seconds."""
    try:
        # The next comes soon: who waited longer would only stand before other work.
        send_mails.apply_async(expires=SEND_EVERY_SECONDS, retry=False)
    except (KombuError, RedisError, OSError) as reason:
        logger.warning("no sender of mails could be called: %s", reason)
