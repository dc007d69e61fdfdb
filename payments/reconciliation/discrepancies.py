"""The list of what settlement cannot mend: each difference once while it is open."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from campaigns.actors import Actor
from campaigns.clock import Clock
from campaigns.errors import InvalidTransition
from payments.models import (
    Discrepancy,
    GatewayEvent,
    Payment,
    ReconciliationRun,
    Refund,
)

Kind = Discrepancy.Kind
GONE = "gone by itself"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is here and what is there, in plain values that can be stored and told."""

    kind: Discrepancy.Kind
    gateway: str
    reference: str
    payment: Payment | None = None
    refund: Refund | None = None
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.kind.value, self.gateway, self.reference)

    @property
    def same(self) -> "QuerySet[Discrepancy]":
        """The rows that tell of this, open or settled."""
        rows = Discrepancy.objects.filter(kind=self.kind, gateway=self.gateway)
        return rows.filter(reference=self.reference)


def note(finding: Finding, *, run: ReconciliationRun | None = None) -> bool:
    """List it, or renew what is listed; True when it is news.

    What a human settled is not listed again as long as nothing about it changes.
    """
    listed = finding.same.filter(resolved_at__isnull=True)
    if listed.update(seen_at=Clock(), details=finding.details):
        return False
    settled = finding.same.exclude(resolved_by=None).order_by("-pk").first()
    if settled and settled.details == finding.details:
        return False
    row = Discrepancy(
        kind=finding.kind,
        gateway=finding.gateway,
        reference=finding.reference,
        payment=finding.payment,
        refund=finding.refund,
        run=run,
        details=finding.details,
    )
    Discrepancy.objects.bulk_create([row], ignore_conflicts=True)
    return True


def strike_out(listed: "QuerySet[Discrepancy]", found: Iterable[Finding]) -> int:
    """Settle by itself what was looked for and not found again."""
    keys = {finding.key for finding in found}
    gone = [
        row.pk
        for row in listed.filter(resolved_at__isnull=True)
        if (row.kind, row.gateway, row.reference) not in keys
    ]
    rows = Discrepancy.objects.open().filter(pk__in=gone)
    return rows.update(resolved_at=Clock(), resolution=GONE) if gone else 0


def settle_by_hand(discrepancy_id: int, *, note: str, actor: Actor) -> None:
    """A human looked and says how it was settled; raises InvalidTransition."""
    rows = Discrepancy.objects.open().filter(pk=discrepancy_id)
    settled = {"resolved_by": actor.user, "resolution": note}
    if not rows.update(resolved_at=Clock(), **settled):
        row = Discrepancy.objects.get(pk=discrepancy_id)
        raise InvalidTransition(row, "settled")


def of_dead_event(event: GatewayEvent) -> Finding:
    """A notification that was given up: nobody else will ask about its money."""
    reference = event.reference or event.our_reference or event.dedupe_key
    return Finding(
        kind=Kind.EVENT_DEAD,
        gateway=event.gateway,
        reference=reference[:120],
        payment=event.payment,
        details={"event": event.pk, "type": event.type, "error": event.error[:200]},
    )
