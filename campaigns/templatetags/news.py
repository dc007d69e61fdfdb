"""Whole addresses, for what is read elsewhere than on the shop's pages."""

from django import template

from campaigns import web_addresses

register = template.Library()


@register.filter
def absolute(path: str) -> str:
    return web_addresses.absolute(path)
