"""A place on the waiting list: taken, given up, declined, ended."""

from decimal import Decimal

from django.db import transaction

from campaigns.actors import BUYER
from campaigns.clock import database_now
from campaigns.errors import CampaignError
from campaigns.wakeup import wake_up
from orders import cancellation, lifecycle
from orders.mail import rows as mail_rows
from orders.models import WaitlistEntry
from orders.waitlist import emails as waitlist_emails
from orders.waitlist import public_sale

LINK_AGAIN_AFTER_SECONDS = 600
# Places at a time: an address nobody has proved to own must not fill the lists.
PER_MAILBOX = 10
# As many buyers as any limit admits from one address: a campus, a mobile carrier.
PER_ADDRESS = 64
State = WaitlistEntry.State


class TooManyPlaces(CampaignError):
    """This mailbox, or this internet address, waits in enough places already."""


def join(entry: WaitlistEntry) -> None:
    """Take a place; the same address for the same variant keeps the one it has.

    The secret link goes by mail, again after a while. Raises TooManyPlaces,
    BatchClosed, NotSold or StillAvailable; nothing is written or sent then.
    """
    _refuse_too_many(entry)
    with transaction.atomic():
        WaitlistEntry.objects.bulk_create([entry], ignore_conflicts=True)
        _send_link(entry)
        wake_up()
        public_sale.keep_sold_out(entry.batch_id, entry.variant_id)


def _refuse_too_many(entry: WaitlistEntry) -> None:
    """Counted without a lock: who joins at the same moment is not seen."""
    others = WaitlistEntry.objects.live().exclude(
        batch=entry.batch_id, variant=entry.variant_id, identity=entry.identity
    )
    of_mailbox = others.filter(identity=entry.identity)
    of_address = others.filter(origin=entry.origin).exclude(origin="")
    if of_mailbox.count() >= PER_MAILBOX or (
        entry.origin and of_address.count() >= PER_ADDRESS
    ):
        raise TooManyPlaces


def _send_link(entry: WaitlistEntry) -> None:
    places = WaitlistEntry.objects.live().for_page()
    place = places.filter(
        batch=entry.batch_id, variant=entry.variant_id, identity=entry.identity
    ).first()
    if place and not mail_rows.sent_often(waitlist_emails.joined_prefix(place)):
        turn = int(database_now().timestamp()) // LINK_AGAIN_AFTER_SECONDS
        asked = entry if place.quantity != entry.quantity else None
        waitlist_emails.waitlist_joined(place, turn=turn, asked=asked)


def depart(entry_id: int, *, asked: State | None = None) -> None:
    """Leave the list, or decline its offer; twice changes nothing.

    `asked` is the state the buyer was asked in: who leaves the list does not decline
    what was offered meanwhile. Raises Refused when the batch went on to another stage
    at this moment.
    """
    entry = WaitlistEntry.objects.get(pk=entry_id)
    if entry.order_id is not None:
        if asked in (None, State.OFFERED):
            _decline(entry_id, entry.order_id)
        return
    with transaction.atomic():
        entry = WaitlistEntry.objects.locked(entry_id)
        if entry.state == State.WAITING:
            entry.move_to(State.LEFT)
            wake_up()


def _decline(entry_id: int, order_id: int) -> None:
    """The units are free at once; the sweep asks who is next."""
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        entry = WaitlistEntry.objects.locked(entry_id)
        if entry.state == State.OFFERED:
            entry.move_to(State.DECLINED)
            cancellation.cancel(order, kept=Decimal(0), actor=BUYER)


def end(entry_id: int, reason: WaitlistEntry.EndReason) -> bool:
    """End a place that waits; False when it waits no more."""
    waiting = WaitlistEntry.objects.filter(pk=entry_id)
    with transaction.atomic():
        wake_up()
        return bool(waiting.end(reason))
