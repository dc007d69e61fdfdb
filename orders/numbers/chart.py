"""A batch's units over time: rows of equal spans in a zone, and round scales."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import accumulate, islice

from orders.flow import QUARTER, Flow, Level

MOST_ROWS = 60
MOST_TICKS = 4


@dataclass(frozen=True)
class Step:
    """A kind of span: where the one around a moment begins, and the one after it.

    `number` counts spans, so that ticks stand at round ones: every `rounds`-th.
    """

    name: str
    floor: Callable[[datetime], datetime]
    after: Callable[[datetime], datetime]
    number: Callable[[datetime], int]
    rounds: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One span of time; `taken` and `capacity` are as at its end."""

    start: datetime
    end: datetime
    came: int
    went: int
    taken: int
    capacity: int


@dataclass(frozen=True, kw_only=True)
class History:
    """From the first unit, or the opening, until `end`."""

    step: Step
    rows: list[Row]
    levels: list[Level]
    end: datetime

    @property
    def start(self) -> datetime:
        return self.rows[0].start

    @property
    def levels_shown(self) -> list[Level]:
        """Those that held at some time between start and end."""
        first = index_at(self.levels, self.start)
        return [level for level in self.levels[first:] if level.at <= self.end]

    @property
    def highest(self) -> int:
        return max(row.taken for row in self.rows)


def history(
    flows: Iterable[Flow],
    levels: list[Level],
    *,
    start: datetime,
    end: datetime,
    zone: tzinfo,
) -> History:
    """Spans as short as fit into a readable number of rows.

    Units that moved before or after stretch it, and so does a later capacity.
    """
    moves = sorted(flows, key=lambda flow: flow.at)
    # In one zone Python would compare the hands of the clock.
    start = min([start, *(flow.at for flow in moves[:1])]).astimezone(UTC)
    last = [levels[-1].at, *(flow.at for flow in moves[-1:])]
    end = max([start, end, *last]).astimezone(UTC)
    step = fitting(start, end, zone)
    edges = list(_edges(step, start, end, zone))
    return History(
        step=step,
        rows=list(_rows(edges, moves, levels)),
        levels=levels,
        end=max(end, start + timedelta(minutes=1)),
    )


def fitting(start: datetime, end: datetime, zone: tzinfo) -> Step:
    for step in STEPS:
        edges = islice(_edges(step, start, end, zone), MOST_ROWS + 2)
        if len(list(edges)) <= MOST_ROWS + 1:
            return step
    return STEPS[-1]


def index_at(levels: list[Level], moment: datetime) -> int:
    """Which level holds at a moment; the first one, before all of them."""
    return max(0, bisect_right([level.at for level in levels], moment) - 1)


def ticks_of(history: History) -> list[datetime]:
    """Round moments, no more than fit beside each other on a phone."""
    step, starts = history.step, [row.start for row in history.rows]
    for every in step.rounds:
        ticks = [at for at in starts if step.number(at) % every == 0]
        if len(ticks) <= MOST_TICKS:
            return ticks
    return starts[:: -(-len(starts) // MOST_TICKS)]


def round_ticks(top: int) -> list[int]:
    """0 and up to four more of 1, 2, 5, 10, 20 … up to `top`."""
    every = next(n for n in _round_numbers() if top // n <= MOST_TICKS)
    return list(range(0, top + 1, every))


def _round_numbers() -> Iterator[int]:
    power = 1
    while True:
        yield from (power, 2 * power, 5 * power)
        power *= 10


def _edges(
    step: Step, start: datetime, end: datetime, zone: tzinfo
) -> Iterator[datetime]:
    """Where spans begin, and at last where the one around `end` is over."""
    edge = step.floor(start.astimezone(zone))
    yield edge
    while edge <= end:
        edge = step.after(edge)
        yield edge


def _rows(
    edges: list[datetime], moves: list[Flow], levels: list[Level]
) -> Iterator[Row]:
    came, went = [0] * (len(edges) - 1), [0] * (len(edges) - 1)
    for flow in moves:
        index = bisect_right(edges, flow.at) - 1
        came[index] += flow.came
        went[index] += flow.went
    net = (i - o for i, o in zip(came, went, strict=True))
    for index, taken in enumerate(accumulate(net)):
        start, end = edges[index], edges[index + 1]
        at_end = index_at(levels, end - timedelta.resolution)
        yield Row(
            start=start,
            end=end,
            came=came[index],
            went=went[index],
            taken=taken,
            capacity=levels[at_end].units,
        )


def _quarter(at: datetime) -> datetime:
    return at.replace(minute=at.minute - at.minute % 15, second=0, microsecond=0)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _midnight(day: date, zone: tzinfo | None) -> datetime:
    return datetime.combine(day, time.min, zone)


def _passing(span: timedelta) -> Callable[[datetime], datetime]:
    """Time that passes, also while clocks are changed."""
    return lambda at: (at.astimezone(UTC) + span).astimezone(at.tzinfo)


def _days_later(days: int) -> Callable[[datetime], datetime]:
    return lambda at: _midnight(at.date() + timedelta(days=days), at.tzinfo)


def _monday(at: datetime) -> datetime:
    return _midnight(at.date() - timedelta(days=at.weekday()), at.tzinfo)


def _first(at: datetime) -> datetime:
    return _midnight(at.date().replace(day=1), at.tzinfo)


def _next_first(at: datetime) -> datetime:
    return _first(_first(at) + timedelta(days=32))


def _new_year(at: datetime) -> datetime:
    return _midnight(date(at.year, 1, 1), at.tzinfo)


def _next_new_year(at: datetime) -> datetime:
    return _midnight(date(at.year + 1, 1, 1), at.tzinfo)


STEPS = (
    Step(
        "quarter",
        _quarter,
        _passing(QUARTER),
        lambda at: at.hour * 4 + at.minute // 15,
        (1, 2, 4, 8, 16),
    ),
    Step(
        "hour",
        _hour,
        _passing(timedelta(hours=1)),
        lambda at: at.hour,
        (1, 2, 3, 6, 12, 24),
    ),
    Step(
        "day",
        lambda at: _midnight(at.date(), at.tzinfo),
        _days_later(1),
        lambda at: at.toordinal() - 1,
        (1, 2, 7, 14),
    ),
    Step(
        "week",
        _monday,
        _days_later(7),
        lambda at: at.toordinal() // 7,
        (1, 2, 4, 13, 26),
    ),
    Step(
        "month",
        _first,
        _next_first,
        lambda at: at.year * 12 + at.month - 1,
        (1, 2, 3, 6, 12, 24),
    ),
    Step("year", _new_year, _next_new_year, lambda at: at.year, (1, 2, 5, 10)),
)
