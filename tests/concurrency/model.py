"""What the shop promises, as plain Python: no database, no Django, no lock.

The stateful test lets the shop and this model do the same and compares all numbers.
"""

from collections import Counter
from dataclasses import dataclass, field

PRICE = 150_000
SHIPPING = 18_000
KEPT_PERCENT = 25

HOLDING = ("pending", "confirmed")
TAKES_MONEY = ("open", "closed")
OPEN_PAGE = "open"


@dataclass(eq=False)
class Visit:
    """One attempt to pay: what its page says, and what the shop has heard of it."""

    amount: int
    page: str = OPEN_PAGE
    arrived: int = 0
    # What the shop knows of, and what of it counts for the order.
    seen: int = 0
    booked: int = 0
    is_open: bool = True

    def end(self, ending: str) -> None:
        """What the buyer does on the gateway's page; the shop hears it later."""
        if ending in ("fail", "expire"):
            self.page = ending
            return
        shares = {"pay": 10, "pay_late": 10, "pay_twice": 20, "pay_less": 9}
        self.page = "paid"
        self.arrived += self.amount * shares[ending] // 10

    def close(self) -> None:
        if self.page == OPEN_PAGE:
            self.page = "expire"

    def hear(self) -> None:
        self.seen = self.arrived
        if self.seen >= self.amount:
            self.booked = self.seen
        self.is_open = self.page == OPEN_PAGE


@dataclass(eq=False)
class Purchase:
    batch: "Run"
    buyer: int
    units: tuple[int, ...]
    deposit: int
    status: str = "pending"
    is_overdue: bool = False
    kept: int = 0
    requested: int = 0
    # Requested too, and waiting for the seller's click.
    unapproved: int = 0
    refunded: int = 0
    shipping: int = SHIPPING
    has_details: bool = True
    # Of the window it was promised.
    version: int = 1
    visits: list[Visit] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(self.units)

    @property
    def holds_units(self) -> bool:
        return self.status in HOLDING

    @property
    def total(self) -> int:
        return self.count * PRICE + self.shipping

    @property
    def open_visit(self) -> Visit | None:
        is_open = bool(self.visits) and self.visits[-1].is_open
        return self.visits[-1] if is_open else None

    @property
    def paid(self) -> int:
        return sum(visit.booked for visit in self.visits)

    @property
    def entitled(self) -> int:
        return self.total if self.holds_units else self.kept

    @property
    def net(self) -> int:
        return self.paid - self.requested - self.unapproved - self.refunded

    @property
    def due(self) -> int:
        return max(0, self.entitled - self.net)

    @property
    def due_now(self) -> int:
        if self.status == "pending":
            return max(0, self.deposit - self.net)
        return self.due if self.holds_units else 0

    @property
    def owed_back(self) -> int:
        return max(0, self.net - self.entitled)


@dataclass(eq=False)
class Run:
    """A batch."""

    capacity: int
    caps: tuple[int | None, ...]
    stage: str = "open"
    is_past_cut_off: bool = False
    version: int = 1
    sheet: Counter[int] | None = None

    @property
    def is_accepting(self) -> bool:
        return self.stage == "open" and not self.is_past_cut_off


