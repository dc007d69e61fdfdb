"""Silence counts only after a question was really sent, with time left to answer it.

What waits in the outbox too long is asked again with a later answer-by; what cannot be
mailed stays open until the seller has asked by hand.
"""

from datetime import datetime, timedelta

from django.db import transaction

from campaigns.actors import SYSTEM
from campaigns.clock import database_now
from campaigns.rounds import count_done
from campaigns.schedule import LEAST_TIME, USUAL_TIME
from campaigns.wakeup import wake_up
from orders import lifecycle
from orders.decisions import mails as decision_mails
from orders.decisions import settling
from orders.delays import emails as delay_emails
from orders.delays.tellings import SENDING_TIME
from orders.delays.terms import DelayTerms
from orders.mail import rows as mail_rows
from orders.models import Decision, Message, Order

# A mail sent later than this before answer-by left no time to answer.
SHORTEST_TIME = timedelta(days=1)
State = Message.State


def ask_again_due() -> int:
    """Give more time where too little is left and nothing was sent; how many."""
    now = database_now()
    unsent = Decision.objects.open().not_sent()
    short = unsent.filter(
        order__status__in=Order.LIVE,
        answer_by__lt=now + LEAST_TIME,
        asked_at__lte=now - SENDING_TIME,
    )
    rows = short.order_by("pk").values_list("pk", "order_id")
    return count_done(list(rows), _ask_again_if_short)


def _ask_again_if_short(row: tuple[int, int]) -> bool:
    decision_id, order_id = row
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        decision = settling.locked(decision_id)
        is_sent = bool(sent_at(decision))
        is_short = decision.answer_by < database_now() + LEAST_TIME
        if is_sent or not is_short or not decision.is_open:
            return False
        return ask_again(order, decision)


def is_fairly_asked(decision: Decision) -> bool:
    sent = sent_at(decision)
    return sent is not None and sent <= decision.answer_by - SHORTEST_TIME


def sent_at(decision: Decision) -> datetime | None:
    """When its question left, if the last mail of it did: an address may be mended."""
    mails = decision_mails.questions(decision).exclude(state=State.ABORTED)
    last = mails.order_by("pk").last()
    return last.sent_at if last and last.state == State.SENT else None


def ask_again(order: Order, decision: Decision) -> bool:
    """Move answer-by and mail the question anew; both rows are locked.

    False while a mail is being sent, or when a newer window is being told.
    """
    mails = decision_mails.questions(decision)
    is_stale = order.batch.schedule_version > decision.schedule_version
    if is_stale or mails.filter(state=State.SENDING).exists():
        return False
    is_mailable = bool(order.email) and not mails.filter(state=State.FAILED).exists()
    before, answer_by = decision.answer_by, database_now() + USUAL_TIME
    decision.postpone(answer_by)
    decision_mails.abort(decision_mails.of_delay(decision))
    if is_mailable:
        mail_rows.queue(_mail(order, decision, number=mails.count() + 1))
        wake_up()
    noted = {"answer_by": {"from": before, "to": answer_by}, "mailed": is_mailable}
    data = {"decision": decision.pk} | noted
    order.record("delay_asked_again", actor=SYSTEM, data=data)
    return True


def _mail(order: Order, decision: Decision, *, number: int) -> Message:
    change, batch_id = decision.schedule_change, decision.origin_id
    if change is None:
        raise TypeError(f"decision {decision.pk} asks about no change")
    asked = list(
        Decision.objects.filter(order=order, pk__lt=decision.pk).order_by("pk")
    )
    key = delay_emails.key_of(asked, change.version, batch_id)
    terms = DelayTerms.of(order, asked)
    return delay_emails.schedule_change(
        order, change, terms, key=f"{key}:{number}", decision=decision
    )
