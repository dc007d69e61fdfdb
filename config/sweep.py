"""Everything the shop finishes by itself, in one round."""

import logging
from collections.abc import Callable, Container

from campaigns import sweep as campaigns
from fulfillment import sweep as fulfillment
from orders import sweep as orders
from payments import sweep as payments

Step = tuple[str, Callable[[], int]]

# Money finds its batch closed or canceled; what both decide is mailed in one round.
STEPS: tuple[Step, ...] = (
    *campaigns.STEPS,
    *orders.FIRST_STEPS,
    *payments.STEPS,
    *fulfillment.STEPS,
    *orders.STEPS,
)

MAILS = "mails"

logger = logging.getLogger(__name__)


def run(leave_out: Container[str] = ()) -> dict[str, int | None]:
    """How much each step did; None for one that failed, which stops no other."""
    steps = ((name, step) for name, step in STEPS if name not in leave_out)
    return {name: _attempt(name, step) for name, step in steps}


def _attempt(name: str, step: Callable[[], int]) -> int | None:
    try:
        return step()
    except Exception:  # the next round tries again
        logger.exception("sweep: %s failed", name)
        return None
