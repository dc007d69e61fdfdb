"""What the pages of all questions have in common."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from django.http import HttpRequest

from campaigns.errors import CampaignError
from orders.models import Decision, Order

VERSION = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Trouble:
    title: str
    text: str


class DecisionPage(Protocol):
    """What is asked of an order, or what came of it; one class for each kind."""

    template: ClassVar[str]
    choices: ClassVar[tuple[Decision.Answer, ...]]

    order: Order
    decision: Decision
    now: datetime
    trouble: Trouble | None

    def answer(self, request: HttpRequest, choice: Decision.Answer) -> None:
        """Do what the buyer decided; refusals are raised."""

    def tell(self, refusal: CampaignError) -> None:
        """Put the refusal into the buyer's words."""


def version_in(request: HttpRequest) -> int:
    """Of the window the buyer read; what is no number was never shown."""
    text = request.POST.get("schedule_version", "")
    return int(text) if VERSION.fullmatch(text) else 0
