"""What was measured, as it is handed from the measuring process to the report."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median

# The steps of a whole purchase.
PHASES = (
    *("campaign page", "checkout page", "order POST", "pay page"),
    *("sandbox pays", "return confirms"),
)
# Measured in the same rounds as the steps, to be compared with all of them together.
YARDSTICK = "bare order of four rows"


@dataclass(frozen=True, kw_only=True)
class Orders:
    """One load of order POSTs. `shop` names what served it."""

    shop: str
    buyers: int
    per_second: float
    p50: float
    p99: float
    app_ms: float
    database_ms: float

    @property
    def cpu_ms(self) -> float:
        return self.app_ms + self.database_ms


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a whole purchase, with this many orders in the shop."""

    name: str
    existing: int
    app_ms: float
    database_ms: float

    @property
    def cpu_ms(self) -> float:
        return self.app_ms + self.database_ms


@dataclass(frozen=True, kw_only=True)
class Limit:
    script: str
    clients: int
    per_second: float


@dataclass(frozen=True, kw_only=True)
class Placing:
    """`place` in this process: no HTTP, no form, no page."""

    existing: int
    per_second: float
    cpu_ms: float


@dataclass(frozen=True, kw_only=True)
class Reconciling:
    """One round over this many payments; `longest_ms` is its longest transaction."""

    payments: int
    applied: int
    seconds: float
    peak_mib: float
    longest_ms: float


@dataclass
class Results:
    database: str
    orders: list[Orders] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    placing: list[Placing] = field(default_factory=list)
    reconciling: list[Reconciling] = field(default_factory=list)
    invariants_orders: int = 0
    invariants_seconds: float = 0

    def save(self, file: Path) -> None:
        file.write_text(json.dumps(asdict(self)))

    @classmethod
    def read(cls, file: Path) -> "Results":
        data = json.loads(file.read_text())
        kinds = {
            "orders": Orders,
            "steps": Step,
            "limits": Limit,
            "placing": Placing,
            "reconciling": Reconciling,
        }
        for name, kind in kinds.items():
            data[name] = [kind(**row) for row in data[name]]
        return cls(**data)

    def rates(self, shop: str, buyers: int) -> list[float]:
        """Orders per second, a number for each round."""
        rows = self.orders_of(shop, buyers)
        return [row.per_second for row in rows]

    def orders_of(self, shop: str, buyers: int) -> list[Orders]:
        return [r for r in self.orders if (r.shop, r.buyers) == (shop, buyers)]

    def buyers(self) -> list[int]:
        return sorted({row.buyers for row in self.orders})

    def purchase_ms(self, existing: int) -> float:
        """CPU of all steps; the middle of the rounds for each."""
        return sum(
            median(step.cpu_ms for step in self.steps_of(name, existing))
            for name in PHASES
        )

    def purchase_in_yardsticks(self, existing: int) -> float:
        rounds = zip(*(self.steps_of(name, existing) for name in PHASES), strict=True)
        whole = [sum(step.cpu_ms for step in steps) for steps in rounds]
        bare = [step.cpu_ms for step in self.steps_of(YARDSTICK, existing)]
        return ratio(whole, bare)

    def steps_of(self, name: str, existing: int) -> list[Step]:
        return [s for s in self.steps if (s.name, s.existing) == (name, existing)]

    def rounds(self) -> int:
        return len(self.steps_of(PHASES[0], self.sizes()[0]))

    def sizes(self) -> list[int]:
        return sorted({step.existing for step in self.steps})

    def limit(self, script: str, clients: int) -> float:
        found = [
            row.per_second
            for row in self.limits
            if (row.script, row.clients) == (script, clients)
        ]
        return median(found) if found else 0.0


def ratio(upper: Iterable[float], lower: Iterable[float]) -> float:
    """The middle of the rounds' ratios: both of a round ran under the same weather."""
    return median(a / b for a, b in zip(upper, lower, strict=True))
