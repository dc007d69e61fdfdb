"""The mail of an update: its Markdown as text, in the language of its reader."""

from django.utils import translation
from django.utils.translation import gettext as _

from campaigns.models import Update
from campaigns.text import placeholders, plain_text
from orders.mail import rows as mail_rows
from orders.models import Message
from orders.updates.keys import KIND, key_of
from orders.updates.recipients import Recipient

TELLS_WINDOW = "{window"


def update_mail(
    update: Update, recipient: Recipient, *, key: str = "", language: str = ""
) -> Message:
    """Not stored yet. `language` shows it as a reader of that language would get it."""
    locale = language or recipient.locale
    title, body, _own = update.words(locale)
    unsubscribe_url = recipient.unsubscribe_url
    with translation.override(locale):
        values = recipient.values
        words = {
            "title": placeholders.fill(title, values),
            "body": placeholders.fill(plain_text.render(body), values),
            "pictures": len(update.pictures.all()),
            "page_url": recipient.page_url(update),
            "unsubscribe_url": unsubscribe_url,
            "order": recipient.order,
            "is_promotion": update.is_promotion,
        }
    message = mail_rows.of_campaign(
        update.campaign,
        KIND,
        key=key or key_of(update.pk, recipient.identity),
        locale=locale,
        context=words,
        to=recipient.email,
        reply_to=update.campaign.seller.email,
        order=recipient.order,
        update_of=update,
        unsubscribe_url=unsubscribe_url,
        priority=Message.Priority.BULK,
    )
    if recipient.order and TELLS_WINDOW in f"{title}{body}":
        message.schedule_version = recipient.order.batch.schedule_version
    return message


def test_mail(update: Update, recipient: Recipient, *, to: str, key: str) -> Message:
    """The same words to the one who wrote them; it is nobody's news.

    A buyer's own links stay out of it: one of them would stop the buyer's mails.
    """
    message = update_mail(update, recipient, key=key)
    for link in (recipient.page_url(update), message.unsubscribe_url):
        message.text = message.text.replace(link, f"({_('each buyer’s own link')})")
    message.to, message.order, message.update_of = to, None, None
    message.schedule_version, message.unsubscribe_url = None, ""
    message.priority = Message.Priority.BUYER_ACTION
    return message
