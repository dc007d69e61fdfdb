"""The model's waiting lists: who is asked next, and what is kept for them."""

from collections import defaultdict
from dataclasses import dataclass, field

from tests.concurrency.model import SHIPPING, TAKES_MONEY, Purchase, Run, Shop


@dataclass(eq=False)
class Place:
    run: Run
    variant: int
    buyer: int
    quantity: int
    accepts_fewer: bool
    state: str = "waiting"
    purchase: Purchase | None = None

    def fitting(self, left: int) -> int:
        if self.quantity <= left:
            return self.quantity
        return left if self.accepts_fewer else 0


@dataclass
class WaitingShop(Shop):
    places: list[Place] = field(default_factory=list)
    # What only the list may have: variants by run.
    kept: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    def left(self, run: Run) -> int:
        return run.capacity - self.taken(run)

    def room(self, run: Run, variant: int) -> int:
        cap = run.caps[variant]
        own = self.left(run) if cap is None else cap - self.taken_of(run, variant)
        return min(self.left(run), own)

    def waiting(self, run: Run) -> list[Place]:
        return [p for p in self.places if p.run is run and p.state == "waiting"]

    def is_on_sale(self, run: Run, units: tuple[int, ...]) -> bool:
        kept = self.kept[id(run)]
        return not any(units[variant] for variant in kept)

    # What buyers do.

    def refusal_to_wait(self, run: Run, variant: int) -> str | None:
        if not run.is_accepting:
            return "BatchClosed"
        is_public = variant not in self.kept[id(run)] and self.room(run, variant) > 0
        return "StillAvailable" if is_public else None

    def join(self, place: Place) -> bool:
        """Whether it is a new place: each buyer has one for each variant."""
        is_full = not self.left(place.run)
        everything = range(len(place.run.caps))
        self.kept[id(place.run)].update(everything if is_full else [place.variant])
        same = (place.run, place.variant, place.buyer)
        live = [p for p in self.places if p.state in ("waiting", "offered")]
        if same in [(p.run, p.variant, p.buyer) for p in live]:
            return False
        self.places.append(place)
        return True

    def is_live_offer(self, place: Place) -> bool:
        offer = place.purchase
        return place.state == "offered" and offer is not None and not offer.is_overdue

    def claim(self, place: Place, purchase: Purchase) -> None:
        place.state = "claimed"
        purchase.shipping, purchase.has_details = SHIPPING, True
        purchase.is_overdue, purchase.version = False, place.run.version
        self.ask_for_money(purchase)

    def depart(self, place: Place) -> None:
        if place.state == "waiting":
            place.state = "left"
        if place.state == "offered" and place.purchase:
            place.state = "declined"
            self.cancel(place.purchase, kept=0)

    # What the shop does by itself.

    def freeing(self, purchase: Purchase) -> None:
        run, waiting = purchase.batch, self.waiting(purchase.batch)
        if waiting and not self.left(run):
            self.kept[id(run)].update(range(len(run.caps)))
        freed = {variant for variant, units in enumerate(purchase.units) if units}
        self.kept[id(run)].update(freed & {place.variant for place in waiting})

    def expire(self, purchase: Purchase) -> None:
        super().expire(purchase)
        if purchase.status == "expired":
            self._end_offer(purchase, "expired")

    def cancel(self, purchase: Purchase, *, kept: int) -> None:
        super().cancel(purchase, kept=kept)
        self._end_offer(purchase, "ended")

    def _end_offer(self, purchase: Purchase, state: str) -> None:
        for place in self.places:
            if place.purchase is purchase and place.state == "offered":
                place.state = state

    def sweep(self) -> None:
        super().sweep()
        for place in self.places:
            if place.state == "waiting" and place.run.stage not in TAKES_MONEY:
                place.state = "ended"
        for run in self.runs:
            if run.is_accepting and (self.waiting(run) or self.kept[id(run)]):
                self._ask_list(run)

    def _ask_list(self, run: Run) -> None:
        for place in self.waiting(run):
            if units := place.fitting(self.room(run, place.variant)):
                self._offer(place, units)
        self._divide(run)

    def _offer(self, place: Place, count: int) -> None:
        if self.exceeds_limit(place.buyer, count):
            place.state = "ended"
            return
        units = tuple(
            count if variant == place.variant else 0
            for variant in range(len(place.run.caps))
        )
        offer = Purchase(
            place.run, place.buyer, units, deposit=0, shipping=0, has_details=False
        )
        offer.deposit, offer.version = offer.total, place.run.version
        self.purchases.append(offer)
        place.state, place.purchase = "offered", offer

    def _divide(self, run: Run) -> None:
        """What nobody who waits can use is the public's again."""
        wanted = {place.variant for place in self.waiting(run)}
        variants = set(range(len(run.caps)))
        roomy = {variant for variant in variants if self.room(run, variant) > 0}
        kept = variants if wanted and not roomy else wanted
        self.kept[id(run)] = kept - roomy
