"""What the import and its suggestions are called to people."""

from django.utils.translation import gettext_lazy as _

from payments.statements.importing import Outcome
from payments.statements.matching import Reason

OUTCOMES = {
    Outcome.ADDED: _("added"),
    Outcome.KNOWN: _("known already"),
    Outcome.LEFT_OUT: _("left out, no money came in"),
    Outcome.REFUSED: _("refused"),
}
REASONS = {
    Reason.EXACT_AND_NAMED: _("Exact amount, and the text names the order or buyer"),
    Reason.EXACT: _("Exact amount"),
    Reason.COUNTED: _("Counted already when the proof was accepted; nothing is booked"),
    Reason.SEVERAL: _("The amount fits several orders; check before you tick"),
    Reason.OTHER_NAMED: _("The amount fits, but the text names another order"),
    Reason.NAMED: _("The text names the order, but the amount is another"),
}
