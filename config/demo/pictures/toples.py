"""Sambal in jars: three of them, a bowl from above, and the labels."""

import math
from collections.abc import Callable, Sequence

from PIL import Image

from config.demo.pictures.canvas import Canvas, Color, both, mask, mix, soft_mask
from config.demo.pictures.motifs import parang
from config.demo.pictures.shapes import (
    Point,
    Points,
    ellipse,
    moved,
    path,
    rounded,
    scattered,
    symmetric,
    turned,
)
from config.demo.pictures.sheet import INK, Sheet

GROUND, GLOW, SHADE = "#f6e8cb", "#fcf4e2", "#6b4a1c"
TURMERIC, CREAM, GLASS, LEAF = "#c98a1b", "#fff8e8", "#eef3ee", "#5d7a3a"
CHILI, DARK_CHILI, SEED = "#b5301c", "#6f160c", "#f3c978"
KINDS = {"bawang": "#a8361d", "terasi": "#7e2418", "ijo": "#6f7f2c"}

# All parts of a jar stand on (800, 1000) and are 360 wide.
JAR = symmetric(
    "M 800,520 L 912,520 Q 920,560 948,580 Q 980,602 980,650 "
    "L 980,950 Q 980,1000 930,1000 L 800,1000"
)
FILLING = symmetric(
    "M 800,604 L 940,606 Q 966,626 966,660 L 966,944 Q 966,986 924,986 L 800,986"
)
CAP = symmetric(
    "M 800,446 Q 900,446 916,482 Q 922,500 916,520 Q 930,560 968,594 "
    "Q 930,584 912,606 Q 880,590 856,612 Q 830,596 800,612"
)
TWINE = path("M 686,522 Q 800,540 914,522")
BOW = [path("M 800,536 Q 740,590 752,640"), path("M 800,536 Q 850,584 836,650")]
PLEATS = (710, 755, 800, 845, 890)
LABEL = rounded(668, 706, 932, 916, 14)
CHILIES = [(350, 210, 24, 1.8), (180, 660, -30, 1.7)]
FRUIT = path(
    "M -18,0 C 12,-12 40,0 44,40 C 50,110 22,180 -40,232 C -14,170 -20,110 -30,60 "
    "C -36,28 -34,8 -18,0"
)
STALK = path(
    "M -20,4 C -6,-12 24,-10 34,8 C 24,2 16,-2 10,-2 C 8,-22 16,-40 30,-50 "
    "L 22,-58 C 4,-44 -4,-22 -2,-2 C -8,-2 -14,0 -20,4"
)

Put = Callable[[Sequence[Point]], Points]


def jars() -> Image.Image:
    canvas = Canvas(GROUND, GLOW)
    for name, x, y, scale in (
        ("terasi", 470, 890, 0.92),
        ("ijo", 1130, 890, 0.92),
        ("bawang", 800, 1010, 1.28),
    ):
        _jar(canvas, (x, y), scale, KINDS[name])
    return canvas.finished()


def _jar(canvas: Canvas, foot: Point, scale: float, color: Color) -> None:
    def put(points: Sequence[Point]) -> Points:
        return moved(points, foot[0] - 800 * scale, foot[1] - 1000 * scale, scale)

    puddle = ellipse(foot[0], foot[1] - 6, 200 * scale, 26 * scale)
    canvas.paint(soft_mask(puddle, blur=18), SHADE, 0.55)
    canvas.fill(put(JAR), mix(GLASS, TURMERIC, 0.12))
    _sambal(canvas, put(FILLING), color, scale)
    _glass(canvas, put)
    _label(canvas, put, color)
    _cap(canvas, put, scale)


def _sambal(canvas: Canvas, outline: Points, color: Color, scale: float) -> None:
    inside = mask(outline)
    canvas.paint(inside, color)
    for seed, count, size, tint in (
        (1, 260, 9, mix(color, "#000000", 0.35)),
        (2, 260, 8, mix(color, "#ffb066", 0.3)),
        (3, 150, 3.4, SEED),
    ):
        bits = [
            turned(ellipse(x, y, size * scale, size * scale * 0.6), n * 40, (x, y))
            for n, (x, y) in enumerate(scattered(seed, count, outline))
        ]
        canvas.paint(both(mask(*bits), inside), tint, 0.75)
    canvas.round_off(outline, DARK_CHILI, blur=24 * scale, strength=0.6)


def _glass(canvas: Canvas, put: Put) -> None:
    left = put(
        path("M 634,660 Q 632,640 648,628 L 648,950 Q 636,944 634,930 L 634,660")
    )
    right = put(path("M 960,690 L 966,690 L 966,900 L 960,900"))
    canvas.paint(soft_mask(left, blur=3), "#ffffff", 0.6)
    canvas.paint(soft_mask(right, blur=2), "#ffffff", 0.45)
    canvas.lines([put([*JAR, JAR[0]])], SHADE, 2, 0.25)


