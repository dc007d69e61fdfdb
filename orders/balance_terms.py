"""When the rest of an order is due, by the rules fixed when it was placed."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

from campaigns.models import Campaign
from orders.models import Order

UnpaidBalance = Campaign.UnpaidBalance
# A fixed date can lie before production: so long before it the balance is asked for.
NOTICE = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class BalanceTerms:
    """Days are days at the seller's place. `on` is a fixed date.

    An order whose rules say nothing of an unpaid balance was placed before there were
    such rules: it only waits.
    """

    unpaid: Campaign.UnpaidBalance
    grace: timedelta
    days: int | None
    on: date | None
    production_at: datetime | None
    planned_on: date | None
    zone: ZoneInfo

    @classmethod
    def of(cls, order: Order) -> Self:
        """Read `order.batch` with it."""
        rules, batch = order.rules, order.batch
        fixed = rules.get("balance_due_on")
        return cls(
            unpaid=UnpaidBalance(rules.get("unpaid_balance", UnpaidBalance.HOLD)),
            grace=timedelta(days=rules.get("balance_grace_days", 0)),
            days=rules.get("balance_due_days"),
            on=date.fromisoformat(fixed) if fixed else None,
            production_at=batch.production_at,
            planned_on=batch.production_starts_on,
            zone=order.zone,
        )

    @property
    def due_on(self) -> date | None:
        """The last day to pay; None while it is not known."""
        if self.on:
            return self.on
        return self._after(self._day_of(self.production_at))

    @property
    def expected_on(self) -> date | None:
        """The same, as far as the plan tells."""
        return self.due_on or self._after(self.planned_on)

    @property
    def due_at(self) -> datetime | None:
        """The midnight that ends the last day."""
        return self.end_of(self.due_on) if self.due_on else None

    @property
    def asked_from(self) -> datetime | None:
        """When the buyer is asked for the balance; None while that is not known."""
        early = self._midnight(self.on) - NOTICE if self.on else None
        moments = [moment for moment in (self.production_at, early) if moment]
        return min(moments, default=None)

    def last_day(self, told_at: datetime) -> date | None:
        """Until when a last notice, told at that moment, still lets the buyer pay."""
        if self.due_on is None or self.unpaid == UnpaidBalance.HOLD:
            return None
        told_on = told_at.astimezone(self.zone).date()
        return max(self.due_on, told_on) + self.grace

    def end_of(self, day: date) -> datetime:
        return self._midnight(day + timedelta(days=1))

    def _after(self, start: date | None) -> date | None:
        if start is None or self.days is None:
            return None
        return start + timedelta(days=self.days)

    def _day_of(self, moment: datetime | None) -> date | None:
        return moment.astimezone(self.zone).date() if moment else None

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(), self.zone)
