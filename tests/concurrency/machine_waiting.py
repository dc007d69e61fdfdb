"""Random histories with waiting lists: join, leave, decline, claim."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, multiple, rule

from campaigns.models import Allotment
from orders.models import WaitlistEntry
from orders.waitlist import places as waitlist
from payments.checkout.claiming import complete
from tests.concurrency.machine import ShopMachine, refusal_of
from tests.concurrency.model import Purchase
from tests.concurrency.model_waiting import Place, WaitingShop
from tests.concurrency.shop_of_model import BUYERS, contact, draft_of
from tests.drafts import run_out
from tests.waiting import unsaved


class WaitingMachine(ShopMachine):
    SHOP = WaitingShop
    shop: WaitingShop

    places: Bundle[Place] = Bundle("places")

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[int] = []

    @rule(
        target=places,
        where=st.tuples(st.integers(0, 1), st.integers(0, 1)),
        gone=st.integers(0, 4),
        buyer=st.sampled_from(BUYERS),
        quantity=st.integers(1, 2),
        accepts_fewer=st.booleans(),
    )
    def join(self, where: tuple[int, int], gone: int, **wish: Any) -> Any:
        """Mostly where something is sold out, if anything is."""
        choices = [where, *self.sold_out()]
        number, variant = choices[gone % len(choices)]
        place = Place(self.shop.runs[number], variant, **wish)
        expected = self.shop.refusal_to_wait(place.run, place.variant)
        entry = self.entry_of(place)
        assert refusal_of(lambda: waitlist.join(entry)) == expected
        if expected or not self.shop.join(place):
            return multiple()
        self.entries.append(WaitlistEntry.objects.latest("pk").pk)
        return place

    def sold_out(self) -> list[tuple[int, int]]:
        return [
            (number, variant)
            for number, run in enumerate(self.shop.runs)
            for variant in range(len(run.caps))
            if self.shop.refusal_to_wait(run, variant) is None
        ]

    @rule(purchase=ShopMachine.purchases)
    def give_units_back_to_who_waits(self, purchase: Purchase) -> None:
        self.cancel(purchase)
        self.sweep()

    def entry_of(self, place: Place) -> WaitlistEntry:
        return unsaved(
            self.batch(place.run),
            nth=place.variant,
            email=contact(place.buyer)["email"],
            quantity=place.quantity,
            accepts_fewer=place.accepts_fewer,
        )

    @rule(place=places)
    def leave_or_decline(self, place: Place) -> None:
        waitlist.depart(self.stored_place(place).pk)
        self.shop.depart(place)

    @rule(target=ShopMachine.purchases, place=places)
    def claim(self, place: Place) -> Any:
        entry, offer = self.stored_place(place), place.purchase
        if offer is None:
            return multiple()
        may = self.shop.is_live_offer(place) and place.run.stage != "canceled"
        draft = draft_of(self.batch(place.run), place.buyer, offer.units)
        refusal = refusal_of(lambda: complete(entry.pk, draft, gateway="sandbox"))
        is_repeat = place.state == "claimed"
        assert refusal == (None if may or is_repeat else "OfferOver")
        if not may:
            return multiple()
        self.shop.claim(place, offer)
        return offer

    @rule(place=places)
    def offer_runs_out(self, place: Place) -> None:
        offer = place.purchase
        if offer and place.state == "offered":
            run_out(self.order_of(offer))
            offer.is_overdue = True

    def sweep(self) -> None:
        super().sweep()
        # Offers are the newest purchases, in the order in which they were made.
        for offer in self.shop.purchases[len(self.orders) :]:
            [place] = [p for p in self.shop.places if p.purchase is offer]
            order_id = self.stored_place(place).order_id
            assert order_id is not None
            self.orders.append(order_id)

    def stored_place(self, place: Place) -> WaitlistEntry:
        pk = self.entries[self.shop.places.index(place)]
        return WaitlistEntry.objects.get(pk=pk)

    def stored(self) -> dict[str, Any]:
        entries = dict(WaitlistEntry.objects.values_list("pk", "state"))
        return super().stored() | {
            "places": [entries[pk] for pk in self.entries],
            "kept": [_kept(batch.pk) for batch in self.batches],
        }

    def predicted(self) -> dict[str, Any]:
        return super().predicted() | {
            "places": [place.state for place in self.shop.places],
            "kept": [sorted(self.shop.kept[id(run)]) for run in self.shop.runs],
        }


def _kept(batch_id: int) -> list[int]:
    """Which variants only the list may have."""
    sales = Allotment.objects.filter(batch=batch_id).order_by("pk").values_list("sale")
    return [variant for variant, [sale] in enumerate(sales) if sale == "waitlist"]
