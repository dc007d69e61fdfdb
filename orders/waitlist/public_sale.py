"""Whether what is left of a variant is sold to everybody, or kept for who waits.

`Allotment.sale` is the switch; it is turned with all allotments of the batch locked, so
that no unit is freed or taken beside the decision: whoever takes or returns units of
the batch locks one of them first.
"""

from collections.abc import Iterable, Mapping

from django.db import transaction

from campaigns import room
from campaigns.errors import BatchClosed, CampaignError
from campaigns.models import Allotment, Batch
from orders.models import WaitlistEntry

Sale = Allotment.Sale


class StillAvailable(CampaignError):
    """Whoever wants it can order it: there is nothing to wait for."""


class NotSold(CampaignError):
    """The seller does not sell this variant in this batch."""


def is_gone(allotment: Allotment, batch: Batch) -> bool:
    """Sold in this batch, and the public can have none of it now."""
    return allotment.is_sold and not room.of_variant(allotment, batch).units


def rooms(batch: Batch, allotments: Iterable[Allotment]) -> dict[int, int]:
    """Units that all caps together still bear, by variant id, where there are any."""
    found = {a.variant_id: room.for_the_asked(a, batch).units for a in allotments}
    return {variant: units for variant, units in found.items() if units}


def keep_sold_out(batch_id: int, variant_id: int) -> None:
    """From now on a freed unit is the list's; in the caller's transaction.

    Raises BatchClosed, NotSold or StillAvailable: then nobody may wait.
    """
    allotments = _locked_allotments(batch_id)
    batch = _read(batch_id)
    if not batch.is_accepting(batch.clock):
        raise BatchClosed
    own = allotments.get(variant_id)
    if own is None or not own.is_sold:
        raise NotSold
    if not is_gone(own, batch):
        raise StillAvailable
    # A full batch sells a unit freed of any variant: all of them are wanted.
    is_full = room.is_full(batch, allotments.values())
    _keep(allotments.values() if is_full else [own])


def keep_freed(
    batch_id: int, freed: Iterable[int], *, beside: int | None = None
) -> None:
    """Before units of these allotments come free, in the transaction that frees them.

    The public takes nothing that somebody waits for until the list was asked. `beside`
    is another batch whose allotments the transaction takes next: those of both are
    locked in one order.
    """
    waiting = WaitlistEntry.objects.waiting().filter(batch=batch_id).order_by()
    if not waiting.exists():
        return
    _lock_allotments([batch_id, beside] if beside else [batch_id])
    allotments = _locked_allotments(batch_id)
    if room.is_full(_read(batch_id), allotments.values()):
        _keep(allotments.values())
        return
    wanted = set(waiting.values_list("variant_id", flat=True))
    own = set(freed)
    _keep(a for a in allotments.values() if a.pk in own and a.variant_id in wanted)


def divide(batch_id: int) -> None:
    """After the list was asked: what nobody who waits can use is the public's again.

    A unit freed since then, or an entry the walk did not reach, keeps all as it is:
    the next round asks the list first.
    """
    with transaction.atomic():
        allotments = _locked_allotments(batch_id)
        left = rooms(_read(batch_id), allotments.values())
        waiting = WaitlistEntry.objects.waiting().filter(batch=batch_id)
        if has_takers(waiting.filter(variant__in=left).iterator(), left):
            return
        wanted = set(waiting.order_by().values_list("variant_id", flat=True))
        for allotment in allotments.values():
            _settle(allotment, wanted, left)


def has_takers(waiting: Iterable[WaitlistEntry], left: Mapping[int, int]) -> bool:
    return any(entry.fitting(left.get(entry.variant_id, 0)) for entry in waiting)


def _settle(allotment: Allotment, wanted: set[int], left: Mapping[int, int]) -> None:
    is_wanted = allotment.variant_id in wanted
    # With nothing left at all, any freed unit may be what somebody waits for.
    is_kept = is_wanted or bool(wanted and not left)
    has_room = allotment.variant_id in left
    sale = Sale.WAITLIST if is_kept and not has_room else Sale.OPEN
    if allotment.sale in (Sale.OPEN, Sale.WAITLIST) and allotment.sale != sale:
        Allotment.objects.filter(pk=allotment.pk).update(sale=sale)


def _keep(allotments: Iterable[Allotment]) -> None:
    """Only rows the caller locked."""
    keys = [a.pk for a in allotments if a.sale == Sale.OPEN]
    if keys:
        Allotment.objects.filter(pk__in=keys).update(sale=Sale.WAITLIST)


def _locked_allotments(batch_id: int) -> dict[int, Allotment]:
    """By variant id; locked by pk, as everywhere."""
    rows = Allotment.objects.filter(batch=batch_id).select_related("variant")
    locked = rows.select_for_update(no_key=True, of=("self",)).order_by("pk")
    return {allotment.variant_id: allotment for allotment in locked}


def _lock_allotments(batch_ids: Iterable[int]) -> None:
    rows = Allotment.objects.filter(batch__in=batch_ids).order_by("pk")
    list(rows.select_for_update(no_key=True).values_list("pk"))


def _read(batch_id: int) -> Batch:
    return Batch.objects.with_clock().select_related("campaign").get(pk=batch_id)
