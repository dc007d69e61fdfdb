"""What must always be true of the outbox."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models import Count

from campaigns.clock import database_now
from campaigns.invariants import Invariant
from orders.mail.claims import MOST_ATTEMPTS
from orders.models import Message

# Rounds in which a lease that ran out is noticed.
SLACK = timedelta(minutes=15)


def tried_beyond_their_attempts() -> Iterable[str]:
    for message in Message.objects.filter(attempts__gt=MOST_ATTEMPTS):
        yield f"message {message.pk}: {message.attempts} attempts"


def sending_past_their_lease() -> Iterable[str]:
    limit = database_now() - SLACK
    stuck = Message.objects.filter(state=Message.State.SENDING, leased_until__lt=limit)
    for message in stuck:
        yield f"message {message.pk}: its lease ended {message.leased_until}"


def sharing_a_message_id() -> Iterable[str]:
    """Two copies of one mail are known by it; two mails must never look like that."""
    rows = Message.objects.order_by().values_list("message_id")
    shared = rows.exclude(message_id="").annotate(times=Count("pk"))
    for message_id, times in shared.filter(times__gt=1):
        yield f"{times} mails are {message_id}"


INVARIANTS = (
    Invariant(19, "no mail is tried for ever", tried_beyond_their_attempts),
    Invariant(19, "no mail is being sent for ever", sending_past_their_lease),
    Invariant(20, "a Message-ID is one mail's", sharing_a_message_id),
)
