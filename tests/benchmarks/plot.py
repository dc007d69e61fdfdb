"""Orders per second by buyers at once, as an SVG drawn by hand: no library."""

import math
from collections.abc import Sequence
from statistics import median

from tests.benchmarks.results import Results

WIDTH, HEIGHT = 720, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 200, 40, 48
# Told apart without color too, by their dashes.
CURVES = {
    "bare view": ("#6b7280", ""),
    "shop without cap": ("#b45309", "6 4"),
    "shop": ("#1d4ed8", ""),
    "shop, 8 batches": ("#047857", "2 3"),
    "shop, threads": ("#7c3aed", "8 3 2 3"),
}
GRID = 4


def svg(results: Sequence[Results]) -> str:
    panels = "".join(
        f'<g transform="translate(0 {n * HEIGHT})">{_panel(one)}</g>'
        for n, one in enumerate(results)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" role="img" '
        f'viewBox="0 0 {WIDTH} {HEIGHT * len(results)}" '
        'font-family="system-ui, sans-serif" font-size="12">'
        "<title>Orders per second by buyers at once</title>"
        f'<rect width="100%" height="100%" fill="#fff"/>{panels}</svg>\n'
    )


def _panel(results: Results) -> str:
    buyers = results.buyers()
    curves = {
        name: [median(results.rates(name, count)) for count in buyers]
        for name in CURVES
    }
    top = _round_up(max(rate for rates in curves.values() for rate in rates))
    title = f"{results.database}: orders per second by buyers at once"
    parts = [_text(LEFT, 22, title, weight="bold"), *_grid(top), *_ticks(buyers)]
    for (name, rates), slot in zip(curves.items(), range(len(curves)), strict=True):
        points = [
            (_x(b, buyers), _y(r, top)) for b, r in zip(buyers, rates, strict=True)
        ]
        parts += _curve(name, points, legend_y=TOP + 12 + 20 * slot)
    return "".join(parts)


def _curve(name: str, points: list[tuple[float, float]], *, legend_y: int) -> list[str]:
    color, dashes = CURVES[name]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    style = f'fill="none" stroke="{color}" stroke-width="2" stroke-dasharray="{dashes}"'
    x = WIDTH - RIGHT + 16
    return [
        f'<polyline points="{path}" {style}/>',
        *(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>'
            for x, y in points
        ),
        f'<path d="M{x} {legend_y - 4}h28" {style}/>',
        _text(x + 36, legend_y, name),
    ]


def _grid(top: float) -> list[str]:
    lines = []
    for n in range(GRID + 1):
        rate = top * n / GRID
        y = _y(rate, top)
        lines.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" '
            'stroke="#d1d5db"/>'
        )
        lines.append(_text(LEFT - 8, y + 4, f"{rate:g}", anchor="end"))
    return lines


def _ticks(buyers: list[int]) -> list[str]:
    return [
        _text(_x(count, buyers), HEIGHT - BOTTOM + 20, str(count), anchor="middle")
        for count in buyers
    ]


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", weight: str = "normal"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" '
        f'font-weight="{weight}" fill="#111827">{text}</text>'
    )


def _x(count: int, buyers: list[int]) -> float:
    """Each doubling takes the same width."""
    span = math.log2(buyers[-1] / buyers[0]) or 1
    width = WIDTH - RIGHT - LEFT
    return LEFT + width * math.log2(count / buyers[0]) / span


def _y(rate: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * rate / top


def _round_up(rate: float) -> float:
    """To one, two, four or eight of a power of ten."""
    power = 10.0 ** math.floor(math.log10(rate))
    return next(step * power for step in (1, 2, 4, 8, 10) if step * power >= rate)
