"""What staff call each kind of mail."""

from django.utils.translation import gettext_lazy

KINDS = {
    "order_placed": gettext_lazy("Order placed"),
    "payment_instructions": gettext_lazy("How to pay by transfer"),
    "payment_reminder": gettext_lazy("Reminder to pay"),
    "proof_rejected": gettext_lazy("Proof of transfer rejected"),
    "order_confirmed": gettext_lazy("Order confirmed"),
    "order_expired": gettext_lazy("Order expired unpaid"),
    "late_payment": gettext_lazy("Money came late"),
    "order_link": gettext_lazy("Link to the order"),
    "order_changed": gettext_lazy("Order changed"),
    "order_canceled": gettext_lazy("Order canceled"),
    "batch_confirmed": gettext_lazy("Batch goes ahead"),
    "minimum_missed": gettext_lazy("Minimum missed"),
    "batch_canceled": gettext_lazy("Batch canceled"),
    "production_started": gettext_lazy("Production started"),
    "schedule_change": gettext_lazy("Shipping date changed"),
    "delay_reminder": gettext_lazy("Reminder to answer about a delay"),
    "decision_asked": gettext_lazy("Asked to move to another batch"),
    "balance_due": gettext_lazy("Balance due"),
    "card_not_charged": gettext_lazy("Saved card not charged"),
    "address_lock": gettext_lazy("Address will be locked"),
    "order_shipped": gettext_lazy("Parcel sent"),
    "delivery_check": gettext_lazy("Did the parcel arrive?"),
    "refund_started": gettext_lazy("Refund on its way"),
    "refund_sent": gettext_lazy("Refund sent"),
    "payout_account": gettext_lazy("Account for the refund"),
    "waitlist_joined": gettext_lazy("Place on the waiting list"),
    "waitlist_offer": gettext_lazy("Offer from the waiting list"),
    "waitlist_ended": gettext_lazy("Waiting list over"),
    "opening": gettext_lazy("Orders are open"),
    "subscription_confirm": gettext_lazy("Confirm a subscription"),
    "update": gettext_lazy("Update"),
    "question_confirm": gettext_lazy("Confirm a question"),
    "question_answered": gettext_lazy("Question answered"),
    "seller_alert": gettext_lazy("For the seller’s attention"),
}


def name_of(kind: str) -> str:
    """A kind that is not sent any more keeps its code."""
    return str(KINDS.get(kind, kind))
