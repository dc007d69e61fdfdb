"""What a seller hears of disputes: a mail when one opens or ends, notes at refunds."""

from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.web_addresses import absolute
from orders import seller_alerts
from orders.mail import rows as mail_rows
from orders.models import Order
from orders.seller_alerts import SELLER_ALERT
from payments.models import Dispute, Refund

WORDS = "dispute_alert"
# Nothing is left that a dispute could stop.
OVER = (Refund.State.SUCCEEDED, Refund.State.FAILED, Refund.State.CANCELED)


def tell_seller(order: Order, dispute: Dispute) -> None:
    """Once for each state of the dispute."""
    campaign = order.batch.campaign
    if not campaign.seller.email:
        return
    context = {
        "order": order,
        "dispute": dispute,
        "currency": dispute.payment.currency,
        "dispute_url": absolute(
            reverse("admin:payments_dispute_change", args=[dispute.pk])
        ),
    }
    key = f"{SELLER_ALERT}:{WORDS}:{dispute.pk}:{dispute.state}"
    message = seller_alerts.mail(WORDS, campaign, key=key, context=context)
    mail_rows.queue(message)


def held_back_by(refund: Refund) -> str:
    """Why a refund is not sent, and can not be paid by hand, for the staff."""
    if refund.state in OVER or not refund.payment.disputes.open().exists():
        return "–"
    return _(
        "The end of the dispute: the buyer’s bank asks this payment back, and the same"
        " money must not leave twice."
    )
