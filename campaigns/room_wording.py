"""What people read where nothing is left: which cap is reached, what may come back.

Units may be left while the batch takes no more orders, or no more in value: then no
words say that all is taken.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaigns import wording
from campaigns.caps import Cap
from campaigns.models import Batch
from campaigns.room import Left

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class Words:
    """Three for a row, of which one fits: `returning` where unpaid units would be on
    sale again, `listed` where who waits is asked first. The others for a notice.
    """

    gone: "StrOrPromise"
    returning: "StrOrPromise"
    listed: "StrOrPromise"
    title: "StrOrPromise"
    why: "StrOrPromise"


@dataclass(frozen=True)
class Notice:
    title: str
    text: str


ALL_TAKEN = Words(
    gone=gettext_lazy("sold out"),
    returning=gettext_lazy("all taken, %(n)s unpaid and may come back"),
    listed=gettext_lazy(
        "all taken, what comes free is offered to the waiting list first"
    ),
    title=gettext_lazy("Every place is taken"),
    why="",
)
WITH_UNITS_LEFT = {
    Cap.ORDERS: Words(
        gone=gettext_lazy("takes no more orders"),
        returning=gettext_lazy("takes no more orders, %(n)s unpaid and may come back"),
        listed=gettext_lazy(
            "takes no more orders, what comes free is offered to the waiting list first"
        ),
        title=gettext_lazy("This batch takes no more orders"),
        why=gettext_lazy("Units are left, but it takes a limited number of orders."),
    ),
    Cap.MONEY: Words(
        gone=gettext_lazy("limit in value reached"),
        returning=gettext_lazy(
            "limit in value reached, %(n)s unpaid and may come back"
        ),
        listed=gettext_lazy(
            "limit in value reached, what comes free is offered to the waiting list"
            " first"
        ),
        title=gettext_lazy("This batch has reached its limit in value of goods"),
        why=gettext_lazy("Units are left, but no order fits the value it still takes."),
    ),
}


def because(cap: Cap) -> str:
    """The cap that allows no more."""
    return {
        Cap.SALE: _("not on sale in this batch now"),
        Cap.VARIANT: _("this variant has a limit of its own"),
        Cap.BATCH: _("the batch makes no more units"),
        Cap.ORDERS: _("the batch takes no more orders"),
        Cap.MONEY: _("the batch has a limit in value of goods"),
    }[cap]


def limit(cap: Cap) -> str:
    """A cap that no count of units shows, in a sentence."""
    return {
        Cap.ORDERS: _("This batch takes a limited number of orders."),
        Cap.MONEY: _("This batch takes orders up to a limited value of goods."),
    }.get(cap, "")


def hidden(cap: Cap) -> str:
    """Why, beside a number that the units of the batch do not explain; else empty."""
    return because(cap) if cap in WITH_UNITS_LEFT else ""


def gone(cap: Cap, returning: int) -> str:
    """Nothing is left; `returning` units are unpaid and would be on sale again."""
    words = _words(cap)
    return str(words.returning) % {"n": returning} if returning else str(words.gone)


def gone_to_the_list(cap: Cap) -> str:
    """Nothing is left; unpaid units are not for the public once they expire."""
    return str(_words(cap).listed)


def gone_short(cap: Cap, returning: int) -> str:
    return held(returning) if returning else gone(cap, returning=0)


def held(units: int) -> str:
    return _("%(n)s held, may return") % {"n": units}


def not_enough(number: int, cap: Cap) -> str:
    """The title of a refusal; `cap` leaves nothing at all."""
    words = {
        Cap.ORDERS: _("Batch %(number)s takes no more orders"),
        Cap.MONEY: _("Batch %(number)s has reached its limit in value of goods"),
    }.get(cap, _("Not enough left in batch %(number)s"))
    return words % {"number": number}


def units_left(units: int, cap: Cap) -> str:
    """With the cap, where the units that a batch counts do not explain the number."""
    words = wording.units_left(units)
    return f"{words} ({why})" if (why := hidden(cap)) else words


def count(left: Left, batch: Batch) -> str:
    """Of a batch in a list: how much is left, or the cap that units do not show."""
    if not left.units and left.cap in WITH_UNITS_LEFT:
        return gone(left.cap, returning=0)
    return wording.left(left.units, batch)


def notice(cap: Cap, *, returning: int, is_for_the_list: bool) -> Notice:
    """What stands where a full batch could be ordered from."""
    words = _words(cap)
    text = _coming_free(cap, returning, is_for_the_list=is_for_the_list)
    return Notice(str(words.title), f"{words.why} {text}".strip())


def _coming_free(cap: Cap, returning: int, *, is_for_the_list: bool) -> str:
    if returning:
        return _held(cap, returning) % {"units": returning}
    if is_for_the_list:
        return _("What comes free is offered to the waiting list first.")
    if cap in WITH_UNITS_LEFT:
        return _("No place is waiting for a payment.")
    return _("Sold out: no place is waiting for a payment.")


def _held(cap: Cap, units: int) -> str:
    if cap in WITH_UNITS_LEFT:
        return ngettext(
            "%(units)s unit is unpaid and may come back: when an unpaid order expires,"
            " its place opens again here.",
            "%(units)s units are unpaid and may come back: when an unpaid order"
            " expires, its place opens again here.",
            units,
        )
    return ngettext(
        "%(units)s of them is unpaid and may come back: when an unpaid order expires,"
        " its place opens again here.",
        "%(units)s of them are unpaid and may come back: when an unpaid order"
        " expires, its place opens again here.",
        units,
    )


def why_full(left: Left) -> str:
    """Beside "0 left" while units are left; else empty."""
    return "" if left.units else str(_words(left.cap).why)


def _words(cap: Cap) -> Words:
    return WITH_UNITS_LEFT.get(cap, ALL_TAKEN)
