"""The chart as SVG: a plot that stretches, under words that keep their size.

Shapes are drawn on a square of 1000 × 1000 that fills the upper part of the picture;
words stand at percentages of the whole picture. All numbers are written here, as no
language may put its decimal comma into them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from orders.numbers.chart import History, round_ticks, ticks_of

SIDE = 1000
# Percent of the picture's height; below stand the times.
PLOT = 88
# Room above the highest line for what it is called.
HEADROOM = 1.15
# Closer to a side, in percent, a word begins or ends at its place.
EDGE = 12
# Closer to each other, as a share of the plot, two names would lie on each other.
CROWDED = 0.1

Point = tuple[float, float]


@dataclass(frozen=True)
class Tick:
    """A word at a place; `anchor` keeps it inside the picture."""

    place: str
    text: str
    anchor: str = "middle"


@dataclass(frozen=True, kw_only=True)
class Scales:
    start: datetime
    end: datetime
    top: float

    @classmethod
    def of(cls, history: History, minimum: int) -> Self:
        capacities = [level.units for level in history.levels_shown]
        highest = max(history.highest, minimum, *capacities)
        return cls(start=history.start, end=history.end, top=max(1, highest) * HEADROOM)

    def across(self, moment: datetime) -> float:
        """From the left, as a share of the width."""
        first, last = self.start.timestamp(), self.end.timestamp()
        share = (moment.timestamp() - first) / (last - first)
        return min(1.0, max(0.0, share))

    def down(self, units: int) -> float:
        """From above, as a share of the plot."""
        return 1 - units / self.top


@dataclass(frozen=True, kw_only=True)
class Drawing:
    line: str
    area: str
    capacity: str
    capacity_name: Tick
    minimum: str
    minimum_name: Tick
    minimum_is_below: bool
    grid: list[str]
    units: list[Tick]
    times: list[Tick]
    plot: str = f"{PLOT}%"


def drawn(
    history: History, *, minimum: int | None, time_text: Callable[[datetime], str]
) -> Drawing:
    scales = Scales.of(history, minimum or 0)
    line = _path(_taken(history, scales))
    limit = history.levels_shown[-1].units
    low = scales.down(minimum or 0)
    ticks = round_ticks(int(scales.top))
    return Drawing(
        line=line,
        area=f"{line}V{SIDE}H0Z",
        capacity=_path(_limits(history, scales)),
        capacity_name=Tick(_place(scales.down(limit)), str(limit), "end"),
        minimum=f"{low * SIDE:.1f}" if minimum else "",
        minimum_name=Tick(_place(low), str(minimum or ""), "end"),
        minimum_is_below=abs(low - scales.down(limit)) < CROWDED,
        grid=[f"{scales.down(units) * SIDE:.1f}" for units in ticks],
        units=[Tick(_place(scales.down(units)), str(units)) for units in ticks],
        times=[_time_tick(scales, at, time_text(at)) for at in ticks_of(history)],
    )


def _taken(history: History, scales: Scales) -> Iterator[Point]:
    yield 0, 1
    for row in history.rows:
        yield scales.across(row.end), scales.down(row.taken)


def _limits(history: History, scales: Scales) -> Iterator[Point]:
    """A stair: each capacity goes on until the next one."""
    height = None
    for level in history.levels_shown:
        place = scales.across(level.at)
        if height is not None:
            yield place, height
        height = scales.down(level.units)
        yield place, height
    yield 1, height or 0


def _path(points: Iterable[Point]) -> str:
    return "M" + "L".join(f"{x * SIDE:.1f},{y * SIDE:.1f}" for x, y in points)


def _place(share: float) -> str:
    return f"{share * PLOT:.1f}%"


def _time_tick(scales: Scales, at: datetime, text: str) -> Tick:
    percent = scales.across(at) * 100
    anchors = [(percent < EDGE, "start"), (percent > 100 - EDGE, "end")]
    anchor = next((name for applies, name in anchors if applies), "middle")
    return Tick(f"{percent:.1f}%", text, anchor)
