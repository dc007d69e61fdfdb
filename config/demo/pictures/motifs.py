"""Two old batik motifs: kawung, the four seeds, and parang, the slanting blade."""

import math

from config.demo.pictures.canvas import Mask, mask, stroke_mask
from config.demo.pictures.shapes import (
    HEIGHT,
    WIDTH,
    Points,
    ellipse,
    moved,
    path,
    turned,
)

Box = tuple[float, float, float, float]
SHEET: Box = (0, 0, WIDTH, HEIGHT)


def kawung(step: float, box: Box = SHEET) -> tuple[Mask, Mask]:
    """Seeds, and the veins inside them, on a grid of `step`."""
    centers = _grid(step, box)
    seeds = _four(ellipse(0, -0.352, 0.165, 0.27))
    veins = _four(ellipse(0, -0.27, 0.028, 0.06), ellipse(0, -0.45, 0.028, 0.06))
    dots = [ellipse(0, 0, 0.045, 0.045), ellipse(0.5, 0, 0.075, 0.075)]
    return (
        mask(*_repeated([*seeds, *dots], centers, step)),
        mask(*_repeated(veins, centers, step)),
    )


def _four(*shapes: Points) -> list[Points]:
    """Each shape in the four diagonal directions."""
    return [turned(shape, turn) for shape in shapes for turn in (45, 135, 225, 315)]


def _repeated(shapes: list[Points], places: Points, scale: float) -> list[Points]:
    return [moved(shape, x, y, scale) for x, y in places for shape in shapes]


def parang(step: float, box: Box = SHEET) -> tuple[Mask, Mask]:
    """Blades in slanting rows, and the string of diamonds between the rows."""
    blade = path(
        "M -0.46,0.10 C -0.34,-0.38 0.02,-0.44 0.10,-0.12 "
        "C 0.16,0.10 0.34,0.08 0.46,-0.10 "
        "C 0.34,0.38 -0.02,0.44 -0.10,0.12 C -0.16,-0.10 -0.34,-0.08 -0.46,0.10"
    )
    eyes = [ellipse(-0.16, -0.1, 0.07, 0.07), ellipse(0.16, 0.1, 0.07, 0.07)]
    diamond = [(0.0, 0.64), (0.15, 0.75), (0.0, 0.86), (-0.15, 0.75)]
    places = _slanting(step * 0.62, step * 1.5, box)
    shapes = [turned(shape, -45) for shape in (turned(blade, 90), diamond)]
    turned_eyes = [turned(eye, 45) for eye in eyes]
    return (
        mask(*_repeated(shapes, places, step)),
        mask(*_repeated(turned_eyes, places, step)),
    )


def rows(step: float, box: Box = SHEET, width: float = 4) -> Mask:
    """The two lines that frame each row of a parang."""
    length = WIDTH + HEIGHT
    lines: list[Points] = []
    for x, y in _slanting(length, step * 1.5, box):
        for offset in (0.55, 0.95):
            at = step * offset * math.cos(math.radians(45))
            lines.append(
                [(x + at - length, y + at + length), (x + at + length, y + at - length)]
            )
    return stroke_mask(lines, width)


def _grid(step: float, box: Box) -> Points:
    left, top, right, bottom = box
    return [
        (left + column * step, top + row * step)
        for column in range(int((right - left) / step) + 2)
        for row in range(int((bottom - top) / step) + 2)
    ]


def _slanting(along: float, across: float, box: Box) -> Points:
    """Points on lines that rise to the right at 45°."""
    left, top, right, bottom = box
    reach = (right - left + bottom - top) / 2 + across
    middle = ((left + right) / 2, (top + bottom) / 2)
    points: Points = [
        (middle[0] + a, middle[1] + b)
        for a in _steps(reach, along)
        for b in _steps(reach, across)
    ]
    return turned(points, -45, middle)


def _steps(reach: float, step: float) -> list[float]:
    count = math.ceil(reach / step)
    return [n * step for n in range(-count, count + 1)]
