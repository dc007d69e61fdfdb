"""Mails that name the shipping window and leave after the news of a newer one.

What they bring their buyer has to get, so they are not taken back; what they say of the
window is no longer so. They leave with the newer one first, and the log keeps them so.
"""

import re
from collections.abc import Iterable

from django.db.models import Prefetch
from django.template.loader import render_to_string
from django.utils import timezone, translation

from campaigns.dates import window_short
from campaigns.models import ScheduleChange
from campaigns.timeline import changes_of
from orders.mail import claims as mail_claims
from orders.models import Message, Order


def correct(claimed: Iterable[Message]) -> None:
    """Looked up once they are claimed: news that is written later waits for them."""
    dated = {mail.pk: mail for mail in claimed if mail.tells_dates_beside_its_news}
    if not dated:
        return
    late = Message.objects.filter(pk__in=dated, order__status__in=Order.LIVE)
    orders = Order.objects.prefetch_related("batch__schedule_changes")
    for row in late.overtaken().prefetch_related(Prefetch("order", orders)):
        if row.order:
            _correct(dated[row.pk], row.order)


def _correct(message: Message, order: Order) -> None:
    changes = changes_of(order.batch)
    if not changes:
        return
    with translation.override(message.locale), timezone.override(order.zone):
        note = _note(changes[-1])
        subject = _redated(message.subject, changes)
    if message.text.startswith(note):
        return
    message.text, message.subject = f"{note}\n\n{message.text}", subject
    rows = mail_claims.held_by_us(message)
    rows.update(text=message.text, subject=message.subject)


def _note(change: ScheduleChange) -> str:
    """With the day, so that a second one on top of it is understood."""
    return render_to_string("orders/emails/overtaken.txt", {"change": change}).strip()


def _redated(subject: str, changes: list[ScheduleChange]) -> str:
    """In one pass, and the longest first: of two windows one may end as the other."""
    newest = window_short(changes[-1].new_from, changes[-1].new_until)
    older = [window_short(c.old_from, c.old_until) for c in changes if c.old_until]
    windows = sorted([newest, *older], key=len, reverse=True)
    told = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, windows))})(?!\w)")
    return told.sub(lambda _found: newest, subject)
