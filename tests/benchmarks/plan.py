"""How much is measured: all of it, what fits into a minute, or growth alone."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`sizes` are numbers of existing orders; the first is there from the start."""

    rounds: int
    orders: int
    buyers: tuple[int, ...]
    purchases: int
    sizes: tuple[int, ...]
    limit_seconds: int
    payments: int


FULL = Plan(
    rounds=3,
    orders=256,
    buyers=(1, 8, 32, 64),
    purchases=256,
    sizes=(1_000, 100_000, 1_000_000),
    limit_seconds=3,
    payments=10_000,
)
QUICK = Plan(
    rounds=1,
    orders=48,
    buyers=(8, 64),
    purchases=24,
    sizes=(1_000,),
    limit_seconds=2,
    payments=1_000,
)
# Whether an order costs more the more there are; nobody buys at once.
GROWTH = Plan(
    rounds=3,
    orders=0,
    buyers=(),
    purchases=32,
    sizes=(1_000, 100_000, 1_000_000),
    limit_seconds=0,
    payments=0,
)
PLANS = {"full": FULL, "quick": QUICK, "growth": GROWTH}
