"""Outlines in a 1600 × 1200 frame: small path language, mirroring, turning."""

import math
import random
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]
Points = list[Point]

WIDTH, HEIGHT = 1600, 1200
CENTER = WIDTH / 2
STEPS = 24
ARGUMENTS = {"M": 1, "L": 1, "Q": 2, "C": 3}


def path(text: str) -> Points:
    """Points along `M x,y L x,y Q cx,cy x,y C …`, as in SVG."""
    points: Points = []
    tokens = text.split()
    while tokens:
        letter = tokens.pop(0)
        ends = [_point(tokens.pop(0)) for _n in range(ARGUMENTS[letter])]
        points += _curve([points[-1], *ends]) if letter in "QC" else ends
    return points


def mirrored(points: Sequence[Point], axis: float = CENTER) -> Points:
    return [(2 * axis - x, y) for x, y in reversed(points)]


def symmetric(text: str, axis: float = CENTER) -> Points:
    """A closed outline from its right half, drawn from top to bottom."""
    half = path(text)
    return half + mirrored(half, axis)


def moved(points: Sequence[Point], x: float, y: float, scale: float = 1) -> Points:
    return [(x + px * scale, y + py * scale) for px, py in points]


def turned(points: Sequence[Point], degrees: float, around: Point = (0, 0)) -> Points:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    ax, ay = around
    return [
        (
            ax + (x - ax) * cos - (y - ay) * sin,
            ay + (x - ax) * sin + (y - ay) * cos,
        )
        for x, y in points
    ]


def ellipse(x: float, y: float, rx: float, ry: float) -> Points:
    count = 36 if max(rx, ry) < 100 else 144
    angles = [2 * math.pi * n / count for n in range(count)]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]


def rounded(left: float, top: float, right: float, bottom: float, r: float) -> Points:
    corners = [
        (right - r, top + r, -90),
        (right - r, bottom - r, 0),
        (left + r, bottom - r, 90),
        (left + r, top + r, 180),
    ]
    return [
        (x + r * math.cos(math.radians(a)), y + r * math.sin(math.radians(a)))
        for x, y, start in corners
        for a in range(start, start + 91, 10)
    ]


def scattered(seed: int, count: int, outline: Sequence[Point]) -> Points:
    """Places in the outline's box that look strewn, the same each time."""
    dice = random.Random(seed)  # noqa: S311  a texture
    xs, ys = zip(*outline, strict=True)
    return [
        (dice.uniform(min(xs), max(xs)), dice.uniform(min(ys), max(ys)))
        for _n in range(count)
    ]


def dashes(points: Sequence[Point], dash: float, gap: float) -> list[Points]:
    """Stitches: the polyline cut into strokes of `dash` with `gap` between them."""
    strokes: list[Points] = [[]]
    walked = 0.0
    for start, end in pairwise(points):
        for point in _walk(start, end, 2.0):
            if walked % (dash + gap) < dash:
                strokes[-1].append(point)
            elif strokes[-1]:
                strokes.append([])
            walked += 2.0
    return [stroke for stroke in strokes if len(stroke) > 1]


def _walk(start: Point, end: Point, step: float) -> Points:
    count = max(1, int(math.dist(start, end) / step))
    return [_between(start, end, n / count) for n in range(count)]


def _curve(controls: Points) -> Points:
    return [_on_curve(controls, n / STEPS) for n in range(1, STEPS + 1)]


def _on_curve(controls: Points, t: float) -> Point:
    while len(controls) > 1:
        controls = [_between(a, b, t) for a, b in pairwise(controls)]
    return controls[0]


def _between(a: Point, b: Point, t: float) -> Point:
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t)


def _point(text: str) -> Point:
    x, y = text.split(",")
    return float(x), float(y)
