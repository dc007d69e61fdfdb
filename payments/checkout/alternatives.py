"""What is offered instead of what was refused: fewer units, or another batch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from campaigns import room, room_wording
from campaigns.caps import Cap
from campaigns.clock import Clock
from campaigns.errors import CampaignError, Shortage, SoldOut, WindowChanged
from campaigns.models import Allotment, Batch
from campaigns.room import Room, Wanted


@dataclass(frozen=True)
class Short:
    """What is short, and the cap in words that allows no more."""

    label: str
    wanted: int
    left: int
    reason: str
    variant_id: int | None


@dataclass(frozen=True, kw_only=True)
class Offer:
    """`smaller` is as much of the basket as `batch` still takes."""

    refusal: CampaignError
    batch: Batch
    room: Room
    shortages: list[Short]
    smaller: Wanted
    left_of_basket: int
    next_batch: Batch | None
    next_left: int
    next_opening: Batch | None

    @property
    def kind(self) -> str:
        return type(self.refusal).__name__

    @property
    def left(self) -> int:
        return self.room.left

    @property
    def title(self) -> str:
        """Of a refusal for what is left."""
        cap = Cap.BATCH if self.left else self.room.cap
        return room_wording.not_enough(self.batch.number, cap)

    @property
    def is_not_open_yet(self) -> bool:
        opens_at = self.batch.opens_at
        return opens_at is not None and opens_at > self.batch.clock

    @property
    def fits_again(self) -> bool:
        """Units came back between the refusal and this page."""
        return self.kind == "SoldOut" and self.next_batch == self.batch

    @property
    def can_be_smaller(self) -> bool:
        return bool(self.smaller) and not self.fits_again

    @property
    def smaller_in_words(self) -> str:
        return ", ".join(f"{n} × {a.variant.label}" for a, n in self.smaller.items())

    @property
    def smaller_query(self) -> str:
        quantities = {f"quantity-{a.variant_id}": n for a, n in self.smaller.items()}
        return urlencode({"batch": self.batch.number} | quantities)


def offer_instead(
    refusal: CampaignError, *, batch: Batch, quantities: Mapping[int, int]
) -> Offer:
    """`batch` is as read now, `quantities` the basket by variant id."""
    allotments = list(Allotment.objects.of([batch]))
    wanted = _wanted(allotments, quantities)
    short = room.shortages(batch, wanted)
    next_batch = _next_batch(refusal, batch, quantities, fits=not short)
    return Offer(
        refusal=refusal,
        batch=batch,
        room=Room.of(batch, allotments),
        shortages=_in_words(short, wanted, batch),
        smaller=_smaller(refusal, batch, wanted),
        left_of_basket=room.most(batch, wanted),
        next_batch=next_batch,
        next_left=room.in_batch(next_batch).left if next_batch else 0,
        next_opening=None if next_batch else _next_opening(batch),
    )


def _wanted(allotments: Iterable[Allotment], quantities: Mapping[int, int]) -> Wanted:
    return {
        allotment: quantities[allotment.variant_id]
        for allotment in allotments
        if allotment.variant_id in quantities
    }


def _smaller(refusal: CampaignError, batch: Batch, wanted: Wanted) -> Wanted:
    is_full = isinstance(refusal, SoldOut) and batch.is_accepting(batch.clock)
    return room.largest_part(batch, wanted) if is_full else {}


def _next_batch(
    refusal: CampaignError, batch: Batch, quantities: Mapping[int, int], *, fits: bool
) -> Batch | None:
    """The same batch where it can be had after all, or the earliest other one.

    Under a new window only if the buyer agrees to it.
    """
    is_open = batch.is_accepting(batch.clock)
    if is_open and (isinstance(refusal, WindowChanged) or fits):
        return batch
    others = batch.campaign.batches.accepting().exclude(pk=batch.pk).with_clock()
    candidates = others.prefetch_related("allotments__variant").order_by("number")
    return next((b for b in candidates if _fits(b, quantities)), None)


def _next_opening(batch: Batch) -> Batch | None:
    """The earliest other batch that is announced to open."""
    others = batch.campaign.batches.exclude(pk=batch.pk).before_close()
    return others.filter(opens_at__gt=Clock()).order_by("opens_at").first()


def _fits(batch: Batch, quantities: Mapping[int, int]) -> bool:
    wanted = _wanted(batch.allotments.all(), quantities)
    is_whole = len(wanted) == len(quantities)
    return is_whole and not room.shortages(batch, wanted)


def _in_words(shortages: list[Shortage], wanted: Wanted, batch: Batch) -> list[Short]:
    """The basket as a whole is named only where its parts alone do not tell."""
    chosen = {allotment.variant_id: allotment for allotment in wanted}
    return [
        Short(
            label=str(own.variant.label if own else _("All together")),
            wanted=short.wanted,
            left=short.left,
            reason=_because(short.cap, own, batch),
            variant_id=short.variant_id,
        )
        for short in shortages
        if (own := chosen.get(short.variant_id or 0)) or len(wanted) > 1
    ]


def _because(cap: Cap, allotment: Allotment | None, batch: Batch) -> str:
    if allotment is None or not allotment.is_sold or cap is not Cap.SALE:
        return room_wording.because(cap)
    behind = room.for_the_asked(allotment, batch)
    if not behind.units and (hidden := room_wording.hidden(behind.cap)):
        return _("%(why)s; what comes free is offered to the waiting list first") % {
            "why": hidden
        }
    return _("sold out; what comes free is offered to the waiting list first")
