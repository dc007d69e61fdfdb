"""Refusals as classes with data; words for people are chosen at the edge."""

from dataclasses import dataclass
from enum import StrEnum, auto

from campaigns.caps import Cap


class CampaignError(Exception):
    """Something the rules of a campaign do not allow."""


class InvalidTransition(CampaignError):
    """The row is not, or no longer, in a state from which this step is allowed."""

    def __init__(self, subject: object, target: str) -> None:
        super().__init__(f"{subject} cannot become {target}")
        self.subject, self.target = subject, target


class Gap(StrEnum):
    """What a batch lacks for a step; `readiness.in_words` tells it."""

    OPENING = auto()
    CLOSING = auto()
    CLOSING_PASSED = auto()
    CLOSING_AHEAD = auto()
    WINDOW = auto()
    ORDER_OF_DATES = auto()
    MINIMUM_ABOVE_CAPACITY = auto()
    ROOM_TO_EXTEND = auto()
    NOTICE = auto()


class Unready(CampaignError):
    """Something stands in the way of a step."""


class NotReady(Unready):
    """What stands in the way of a step, in the words of who asked for it."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class BatchNotReady(Unready):
    """What a batch lacks for a step, in codes."""

    def __init__(self, *gaps: Gap) -> None:
        super().__init__(", ".join(gaps))
        self.gaps = gaps


class ChangedMeanwhile(CampaignError):
    """The row became another one than the form was checked against."""


class CapacityBelowTaken(CampaignError):
    """More than `wanted` is gone already: units, orders, or minor units of money."""

    def __init__(
        self, *, wanted: int, taken: int, cap: Cap = Cap.BATCH, currency: str = ""
    ) -> None:
        super().__init__(f"capacity {wanted} is below the {taken} taken ({cap})")
        self.wanted, self.taken = wanted, taken
        self.cap, self.currency = cap, currency


class MinimumUndecided(CampaignError):
    """The batch has a minimum, and nobody counted yet whether it is reached."""


class Refused(CampaignError):
    """A capacity row did not accept; roll back, then `capacity.explain` tells why.

    `batch_id` is the batch whose own row it was.
    """

    def __init__(self, row: str = "", *, batch_id: int | None = None) -> None:
        super().__init__(row)
        self.batch_id = batch_id


class BatchClosed(CampaignError):
    """The batch takes no orders now: not open yet, past its cut-off, or closed."""


class WindowChanged(CampaignError):
    """The promised window is another one than the buyer saw."""


@dataclass(frozen=True)
class Shortage:
    """What is short, and by which cap; the whole batch when `variant_id` is None."""

    variant_id: int | None
    wanted: int
    left: int
    cap: Cap


class SoldOut(CampaignError):
    def __init__(self, shortages: list[Shortage]) -> None:
        super().__init__(
            ", ".join(
                f"{short.wanted} wanted, {short.left} left" for short in shortages
            )
        )
        self.shortages = shortages