@dataclass
class Shop:
    """One campaign. Every method answers with the name of the refusal, or nothing."""

    runs: list[Run]
    buyer_limit: int | None = None
    deposit_percent: int = 100
    takes_late_money: bool = True
    free_cancellation: str = "until_production"
    purchases: list[Purchase] = field(default_factory=list)

    # What follows from the purchases, and is not stored here.

    def held(self, run: Run) -> list[Purchase]:
        return [p for p in self.purchases if p.batch is run and p.holds_units]

    def taken(self, run: Run) -> int:
        return sum(purchase.count for purchase in self.held(run))

    def taken_of(self, run: Run, variant: int) -> int:
        return sum(purchase.units[variant] for purchase in self.held(run))

    def held_by(self, buyer: int) -> int:
        mine = (p for p in self.purchases if p.buyer == buyer and p.holds_units)
        return sum(purchase.count for purchase in mine)

    def held_with_phone(self, buyer: int) -> int:
        """What a waiting list offers to an address has no phone yet."""
        mine = (p for p in self.purchases if p.buyer == buyer and p.holds_units)
        return sum(purchase.count for purchase in mine if purchase.has_details)

    def exceeds_limit(self, buyer: int, count: int) -> bool:
        limit = self.buyer_limit
        return limit is not None and self.held_by(buyer) + count > limit

    def has_room(self, run: Run, units: tuple[int, ...]) -> bool:
        fits = self.taken(run) + sum(units) <= run.capacity
        return fits and all(
            cap is None or not wanted or self.taken_of(run, variant) + wanted <= cap
            for variant, (cap, wanted) in enumerate(zip(run.caps, units, strict=True))
        )

    # What buyers do.

    def refusal(self, run: Run, buyer: int, units: tuple[int, ...]) -> str | None:
        if self.exceeds_limit(buyer, sum(units)):
            return "BuyerLimitReached"
        if not run.is_accepting:
            return "BatchClosed"
        is_left = self.has_room(run, units) and self.is_on_sale(run, units)
        return None if is_left else "SoldOut"

    def is_on_sale(self, run: Run, units: tuple[int, ...]) -> bool:
        """Whether the public may have what is left."""
        return True

    def freeing(self, purchase: Purchase) -> None:
        """Called before it gives its units back."""

    def place(self, run: Run, buyer: int, units: tuple[int, ...]) -> Purchase:
        purchase = Purchase(run, buyer, units, deposit=0, version=run.version)
        self.purchases.append(purchase)
        self.ask_for_money(purchase)
        return purchase

    def ask_for_money(self, purchase: Purchase) -> None:
        purchase.deposit = purchase.total * self.deposit_percent // 100
        purchase.visits.append(Visit(purchase.deposit))

    def try_again(self, purchase: Purchase) -> bool:
        """Whether a page to pay is opened that was not open before."""
        may_pay = purchase.holds_units and not (
            purchase.status == "pending" and purchase.is_overdue
        )
        is_new = purchase.due_now > 0 and may_pay and not purchase.open_visit
        is_new = is_new and purchase.has_details
        if is_new:
            purchase.visits.append(Visit(purchase.due_now))
        return is_new

    def kept_if_canceled(self, purchase: Purchase) -> int:
        received = purchase.paid - purchase.refunded
        is_free = purchase.status == "pending" or (
            self.free_cancellation == "until_production"
            or (self.free_cancellation == "until_close" and purchase.batch.is_accepting)
        )
        share = 0 if is_free else purchase.total * KEPT_PERCENT // 100
        return min(share, received)

    def may_cancel(self, purchase: Purchase) -> bool:
        return purchase.holds_units and purchase.batch.stage in TAKES_MONEY

    def cancel(self, purchase: Purchase, *, kept: int) -> None:
        self.freeing(purchase)
        purchase.status, purchase.kept = "canceled", kept

    # What the shop does when it hears of money, and by itself.

    def hear(self, purchase: Purchase, visit: Visit) -> None:
        visit.hear()
        self.settle(purchase)

    def settle(self, purchase: Purchase) -> None:
        """The money rule."""
        if not purchase.holds_units:
            for visit in purchase.visits:
                visit.booked = visit.seen
        if purchase.due > 0:
            # Not sent yet, so it can stay.
            purchase.requested = purchase.unapproved = 0
        is_paid = purchase.net > 0 and purchase.net >= purchase.deposit
        if is_paid and purchase.batch.stage in TAKES_MONEY and self._may_have(purchase):
            purchase.status = "confirmed"
        if purchase.holds_units:
            purchase.unapproved += purchase.owed_back
        else:
            purchase.requested += purchase.owed_back + purchase.unapproved
            purchase.unapproved = 0

    def _may_have(self, purchase: Purchase) -> bool:
        if purchase.status != "expired":
            return purchase.status == "pending"
        return (
            self.takes_late_money
            and not self.exceeds_limit(purchase.buyer, purchase.count)
            and self.has_room(purchase.batch, purchase.units)
        )

    def expire(self, purchase: Purchase) -> None:
        """At the gateway first, where it may turn out to be paid."""
        if visit := purchase.open_visit:
            visit.close()
            self.hear(purchase, visit)
        if purchase.status == "pending":
            self.freeing(purchase)
            purchase.status = "expired"
            self.settle(purchase)

    def sweep(self) -> None:
        for run in self.runs:
            if run.stage == "open" and run.is_past_cut_off:
                run.stage = "closed"
        for purchase in self.purchases:
            if purchase.batch.stage == "canceled" and purchase.holds_units:
                self.cancel(purchase, kept=0)
        for purchase in self.purchases:
            if purchase.status == "pending" and purchase.is_overdue:
                self.expire(purchase)
        self._close_abandoned_pages()
        self.send_refunds()

    def _close_abandoned_pages(self) -> None:
        for purchase in self.purchases:
            visit, is_pending = purchase.open_visit, purchase.status == "pending"
            if visit and not is_pending and not purchase.due:
                visit.close()
                self.hear(purchase, visit)

    def approve_refunds(self) -> None:
        for purchase in self.purchases:
            purchase.requested += purchase.unapproved
            purchase.unapproved = 0

    def send_refunds(self) -> None:
        for purchase in self.purchases:
            if not purchase.holds_units:
                self.settle(purchase)
            if purchase.requested:
                purchase.refunded += purchase.requested
                purchase.requested = 0
                self.settle(purchase)

    # What the seller does.

    def start_production(self, run: Run) -> None:
        for purchase in self.held(run):
            if purchase.status == "pending":
                self.expire(purchase)
        run.stage = "production"
        run.sheet = Counter()
        for purchase in self.held(run):
            run.sheet.update(dict(enumerate(purchase.units)))
