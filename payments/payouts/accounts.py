"""Where the buyer wants a refund that the seller pays by hand."""

from dataclasses import dataclass

from django.db import transaction

from campaigns.actors import BUYER
from campaigns.clock import database_now
from campaigns.errors import CampaignError
from orders import emails, lifecycle
from orders.models import Order
from payments.models import PayoutAccount, Refund


class NothingToPayOut(CampaignError):
    """No refund of this order waits for an account: none yet, or all are paid."""


@dataclass(frozen=True, kw_only=True)
class Account:
    bank: str
    number: str
    holder: str


def waiting(order: Order) -> list[Refund]:
    """Refunds of this order that the seller is to pay by hand."""
    rows = Refund.objects.by_hand().filter(payment__order=order)
    return list(rows.filter(approved_at__isnull=False).select_related("payment"))


def name_account(order_id: int, account: Account) -> PayoutAccount:
    """Keep where the money goes, until it is paid; raises NothingToPayOut.

    Each change is told to the buyer: whoever has the link could have made it.
    """
    with transaction.atomic():
        order = lifecycle.locked(order_id)
        refunds = waiting(order)
        if not refunds:
            raise NothingToPayOut
        row = _store(order, account)
        keys = [refund.pk for refund in refunds]
        Refund.objects.filter(pk__in=keys).update(payout_account=row)
    return row


def _store(order: Order, account: Account) -> PayoutAccount:
    row = PayoutAccount.objects.filter(order=order).first() or PayoutAccount(
        order=order
    )
    named = (account.bank, account.number, account.holder)
    if (row.bank, row.number, row.holder) == named:
        return row
    now = database_now()
    row.bank, row.number, row.holder = named
    row.changed_at = now if row.pk else None
    row.save()
    order.record("payout_account", actor=BUYER, personal={"account": row.masked})
    emails.payout_named(order, change_key=now.isoformat(), account=row.masked)
    return row
