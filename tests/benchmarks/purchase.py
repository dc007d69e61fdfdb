"""What a buyer's browser sends, from the campaign's page to the confirmed order."""

import secrets
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from campaigns.models import Batch
from payments.models import Payment
from tests.benchmarks.load import Load, Request
from tests.benchmarks.results import PHASES
from tests.benchmarks.shops import Cost, Shop
from tests.web import checkout_path, order_fields

# Django takes a token that equals its cookie: no page has to be fetched for it.
CSRF = "b" * 32
COOKIE = f"csrftoken={CSRF}"


@dataclass(frozen=True)
class Counter:
    """One batch as its buyers meet it: read once, so that buyers are only sent."""

    campaign_path: str
    checkout_path: str
    basket: dict[str, str]
    fields: dict[str, str]
    allotment: int

    @classmethod
    def of(cls, batch: Batch) -> "Counter":
        allotment = batch.allotments.order_by("pk").first()
        assert allotment is not None
        basket = {"batch": str(batch.number), f"quantity-{allotment.variant_id}": "1"}
        return cls(
            campaign_path=f"/id/c/{batch.campaign.slug}/",
            checkout_path=checkout_path(batch.campaign),
            basket=basket,
            fields=order_fields(batch, allotment.variant_id),
            allotment=allotment.pk,
        )

    def campaign_page(self) -> Request:
        return Request("GET", self.campaign_path)

    def checkout_page(self) -> Request:
        return Request("GET", f"{self.checkout_path}?{urlencode(self.basket)}")

    def order(self) -> Request:
        fields = self.fields | new_buyer() | {"csrfmiddlewaretoken": CSRF}
        fields["submit_key"] = secrets.token_urlsafe(32)
        return Request("POST", self.checkout_path, urlencode(fields), COOKIE)

    def bare_order(self, path: str) -> Request:
        fields = new_buyer() | {"allotment": str(self.allotment)}
        return Request("POST", path, urlencode(fields))


def new_buyer() -> dict[str, str]:
    n = secrets.randbelow(10**9)
    return {
        "email": f"pembeli-{secrets.token_hex(8)}@example.com",
        "phone": f"+62812{n:09}",
    }


def orders(counters: list[Counter], count: int) -> list[Request]:
    return [counters[n % len(counters)].order() for n in range(count)]


def whole(shop: Shop, counter: Counter, *, count: int, at_once: int) -> dict[str, Cost]:
    """One group of buyers after the other, as many as are there at once.

    So the campaign's page is looked at as often as something is bought: a copy of it
    serves the few who come within its second, not all that are measured.
    """
    groups = [
        _group(shop, counter, count=min(at_once, count - begun), at_once=at_once)
        for begun in range(0, count, at_once)
    ]
    return {name: Cost.of(group[name] for group in groups) for name in PHASES}


def _group(
    shop: Shop, counter: Counter, *, count: int, at_once: int
) -> dict[str, Cost]:
    """Every buyer takes each step before any takes the next: so each has its cost."""

    def step(requests: list[Request], status: int) -> Cost:
        return shop.serve(requests, at_once=at_once, status=status)

    looked = step([counter.campaign_page() for _n in range(count)], 200)
    opened = step([counter.checkout_page() for _n in range(count)], 200)
    placed = step([counter.order() for _n in range(count)], 303)
    waiting = step(_follow(placed.load), 200)
    paid = step(_pay(placed.load), 303)
    confirmed = step(_follow(paid.load), 303)
    costs = (looked, opened, placed, waiting, paid, confirmed)
    return dict(zip(PHASES, costs, strict=True))


def _follow(load: Load) -> list[Request]:
    paths = [urlsplit(reply.location).path for reply in load.replies]
    return [Request("GET", path, cookie=COOKIE) for path in paths]


def _pay(load: Load) -> list[Request]:
    """The sandbox's button of each order, found as the pay page links to it."""
    tokens = [reply.location.split("/")[2] for reply in load.replies]
    links = dict(
        Payment.objects.filter(order__token__in=tokens).values_list(
            "order__token", "redirect_url"
        )
    )
    return [Request("POST", links[token], "ending=pay") for token in tokens]