def _label(canvas: Canvas, put: Put, color: Color) -> None:
    canvas.fill(put(LABEL), CREAM)
    band = mask(put(path("M 668,862 L 932,862 L 932,898 L 668,898")))
    blades, eyes = _band(put)
    canvas.paint(band, color)
    canvas.paint(both(band, blades), CREAM)
    canvas.paint(both(band, eyes), color)
    chili = [turned(part, -35) for part in (FRUIT, STALK)]
    fruit, stalk = (put(moved(part, 766, 742, 0.44)) for part in chili)
    canvas.fill(fruit, color)
    canvas.fill(stalk, LEAF)


def _band(put: Put) -> tuple[Image.Image, Image.Image]:
    (left, top), (right, bottom) = put([(668, 862), (932, 898)])
    return parang(bottom - top, (left, top, right, bottom))


def _cap(canvas: Canvas, put: Put, scale: float) -> None:
    cap = put(CAP)
    cloth = mask(cap)
    (left, top), (right, bottom) = put([(620, 440), (980, 620)])
    canvas.paint(both(soft_mask(moved(cap, 0, 14), blur=9), mask(put(JAR))), SHADE, 0.6)
    canvas.paint(cloth, TURMERIC)
    blades, eyes = parang(52 * scale, (left, top, right, bottom))
    canvas.paint(both(blades, cloth), CREAM, 0.92)
    canvas.paint(both(eyes, cloth), TURMERIC)
    pleats = [put(path(f"M {x},530 L {800 + (x - 800) * 1.4},612")) for x in PLEATS]
    canvas.folds(pleats, SHADE, within=cloth, width=12 * scale, strength=0.6)
    canvas.round_off(cap, SHADE, blur=14 * scale)
    canvas.lines(
        [put(TWINE), put(moved(TWINE, 0, 9))], mix(SHADE, CREAM, 0.25), 5 * scale
    )
    canvas.lines([put(end) for end in BOW], mix(SHADE, CREAM, 0.25), 5 * scale)


def bowl() -> Image.Image:
    """A stoneware bowl from above, chilies beside it."""
    canvas = Canvas(GROUND, GROUND)
    x, y = 920, 600
    canvas.shadow(ellipse(x, y, 450, 450), SHADE, drop=40, blur=44)
    for radius, color in (
        (450, CREAM),
        (424, mix(CREAM, TURMERIC, 0.55)),
        (412, CREAM),
        (372, mix(CREAM, SHADE, 0.22)),
        (366, mix(CREAM, SHADE, 0.06)),
    ):
        canvas.fill(ellipse(x, y, radius, radius), color)
    canvas.round_off(ellipse(x, y, 366, 366), SHADE, blur=40, strength=0.55)
    heap = _wobbly(x + 8, y + 6, 282)
    canvas.shadow(heap, DARK_CHILI, drop=16, blur=18)
    _sambal(canvas, heap, KINDS["bawang"], 2.1)
    shine = path("M 720,480 Q 800,380 960,392")
    canvas.folds([shine], DARK_CHILI, within=mask(heap), width=30, strength=0.5)
    for at_x, at_y, turn, scale in CHILIES:
        _chili(canvas, (at_x, at_y), turn, scale)
    return canvas.finished()


def _wobbly(x: float, y: float, radius: float) -> Points:
    """A heap's edge: a circle with three slow waves in it."""
    points: Points = []
    for n in range(144):
        turn = 2 * math.pi * n / 144
        r = radius * (1 + 0.03 * math.sin(3 * turn) + 0.025 * math.cos(5 * turn + 1))
        points.append((x + r * math.cos(turn), y + r * math.sin(turn)))
    return points


def _chili(canvas: Canvas, at: Point, turn: float, scale: float) -> None:
    fruit, stalk = (moved(turned(part, turn), *at, scale) for part in (FRUIT, STALK))
    canvas.shadow(fruit, SHADE, drop=16, blur=12)
    canvas.fill(fruit, CHILI)
    canvas.round_off(fruit, DARK_CHILI, blur=14 * scale, strength=0.7)
    glint = moved(turned(path("M 14,24 Q 26,90 4,150"), turn), *at, scale)
    canvas.paint(soft_mask(glint, blur=4, width=9 * scale), "#ffffff", 0.5)
    canvas.fill(stalk, LEAF)


def labels() -> Image.Image:
    """The labels of the three kinds as they go to the printer."""
    sheet = Sheet()
    for n, color in enumerate(KINDS.values()):
        _printed(sheet, 330 + n * 470, color)
    sheet.measure((145, 950), (515, 950))
    sheet.measure((90, 270), (90, 890))
    sheet.swatches([*KINDS.values(), TURMERIC, CREAM], y=1060)
    return sheet.finished()


def _printed(sheet: Sheet, x: float, color: Color) -> None:
    sheet.outline(rounded(x - 185, 270, x + 185, 890, 22), CREAM)
    band = (x - 185, 720, x + 185, 830)
    strip = rounded(*band, 0)
    blades, eyes = parang(96, band)
    sheet.fill(strip, color)
    sheet.print_on(strip, blades, CREAM)
    sheet.print_on(strip, eyes, color)
    sheet.lines([[(x - 185, y), (x + 185, y)] for y in (720, 830)], INK, 3)
    for part, tint in ((FRUIT, color), (STALK, LEAF)):
        sheet.outline(moved(turned(part, -35), x - 60, 390, 1.15), tint)
