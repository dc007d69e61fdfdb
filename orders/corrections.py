"""Puts an order's e-mail or phone right, and sends again what went astray.

The per-buyer limit stays with the identities claimed at placing (see `tallies`): a
corrected address neither frees units nor takes any.
"""

from django.db import transaction

from campaigns.actors import Actor
from campaigns.clock import Clock
from campaigns.wakeup import wake_up
from orders import emails, lifecycle
from orders.decisions.mails import SCHEDULE_CHANGE
from orders.delays import asking as delay_asking
from orders.models import Decision, Message, Order
from orders.models.order import REMINDERS

# Each tells a state of its own; the latest one makes the earlier ones old news.
NEWS_OF_STATE = (
    "order_placed",
    "order_confirmed",
    "order_changed",
    "order_expired",
    "order_canceled",
    "batch_canceled",
    "order_shipped",
    "schedule_change",
)
OVERTAKEN = (*NEWS_OF_STATE, *REMINDERS, "waitlist_offer")
State = Message.State
SENT = (State.SENT, State.SENDING)


def correct_contact(order_id: int, *, email: str, phone: str, actor: Actor) -> Order:
    """Write what is new of the two; the same again changes and sends nothing."""
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        entered = {"email": email, "phone": phone}
        before = {name: getattr(order, name) for name in entered}
        changed = [name for name in entered if entered[name] != before[name]]
        if not changed:
            return order
        for name in changed:
            setattr(order, name, entered[name])
        order.save(update_fields=changed)
        personal = {n: {"from": before[n], "to": entered[n]} for n in changed}
        event = order.record("contact_corrected", actor=actor, personal=personal)
        if "email" in changed:
            _send_to_new_address(order)
        else:
            emails.contact_corrected(order, change_key=str(event.pk))
        wake_up()
    return order


def _send_to_new_address(order: Order) -> None:
    news = order.messages.filter(kind__in=NEWS_OF_STATE).order_by("pk")
    # What was put right tells no state.
    latest = news.exclude(dedupe_key__contains=emails.OF_EVENT).last()
    _readdress_unsent(order, latest)
    if not order.email:
        return
    corrections = order.events.filter(kind="contact_corrected").count()
    key = f"corrected-{corrections}"
    emails.order_link(order, request_key=key, corrected=True)
    if latest and latest.state in SENT and not latest.is_outdated:
        emails.send_copy(latest, to=order.email, key=key)
    _ask_there_too(order, latest)


def _ask_there_too(order: Order, latest: Message | None) -> None:
    """Silence about a question that only the wrong address got is no answer to it."""
    if latest and latest.kind == SCHEDULE_CHANGE:
        return
    rows = Decision.objects.delays().open().select_for_update(no_key=True)
    if decision := rows.filter(order=order).first():
        delay_asking.ask_again(order, decision)


def _readdress_unsent(order: Order, latest: Message | None) -> None:
    """Failed mails are tried again, unless later news made them pointless.

    Nor with days that are not promised any more: the link tells those that are.
    """
    queued = order.messages.filter(state=State.QUEUED)
    failed = order.messages.filter(state=State.FAILED)
    if not order.email:
        (queued | failed).update(state=State.ABORTED)
        return
    old_news = failed.filter(kind__in=OVERTAKEN)
    if latest:
        old_news = old_news.exclude(pk=latest.pk)
    old_news.update(state=State.ABORTED)
    failed.outdated().update(state=State.ABORTED)
    queued.update(to=order.email)
    failed.update(
        to=order.email, state=State.QUEUED, attempts=0, next_attempt_at=Clock()
    )
