"""Refusals of the fulfillment app: classes with data. Words are chosen at the edge."""

from decimal import Decimal
from enum import Enum, auto

from campaigns.errors import CampaignError


class NotDrained(CampaignError):
    """Orders of the batch still wait for their payment."""

    def __init__(self, pending: int) -> None:
        super().__init__(f"{pending} orders are still pending")
        self.pending = pending


class NotAllShipped(CampaignError):
    """Orders of the batch are still to be shipped."""

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} orders are not shipped")
        self.waiting = waiting


class NotShippable(CampaignError):
    """The order, or its batch, is not in a state from which anything is shipped."""


class NotPaidInFull(NotShippable):
    """A part of the total is still due; the seller may ship all the same."""

    def __init__(self, due: Decimal) -> None:
        super().__init__(f"{due} is still due")
        self.due = due


class WrongContents(CampaignError):
    """Nothing, or more than the order still waits for."""


class NumberInUse(CampaignError):
    """Another parcel of this courier has this tracking number."""

    def __init__(self, number: str) -> None:
        super().__init__(number)
        self.number = number


class NotUndoable(CampaignError):
    class Reason(Enum):
        VOIDED = auto()
        TOO_LATE = auto()
        TOLD = auto()
        BATCH_OVER = auto()

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.name)
        self.reason = reason


class AddressChanged(CampaignError):
    """The order ships to another address than the one that was packed for."""
