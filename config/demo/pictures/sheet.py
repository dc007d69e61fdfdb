"""The ruled sheet of a design drawing: outlines, measures, colors."""

from collections.abc import Sequence

from PIL import Image

from config.demo.pictures.canvas import Canvas, Color, both, mask
from config.demo.pictures.shapes import (
    HEIGHT,
    WIDTH,
    Point,
    Points,
    ellipse,
    moved,
)

PAPER, RULING, INK, PENCIL = "#f5f6fa", "#e3e7f1", "#2b3350", "#8089a6"
STEP = 50


class Sheet(Canvas):
    def __init__(self) -> None:
        super().__init__(PAPER, PAPER)
        across = [[(0.0, y), (WIDTH, y)] for y in range(STEP, HEIGHT, STEP)]
        down = [[(x, 0.0), (x, HEIGHT)] for x in range(STEP, WIDTH, STEP)]
        self.lines([*across, *down], RULING, 1.5)

    def outline(self, points: Sequence[Point], fill: Color = "#ffffff") -> None:
        self.fill(points, fill)
        self.lines([[*points, points[0]]], INK, 4)

    def measure(self, start: Point, end: Point) -> None:
        """A dimension line with a tick at both ends."""
        across, down = (14, 0) if start[1] == end[1] else (0, 14)
        ticks = [
            [(x - down, y - across), (x + down, y + across)] for x, y in (start, end)
        ]
        self.lines([[start, end], *ticks], PENCIL, 2.5)

    def swatches(self, colors: Sequence[Color], y: float = 1090) -> None:
        left = WIDTH / 2 - (len(colors) - 1) * 50
        for n, color in enumerate(colors):
            self.outline(ellipse(left + n * 100, y, 34, 34), color)

    def print_on(
        self, where: Sequence[Point], motif: Image.Image, color: Color
    ) -> None:
        self.paint(both(mask(where), motif), color)


def placed(points: Sequence[Point], x: float, y: float, scale: float) -> Points:
    """Shrunk around the middle of the frame, then moved there."""
    return moved(points, x - WIDTH / 2 * scale, y - HEIGHT / 2 * scale, scale)
