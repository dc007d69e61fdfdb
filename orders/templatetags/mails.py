"""Words of people inside a mail: on one line, and never a link of theirs."""

from django import template

from campaigns.text import typed_text
from orders.mail import words as mail_words

register = template.Library()


@register.filter
def one_line(text: object) -> str:
    """A typed text cannot begin a paragraph, and `http://…` in it is no link."""
    return typed_text.one_line(str(text)).replace("://", ": //")


@register.filter
def elastic(text: str) -> str:
    """In a subject: the part that is shortened where the whole is too long."""
    return mail_words.elastic(text)


@register.filter
def shortened(text: str, most: int) -> str:
    return mail_words.shortened(text, most)
