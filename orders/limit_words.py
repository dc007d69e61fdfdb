"""The limit per buyer, as whoever reaches it reads it."""

from django.utils.translation import gettext as _


def reached(limit: int, held: int = 0) -> str:
    words = _("You can order at most %(limit)s units of this campaign.")
    if held:
        words += " " + _("You already have %(held)s in other orders.")
    return words % {"limit": limit, "held": held}
