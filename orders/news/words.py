"""What a seller owes a word about, in sentences. Told in the active language."""

from django.utils.translation import gettext as _

from campaigns import dates
from orders.news.clock import Matter, Owed


def sentence(owed: Owed) -> str:
    words = {
        Matter.SHIPPING: _(
            "It was to be shipped until %(day)s. That day passed without a word to"
            " those whose orders are not shipped."
        ),
        Matter.PRODUCTION_END: _(
            "Production was to end on %(day)s. That day passed without a word."
        ),
        Matter.PRODUCTION_START: _(
            "Production was to start on %(day)s. That day passed without a word."
        ),
        Matter.SILENCE: _("The last news its buyers read is of %(day)s."),
    }[owed.matter]
    return words % {"day": dates.day(owed.day)}
