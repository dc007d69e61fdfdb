"""Words of buyers inside a mail: on one line, and never a link of theirs."""

from django import template

register = template.Library()


@register.filter
def one_line(text: str) -> str:
    """A typed text cannot begin a paragraph, and `http://…` in it is no link."""
    return " ".join(text.replace("://", ": //").split())
