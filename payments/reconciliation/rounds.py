"""Compares the shop with its gateways: what was missed is applied, the rest listed.

Everything is changed by `settlement.apply`, a payment at a time, after its gateway was
asked outside any transaction. Rows are read by key, so memory does not grow with them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, islice

from django.db.models import Q, QuerySet

from campaigns.clock import Clock, database_now
from campaigns.rounds import count_done, keys_of
from payments import gateways, settlement
from payments.gateways.base import Snapshot
from payments.inquiry import Inquiry
from payments.models import Discrepancy, Payment, ReconciliationRun, Refund
from payments.reconciliation import alerts as discrepancy_alerts
from payments.reconciliation import comparing, discrepancies, own_rows
from payments.reconciliation.comparing import FOUND_BY_ASKING, differences, has_news
from payments.reconciliation.discrepancies import Finding, Kind
from payments.reconciliation.matching import Seen, known_by, matched

Mode = ReconciliationRun.Mode
EVERY = timedelta(minutes=10)
# What is younger is still on its way by itself.
LEFT_IN_PEACE = timedelta(minutes=5)
WINDOW = timedelta(days=3)
CHUNK = 200
# A bank and a till answer nothing.
CAN_BE_ASKED = [n for n in gateways.ADAPTERS if n != gateways.BANK_TRANSFER]
UNANSWERED = (Refund.State.SENDING, Refund.State.UNKNOWN, Refund.State.PENDING)


def reconcile(
    *,
    mode: Mode,
    gateway: str = "",
    since: datetime | None = None,
    is_dry: bool = False,
) -> "Round":
    """Compare one gateway, or all that can be asked; a dry round changes nothing."""
    now = database_now()
    round_ = Round(
        mode=mode,
        gateways=[gateway] if gateway else names(),
        since=since or now - WINDOW,
        until=now,
        is_dry=is_dry,
    )
    round_.go()
    return round_


def reconcile_when_due() -> int:
    """Every ten minutes while anything waits; returns how many were brought up to date.

    A notification that was lost is noticed here.
    """
    recent = ReconciliationRun.objects.filter(started_at__gt=Clock() - EVERY)
    rows = waiting(names())
    if recent.exists() or not any(query.exists() for query in rows):
        return 0
    return reconcile(mode=Mode.OPEN).applied


def names() -> list[str]:
    """Those that are offered, or were: their payments still have to be right."""
    used = set(Payment.objects.order_by().values_list("gateway", flat=True).distinct())
    asked = used | set(gateways.configured())
    return [name for name in CAN_BE_ASKED if name in asked]


def waiting(of: list[str]) -> "tuple[QuerySet[Payment], ...]":
    """Payments whose gateway may know more than was heard of it for a while."""
    still_open = Payment.objects.filter(gateway__in=of).open()
    return (
        still_open.filter(created_at__lte=Clock() - LEFT_IN_PEACE),
        *unsettled(of),
    )


def unsettled(of: list[str]) -> "tuple[QuerySet[Payment], QuerySet[Payment]]":
    """With a refund nobody answered for, or with a difference that is listed."""
    payments = Payment.objects.filter(gateway__in=of)
    unanswered = Refund.objects.filter(state__in=UNANSWERED)
    listed = Discrepancy.objects.open().filter(kind__in=FOUND_BY_ASKING)
    return (
        payments.filter(pk__in=unanswered.values("payment")),
        payments.filter(pk__in=listed.values("payment")),
    )


@dataclass(kw_only=True)
class Round:
    mode: Mode
    gateways: list[str]
    since: datetime
    until: datetime
    is_dry: bool = False
    inquiry: Inquiry = field(default_factory=Inquiry)
    run: ReconciliationRun | None = None
    compared: int = 0
    applied: int = 0
    listed_anew: int = 0
    # What a dry round found; another one lists it.
    found: list[Finding] = field(default_factory=list)

    @property
    def _is_recent(self) -> Q:
        return Q(created_at__gte=self.since) | Q(confirmed_at__gte=self.since)

    @property
    def open_rows(self) -> "QuerySet[Discrepancy]":
        """All that is listed and not settled, of the gateways compared."""
        return Discrepancy.objects.open().filter(gateway__in=[*self.gateways, ""])

    @property
    def is_clean(self) -> bool:
        left_to_do = self.is_dry and (self.applied or self.found)
        return not (left_to_do or self.inquiry.silent or self.open_rows.exists())

    def go(self) -> None:
        for name in self.gateways:
            rows = waiting([name])
            if self.mode == Mode.DAILY:
                self._compare_window(name)
                older = Payment.objects.open().filter(gateway=name)
                rows = (older.exclude(self._is_recent), *unsettled([name]))
            self._compare_all(chain.from_iterable(map(keys_of, rows)))
        self._compare_own_rows()
        self._finish()

    def _compare_all(self, keys: Iterable[int]) -> None:
        count_done(keys, self._compare)

    def _compare(self, payment_id: int) -> bool:
        """Ask for the truth, apply it, and list what differs all the same."""
        payment = Payment.objects.select_related("order").get(pk=payment_id)
        snapshot = self.inquiry.payment(payment)
        if snapshot is None:
            return False
        self.compared += 1
        if has_news(payment, snapshot):
            self._bring_up_to_date(payment, snapshot)
        found = self._differences(payment, snapshot)
        self._keep(found)
        self._strike_out(FOUND_BY_ASKING, found, payment=payment)
        return True

    def _differences(self, payment: Payment, snapshot: Snapshot) -> list[Finding]:
        """Asked twice before it is believed: money may have come in between."""
        found = differences(payment, snapshot)
        if found and not self.is_dry and (anew := self.inquiry.payment(payment)):
            payment.refresh_from_db()
            found = differences(payment, anew)
        return found + self._refunds_nobody_knows(payment, snapshot)

    def _bring_up_to_date(self, payment: Payment, snapshot: Snapshot) -> None:
        self.applied += 1
        if not self.is_dry:
            settlement.apply(payment, snapshot)
            payment.refresh_from_db()

    def _refunds_nobody_knows(
        self, payment: Payment, snapshot: Snapshot
    ) -> list[Finding]:
        """Refunds that count as paid back, of which their gateway never heard."""
        if not payment.amount_refunding:
            return []
        sent = payment.refunds.filter(state=Refund.State.SUCCEEDED, attempts__gt=0)
        told = [comparing.match(list(sent), seen) for seen in snapshot.refunds]
        return [
            comparing.of_refund(payment, refund, None)
            for refund in sent.select_related("payment__order")
            if refund not in told and not self.inquiry.knows(refund)
        ]

    def _compare_window(self, gateway: str) -> None:
        rows = Payment.objects.filter(self._is_recent, gateway=gateway)
        if not self.inquiry.lists(gateway):
            self._compare_all(keys_of(rows))
            return
        seen = Seen(rows.order_by("pk").values_list("pk", flat=True).first() or 0)
        for snapshot, payment in self._told(gateway):
            if payment is None:
                self._compare_unknown(gateway, snapshot)
            else:
                seen.add(payment.pk)
                self._compare_told(payment, snapshot)
        if not self.inquiry.is_silent(gateway):
            is_told = Q(state__in=Payment.OPEN) | Q(amount_seen__gt=0)
            keys = keys_of(rows.filter(is_told))
            self._compare_all(key for key in keys if key not in seen)
            self._strike_out_known(gateway)

    def _told(self, gateway: str) -> Iterator[tuple[Snapshot, Payment | None]]:
        history = self.inquiry.history(gateway, self.since, self.until)
        while chunk := list(islice(history, CHUNK)):
            yield from matched(gateway, chunk)

    def _compare_told(self, payment: Payment, snapshot: Snapshot) -> None:
        """A list may leave things out: what it tells differently is asked for."""
        if has_news(payment, snapshot):
            self._compare_all([payment.pk])
            return
        self.compared += 1
        self._keep(self._refunds_nobody_knows(payment, snapshot))

    def _compare_unknown(self, gateway: str, snapshot: Snapshot) -> None:
        """Money nobody here asked for is listed; what is paid back is struck out."""
        finding = comparing.of_unknown(gateway, snapshot)
        self._keep([finding] if finding else [])
        if finding is None:
            name = comparing.name_of(snapshot)
            self._strike_out([Kind.UNKNOWN_OBJECT], [], reference=name)

    def _strike_out_known(self, gateway: str) -> None:
        """Objects that were listed as unknown, and have found their payment since."""
        unknown = self.open_rows.filter(kind=Kind.UNKNOWN_OBJECT, gateway=gateway)
        for row in unknown:
            if known_by(gateway, row.reference):
                self._strike_out([Kind.UNKNOWN_OBJECT], [], pk=row.pk)

    def _compare_own_rows(self) -> None:
        kinds = list(own_rows.FOUND_HERE)
        found = list(own_rows.differences())
        if self.mode == Mode.DAILY:
            kinds.append(Kind.LEDGER)
            found += own_rows.books_that_drifted()
        own = [f for f in found if f.gateway in ("", *self.gateways)]
        self._keep(own)
        self._strike_out(kinds, own)

    def _keep(self, found: Iterable[Finding]) -> None:
        for finding in found:
            if self.is_dry:
                self.found.append(finding)
            else:
                self.listed_anew += discrepancies.note(finding, run=self._row())

    def _strike_out(
        self, kinds: Iterable[Kind], found: Iterable[Finding], **lookups: object
    ) -> None:
        if not self.is_dry:
            listed = self.open_rows.filter(kind__in=list(kinds), **lookups)
            discrepancies.strike_out(listed, found)

    def _row(self) -> ReconciliationRun:
        """This round as it is kept for the admin; a dry one leaves none."""
        if self.run is None:
            self.run = ReconciliationRun.objects.create(
                mode=self.mode,
                gateway=self.gateways[0] if len(self.gateways) == 1 else "",
                since=self.since if self.mode == Mode.DAILY else None,
                started_at=self.until,
            )
        return self.run

    def _finish(self) -> None:
        has_happened = self.compared or self.inquiry.silent or self.run
        if self.is_dry or not has_happened:
            return
        rows = ReconciliationRun.objects.filter(pk=self._row().pk)
        rows.update(
            finished_at=Clock(),
            compared=self.compared,
            applied=self.applied,
            silent=self.inquiry.silent,
        )
        if self.listed_anew:
            discrepancy_alerts.tell(self._row())
