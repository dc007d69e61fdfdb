"""A crowd of buyers in processes of their own, and servers for them to rush to."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Sum

from campaigns.models import Allotment, Batch, ShippingOption
from orders.models import Message, Order, OrderLine
from payments.models import Payment
from tests.concurrency.racing import BUYERS, assert_invariants
from tests.drafts import make_buyer
from tests.web import Server, serving

SERVERS = {
    "sync": ("--workers", "3", "--worker-class", "sync"),
    "gthread": ("--workers", "2", "--threads", "8", "--worker-class", "gthread"),
}
# The application is loaded once, so that a worker that was killed is replaced at once.
COMMON = ("--preload", "--config", "python:config.gunicorn", "--backlog", "256")

Buyer = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What one press of the button came to; see tests/concurrency/buyers.py."""

    buyer: int
    step: str
    status: int
    seen: list[int]
    location: str
    notice: str
    key: str
    version: int
    began: float
    ended: float

    @property
    def is_order(self) -> bool:
        return self.status == 303


def shop_server(kind: str, **holes: str) -> AbstractContextManager[Server]:
    """gunicorn with workers of this kind; with holes when any are named."""
    application = "tests.concurrency.holed_wsgi" if holes else "config.wsgi"
    return serving(application, *COMMON, *SERVERS[kind], **holes)


def buyers_of(batch: Batch, count: int = BUYERS, **options: Any) -> list[Buyer]:
    """So many buyers of one unit of every variant of the batch."""
    return [make_buyer_of(batch, **options) for _n in range(count)]


def make_buyer_of(
    batch: Batch, *, units: list[int] | None = None, **options: Any
) -> Buyer:
    """`options` are for the buyer's process: how many orders, with which key."""
    allotments = Allotment.objects.filter(batch=batch).order_by("pk")
    variants = allotments.values_list("variant", flat=True)
    wanted = [
        (f"quantity-{variant}", str(quantity))
        for variant, quantity in zip(
            variants, units or [1] * len(variants), strict=True
        )
    ]
    basket = "&".join(f"{name}={quantity}" for name, quantity in wanted)
    shipping = ShippingOption.objects.get(seller=batch.campaign.seller)
    fields = make_buyer() | dict(wanted)
    fields |= {"shipping": str(shipping.pk), "payment": "sandbox", "terms": "on"}
    path = f"/en/c/{batch.campaign.slug}/checkout/"
    page = f"{path}?batch={batch.number}&{basket}"
    return {"page": page, "fields": fields, **options}


def rush(
    server: Server,
    buyers: list[Buyer],
    on_answer: Callable[[int], object] = lambda _count: None,
) -> list[Answer]:
    """Let all press the button at once; `on_answer` hears how many were answered."""
    command = [sys.executable, "-m", "tests.concurrency.buyers"]
    crowd = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )
    with crowd:
        _say(crowd, json.dumps({"port": server.port, "buyers": buyers}))
        answers = list(_heard(crowd, on_answer))
    assert crowd.returncode == 0, "a buyer's process failed"
    return answers


def _say(crowd: "subprocess.Popen[str]", line: str) -> None:
    assert crowd.stdin is not None
    crowd.stdin.write(f"{line}\n")


def _heard(
    crowd: "subprocess.Popen[str]", on_answer: Callable[[int], object]
) -> Iterator[Answer]:
    assert crowd.stdout is not None
    count = 0
    for line in crowd.stdout:
        if line == "ready\n":
            _say(crowd, "go")
            continue
        yield Answer(**json.loads(line))
        count += 1
        on_answer(count)


def at(count: int, act: Callable[[], object]) -> Callable[[int], object]:
    """For `rush`: do this once, when so many were answered."""
    return lambda answered: act() if answered == count else None


def statuses(answers: list[Answer]) -> Counter[int]:
    """How often each final answer came."""
    return Counter(answer.status for answer in answers)


def statuses_seen(answers: list[Answer]) -> set[int]:
    """Also those after which the button was pressed again."""
    return {status for answer in answers for status in answer.seen}


def oversold(batch: Batch) -> int:
    """Units that orders hold beyond what the batch can make."""
    return max(0, units_sold(batch) - Batch.objects.get(pk=batch.pk).capacity)


def units_sold(batch: Batch) -> int:
    lines = OrderLine.objects.filter(
        order__batch=batch, order__status__in=Order.HOLDING
    )
    return lines.aggregate(units=Sum("quantity"))["units"] or 0


def assert_counts(batch: Batch, answers: list[Answer]) -> None:
    """Every accepted order is there once, with all that belongs to it; nothing else.

    Every refusal says in digits how many are left.
    """
    accepted = {answer.key for answer in answers if answer.is_order}
    refused = [answer for answer in answers if not answer.is_order]
    orders = Order.objects.filter(batch=batch)
    assert set(orders.values_list("submit_key", flat=True)) == accepted
    assert Payment.objects.filter(order__batch=batch).count() == len(accepted)
    mails = Message.objects.filter(order__batch=batch, kind="order_placed")
    assert mails.count() == len(accepted)
    assert Batch.objects.get(pk=batch.pk).taken == units_sold(batch)
    assert {answer.status for answer in refused} <= {409}
    assert [answer for answer in refused if not re.search(r"\d", answer.notice)] == []
    assert_invariants()
