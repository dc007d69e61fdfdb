"""The mails that ask a question, and remind of it: found, and taken back unsent."""

from django.db.models import QuerySet

from orders.mail import outbox
from orders.mail import rows as mail_rows
from orders.models import Decision, Message, Order

SCHEDULE_CHANGE = "schedule_change"
DELAY_REMINDER = "delay_reminder"
OF_DELAYS = (SCHEDULE_CHANGE, DELAY_REMINDER)


def withdraw(order: Order, decision: Decision) -> bool:
    """Take back what nobody began to send; False when a sender was faster."""
    if not decision.is_delay:
        return outbox.withdraw(
            mail_rows.key_of("decision_asked", order, str(decision.pk))
        )
    mails = of_delay(decision)
    abort(mails)
    return not mails.exclude(state=Message.State.ABORTED).exists()


def of_delay(decision: Decision) -> "QuerySet[Message]":
    """An order that changed its batch may meet the same version a second time."""
    return Message.objects.filter(
        order=decision.order_id,
        kind__in=OF_DELAYS,
        schedule_version=decision.schedule_version,
        created_at__gte=decision.asked_at,
    )


def questions(decision: Decision) -> "QuerySet[Message]":
    """Of these the ones that ask, copies to a corrected address among them."""
    return of_delay(decision).filter(kind=SCHEDULE_CHANGE)


def abort(mails: "QuerySet[Message]") -> int:
    """Even one that is to be tried again: what it says is no longer so."""
    return mails.filter(state=Message.State.QUEUED).update(state=Message.State.ABORTED)
