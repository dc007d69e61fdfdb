"""What happened to an order, in the words of the staff and of its buyer."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns import dates
from campaigns.models.minimum import MINIMUM_MISSED
from orders.models import OrderEvent
from orders.models.event import (
    BALANCE_OVERDUE,
    DELAY_DECLINED,
    DELAY_UNANSWERED,
    HOLD_ENDED,
    NEWS_ASKED,
    UNPAID_BALANCE,
)

KINDS = {
    "offered": gettext_lazy("Offered from the waiting list"),
    "placed": gettext_lazy("Order placed"),
    "pending": gettext_lazy("Waits for payment"),
    "confirmed": gettext_lazy("Confirmed"),
    HOLD_ENDED: gettext_lazy("Time to pay ended for production"),
    "hold_extended": gettext_lazy("Time to pay extended on request"),
    "hold_prolonged": gettext_lazy("Time to pay prolonged for a transfer"),
    "proof_sent": gettext_lazy("Proof of transfer sent"),
    "proof_accepted": gettext_lazy("Proof of transfer accepted"),
    "proof_rejected": gettext_lazy("Proof of transfer rejected"),
    "statement_matched": gettext_lazy("Money found in the bank statement"),
    "shipped": gettext_lazy("Parcel sent"),
    "shipment_voided": gettext_lazy("Parcel taken back"),
    "fulfilled": gettext_lazy("Shipped"),
    "expired": gettext_lazy("Expired unpaid, units released"),
    "canceled": gettext_lazy("Canceled"),
    "contact_corrected": gettext_lazy("E-mail or phone corrected"),
    "address_changed": gettext_lazy("Address changed"),
    "address_confirmed": gettext_lazy("Address confirmed"),
    "reminders_stopped": gettext_lazy("Reminders stopped"),
    "reminders_resumed": gettext_lazy("Reminders resumed"),
    "decision_asked": gettext_lazy("Asked to move to another batch"),
    "moved": gettext_lazy("Moved to another batch"),
    "stayed": gettext_lazy("Stays in its batch"),
    "decision_lapsed": gettext_lazy("No answer in time: stays in its batch"),
    "decision_withdrawn": gettext_lazy("Question withdrawn"),
    "schedule_changed": gettext_lazy("Told of another shipping window"),
    "delay_accepted": gettext_lazy("Waits for the new date"),
    "delay_declined": gettext_lazy("Does not wait for the new date"),
    "delay_lapsed": gettext_lazy("No answer about the delay in time"),
    "delay_withdrawn": gettext_lazy("Question about the delay replaced or over"),
    "delay_asked_again": gettext_lazy("More time to answer about the delay"),
    "cash_received": gettext_lazy("Cash received"),
    "card_forgotten": gettext_lazy("Consent to charge the card withdrawn"),
    BALANCE_OVERDUE: gettext_lazy("Balance not paid by its day"),
    "refunded_by_hand": gettext_lazy("Paid back by hand"),
    "suspense_credited": gettext_lazy("Money that did not fit: counted for the order"),
    "suspense_returned": gettext_lazy("Money that did not fit: sent back"),
    "payment_reviewed": gettext_lazy("Payment looked at, nothing to be done"),
    "refund_decided": gettext_lazy("Refund decided by the seller"),
    "refund_approved": gettext_lazy("Refund of extra money approved"),
    "credit_kept": gettext_lazy("Extra money kept as credit"),
    "refund_retried": gettext_lazy("Refund sent to the gateway again"),
    "refund_handed_over": gettext_lazy("Refund to be paid by hand"),
    "payout_account": gettext_lazy("Account for the refund entered"),
    NEWS_ASKED: gettext_lazy("Asked for news"),
}
ACTORS = {
    "buyer": gettext_lazy("Buyer"),
    "system": gettext_lazy("Automatic"),
    "gateway": gettext_lazy("Payment gateway"),
    "staff": gettext_lazy("Staff"),
}

# Where a status came from, and what machines count by.
NOT_FOR_READERS = (
    *("from", "to", "decision", "units_by_variant", "after_freeze"),
    *("batch_id", "why", "since", "version", "mailed"),
)
NAMES = {
    "window": gettext_lazy("ships"),
    "batch": gettext_lazy("batch"),
    "pay_before": gettext_lazy("pay before"),
    "pay_until": gettext_lazy("pay until"),
    "answer_by": gettext_lazy("answer by"),
}
MACHINE_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T|/|$)")


@dataclass(frozen=True)
class Told:
    at: datetime
    what: str
    who: str
    details: str


def told(event: OrderEvent) -> Told:
    return Told(
        at=event.at,
        what=_what(event),
        who=str(event.user or ACTORS.get(event.actor) or event.actor),
        details=_details(event),
    )


def _what(event: OrderEvent) -> str:
    if event.kind == "confirmed" and event.data.get("from") == "expired":
        return _("Late money: taken back and confirmed")
    if event.kind == "confirmed" and event.data.get("from") == "fulfilled":
        return _("Waits to be shipped again")
    return str(KINDS.get(event.kind, event.kind))


def _details(event: OrderEvent) -> str:
    """The rest of what was noted; where it came from is told by the row before."""
    noted = event.data | event.personal
    return ", ".join(
        f"{NAMES.get(name, name)}: {_value(value)}"
        for name, value in noted.items()
        if name not in NOT_FOR_READERS
    )


def _value(noted: Any) -> str:
    if isinstance(noted, dict) and noted.keys() == {"from", "to"}:
        return f"{_in_words(noted['from'])} → {_in_words(noted['to'])}"
    return _in_words(noted) if isinstance(noted, str) else str(noted)


def _in_words(noted: Any) -> str:
    """What machines noted of days and moments, as their reader writes them."""
    if not isinstance(noted, str) or not MACHINE_DATE.match(noted):
        return str(noted or "–")
    try:
        return _date_in_words(noted)
    except ValueError:
        return noted


def _date_in_words(noted: str) -> str:
    first, is_window, last = noted.partition("/")
    if is_window:
        days = (date.fromisoformat(first), date.fromisoformat(last))
        return dates.window_short(*days)
    if "T" in noted:
        return dates.moment_short(datetime.fromisoformat(noted))
    return dates.day_short(date.fromisoformat(noted))


TOLD_TO_BUYERS = {
    "offered": gettext_lazy("What you waited for was offered to you."),
    "placed": gettext_lazy("You placed the order."),
    "confirmed": gettext_lazy("Your payment arrived; your place in the batch is sure."),
    HOLD_ENDED: gettext_lazy("Production starts, so the time to pay ended."),
    "hold_extended": gettext_lazy("You asked for more time to pay and got it."),
    "hold_prolonged": gettext_lazy("Your place is held longer for your transfer."),
    "proof_sent": gettext_lazy("You sent a proof of transfer."),
    "proof_accepted": gettext_lazy("The seller found your transfer."),
    "proof_rejected": gettext_lazy("The seller could not find your transfer."),
    "statement_matched": gettext_lazy("The seller found your transfer."),
    "shipped": gettext_lazy("A parcel was handed to the courier."),
    "shipment_voided": gettext_lazy("The seller took a parcel back; it was not sent."),
    "fulfilled": gettext_lazy("Everything was shipped."),
    "expired": gettext_lazy("The time to pay ran out; your place was given back."),
    "canceled": gettext_lazy("The seller canceled the order."),
    "contact_corrected": gettext_lazy("The seller corrected your e-mail or phone."),
    "address_changed": gettext_lazy("You changed the address."),
    "address_confirmed": gettext_lazy("You confirmed the address."),
    "reminders_stopped": gettext_lazy("You stopped reminders."),
    "reminders_resumed": gettext_lazy("You asked for reminders again."),
    "decision_lapsed": gettext_lazy("There was no answer, so the order stays."),
    "decision_withdrawn": gettext_lazy("The question about the batch was withdrawn."),
    "schedule_changed": gettext_lazy("The seller announced another shipping date."),
    "delay_accepted": gettext_lazy("You decided to wait for the new date."),
    "delay_declined": gettext_lazy("You decided not to wait for the new date."),
    "delay_lapsed": gettext_lazy("There was no answer about the new date in time."),
    "delay_withdrawn": gettext_lazy("The question about the date was withdrawn."),
    "delay_asked_again": gettext_lazy("You got more time to answer about the date."),
    "cash_received": gettext_lazy("The seller received your cash."),
    "card_forgotten": gettext_lazy("You decided that your card is not charged."),
    BALANCE_OVERDUE: gettext_lazy("The balance was not paid by its day."),
    "refunded_by_hand": gettext_lazy("The seller paid you back by hand."),
    "suspense_credited": gettext_lazy("The seller counted the money that had arrived."),
    "suspense_returned": gettext_lazy("The seller sent back money that had arrived."),
    "payment_reviewed": gettext_lazy("The seller looked at your payment."),
    "refund_decided": gettext_lazy("The seller decided on a refund for you."),
    "refund_approved": gettext_lazy("What you paid twice is sent back to you."),
    "credit_kept": gettext_lazy("What you paid twice stays with the order as credit."),
    "refund_retried": gettext_lazy("Your refund is sent the way you paid once more."),
    "refund_handed_over": gettext_lazy("The seller pays your refund by hand."),
    "payout_account": gettext_lazy("An account for your refund was entered."),
    NEWS_ASKED: gettext_lazy("You asked the seller for news."),
}

OF_BATCHES = {
    "decision_asked": gettext_lazy("The seller asked: move to batch %(to)s?"),
    "moved": gettext_lazy("You moved the order from batch %(from)s to %(to)s."),
    "stayed": gettext_lazy("You decided to stay in batch %(from)s."),
}
# Nobody's decision: a rule that was agreed to.
BY_RULE = {
    MINIMUM_MISSED: gettext_lazy(
        "The batch missed its minimum, so the order was canceled."
    ),
    UNPAID_BALANCE: gettext_lazy(
        "The balance was not paid in time, so the order ended."
    ),
    DELAY_DECLINED: gettext_lazy(
        "You did not want to wait longer, so the order was canceled."
    ),
    DELAY_UNANSWERED: gettext_lazy(
        "There was no answer about the new date, so the order was canceled."
    ),
}
CANCELED_BY = {
    "buyer": gettext_lazy("You canceled the order."),
    "system": gettext_lazy("The seller canceled the whole batch."),
}


@dataclass(frozen=True)
class Sentence:
    at: datetime
    text: str


def told_to_buyer(events: Iterable[OrderEvent]) -> list[Sentence]:
    """Latest first. Names of the staff and inner details stay with the staff."""
    sentences = [Sentence(event.at, _sentence(event)) for event in events]
    return sentences[::-1]


def _sentence(event: OrderEvent) -> str:
    if event.kind == "confirmed" and event.data.get("reinstated"):
        return _("Your payment came late; there was still room, so the order counts.")
    if event.kind == "confirmed" and event.data.get("from") == "fulfilled":
        return _("The order waits to be shipped again.")
    if event.kind == "placed" and event.actor == "staff":
        return _("The seller entered your order.")
    if event.kind == "address_changed" and event.actor == "staff":
        return _("The seller corrected the address.")
    if event.kind == "schedule_changed":
        return _announced(event)
    if event.kind in OF_BATCHES:
        return str(OF_BATCHES[event.kind]) % _batches(event)
    if event.kind == "canceled":
        return _canceled(event)
    return str(TOLD_TO_BUYERS.get(event.kind, _("The order was updated.")))


def _announced(event: OrderEvent) -> str:
    days = str(event.data.get("window", {}).get("to") or "").split("/")
    if len(days) != len(("from", "until")):
        return _("The seller announced that it ships later, without a date yet.")
    window = dates.window(*(date.fromisoformat(day) for day in days))
    words = _("The seller announced another shipping date: %(window)s.")
    return words % {"window": window}


def _canceled(event: OrderEvent) -> str:
    reason = event.data.get("reason")
    if reason in BY_RULE:
        return str(BY_RULE[reason])
    if reason:
        words = _("The seller canceled the order: %(reason)s")
        return words % {"reason": reason}
    return str(CANCELED_BY.get(event.actor, TOLD_TO_BUYERS["canceled"]))


def _batches(event: OrderEvent) -> dict[str, Any]:
    batches: dict[str, Any] = event.data.get("batch", {})
    return {"from": "–", "to": "–"} | batches
