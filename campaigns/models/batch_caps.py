"""How much a batch can make: in units, and if wanted in orders and in money."""

from typing import ClassVar

from django.core.validators import MinValueValidator
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from campaigns.actors import Actor
from campaigns.caps import Cap
from campaigns.errors import CapacityBelowTaken
from campaigns.models.batch_part import BatchPart


class HasCaps(BatchPart):
    """The part of a batch about its caps; only `capacity.shift` moves the counters."""

    # Each cap with its counter.
    CAPS: ClassVar[dict[Cap, tuple[str, str]]] = {
        Cap.BATCH: ("capacity", "taken"),
        Cap.ORDERS: ("order_capacity", "orders_taken"),
        Cap.MONEY: ("goods_capacity", "goods_taken"),
    }

    capacity = models.PositiveIntegerField(
        _("capacity"), validators=[MinValueValidator(1)]
    )
    taken = models.PositiveIntegerField(_("taken"), default=0, editable=False)
    order_capacity = models.PositiveIntegerField(
        _("capacity in orders"), null=True, blank=True
    )
    orders_taken = models.PositiveIntegerField(default=0, editable=False)
    # The money cap counts goods in minor units, so that the database compares integers.
    goods_capacity = models.PositiveBigIntegerField(
        _("capacity in money"),
        null=True,
        blank=True,
        help_text=_("In the currency's smallest unit: rupiah, or cents."),
    )
    goods_taken = models.PositiveBigIntegerField(default=0, editable=False)

    class Meta:
        abstract = True

    @property
    def rest(self) -> int:
        """Units its own cap still allows; what buyers can have is in `room`."""
        return self.capacity - self.taken

    @property
    def has_order_left(self) -> bool:
        cap = self.order_capacity
        return cap is None or self.orders_taken < cap

    @property
    def money_rest(self) -> int | None:
        """Minor units of goods its cap in money still allows; None without one."""
        cap = self.goods_capacity
        return None if cap is None else cap - self.goods_taken

    def change_capacity(self, capacity: int, *, actor: Actor) -> None:
        """Set the cap; raises CapacityBelowTaken when more units are gone already."""
        self._change_cap(Cap.BATCH, capacity, actor=actor)

    def change_order_capacity(self, orders: int | None, *, actor: Actor) -> None:
        self._change_cap(Cap.ORDERS, orders, actor=actor)

    def change_goods_capacity(self, goods: int | None, *, actor: Actor) -> None:
        """`goods` in minor units, as the counter."""
        self._change_cap(Cap.MONEY, goods, actor=actor)

    def _change_cap(self, cap: Cap, limit: int | None, *, actor: Actor) -> None:
        column, counter = self.CAPS[cap]
        with transaction.atomic():
            stored = self._locked()
            rows = self._row()
            if limit is not None:
                rows = rows.filter(**{f"{counter}__lte": limit})
            if not rows.update(**{column: limit}):
                taken = getattr(stored, counter)
                raise CapacityBelowTaken(
                    wanted=limit or 0,
                    taken=taken,
                    cap=cap,
                    currency=self.campaign.currency,
                )
            before = getattr(stored, column)
            if before != limit:
                self.record(column, actor=actor, data={"from": before, "to": limit})
        setattr(self, column, limit)
