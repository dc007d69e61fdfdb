"""The pillowcase dyed with turmeric: two pillows, the cloth, and the pattern sheet."""

from PIL import Image

from config.demo.pictures.canvas import (
    WHOLE,
    Canvas,
    both,
    inverse,
    mask,
    mix,
    soft_mask,
    without,
)
from config.demo.pictures.motifs import parang, rows
from config.demo.pictures.shapes import (
    Point,
    Points,
    ellipse,
    moved,
    path,
    rounded,
    turned,
)
from config.demo.pictures.sheet import INK, Sheet

GROUND, GLOW = "#efe6d6", "#f8f2e6"
TURMERIC, DEEP, WAX, CLAY = "#cf9526", "#6a4310", "#fbf1d9", "#a65a3a"
MIDDLE: Point = (800, 600)

CUSHION = path(
    "M 410,196 Q 426,190 450,200 Q 800,250 1150,200 Q 1174,190 1190,196 "
    "Q 1210,206 1204,228 Q 1150,600 1204,972 Q 1210,994 1190,1004 "
    "Q 1174,1010 1150,1000 Q 800,950 450,1000 "
    "Q 426,1010 410,1004 Q 390,994 396,972 Q 450,600 396,228 "
    "Q 390,206 410,196"
)
DENTS = [
    path("M 440,236 Q 540,330 560,430"),
    path("M 1160,236 Q 1070,330 1050,430"),
    path("M 440,964 Q 540,880 560,790"),
    path("M 1160,964 Q 1070,880 1050,790"),
]


def pillows() -> Image.Image:
    canvas = Canvas(GROUND, GLOW)
    behind = moved(turned(CUSHION, 11, MIDDLE), 330, 10, 0.86)
    before = moved(turned(CUSHION, -5, MIDDLE), -120, 70, 0.96)
    dents = [turned(dent, -5, MIDDLE) for dent in DENTS]
    _plain(canvas, behind)
    _patterned(canvas, before, [moved(dent, -120, 70, 0.96) for dent in dents])
    return canvas.finished()


def _plain(canvas: Canvas, outline: Points) -> None:
    canvas.shadow(outline, DEEP, drop=30, blur=40)
    canvas.fill(outline, CLAY)
    canvas.weave(mask(outline), 0.08)
    canvas.round_off(outline, "#4a2010", blur=70, strength=0.6)


def _patterned(canvas: Canvas, outline: Points, dents: list[Points]) -> None:
    inside = mask(outline)
    canvas.shadow(outline, DEEP, drop=34, blur=46)
    canvas.paint(inside, TURMERIC)
    blades, eyes = parang(112)
    canvas.paint(both(without(blades, eyes), inside), WAX, 0.95)
    canvas.paint(both(rows(112, width=5), inside), WAX, 0.95)
    canvas.weave(inside, 0.07)
    canvas.folds(dents, DEEP, within=inside, width=44, strength=0.4)
    canvas.round_off(outline, DEEP, blur=70, strength=0.55)
    canvas.lines([[*outline, outline[0]]], mix(TURMERIC, DEEP, 0.35), 7)


def cloth() -> Image.Image:
    """The opening at the back from near: a fold, coconut buttons."""
    canvas = Canvas(TURMERIC, TURMERIC)
    flap = path("M 0,0 L 1600,0 L 1600,640 Q 800,690 0,640")
    over = mask(flap)
    blades, eyes = parang(250)
    canvas.paint(without(blades, eyes), WAX)
    canvas.paint(rows(250, width=9), WAX)
    canvas.paint(both(soft_mask(moved(flap, 0, 22), blur=18), inverse(over)), DEEP, 0.6)
    canvas.paint(over, CLAY)
    canvas.weave(WHOLE, 0.1, seed=13)
    edge = path("M -40,588 Q 800,642 1640,588")
    canvas.stitches([edge, moved(edge, 0, 30)], mix(WAX, CLAY, 0.25), 6)
    for x in (330, 800, 1270):
        _button(canvas, x, 490)
    drape = [
        path("M 200,-60 Q 330,500 180,1260"),
        path("M 1100,-60 Q 1180,600 1420,1260"),
    ]
    canvas.folds(drape, DEEP, within=WHOLE, width=90, strength=0.42)
    return canvas.finished()


def _button(canvas: Canvas, x: float, y: float) -> None:
    disc = ellipse(x, y, 58, 58)
    canvas.shadow(disc, "#2d1408", drop=14, blur=12)
    canvas.fill(disc, "#4d301c")
    canvas.round_off(disc, "#1d0f06", blur=12, strength=0.7)
    canvas.fill(ellipse(x, y, 40, 40), "#5d3b23")
    canvas.paint(mask(ellipse(x - 14, y, 7, 7), ellipse(x + 14, y, 7, 7)), "#1d0f06")
    canvas.lines([[(x - 14, y), (x + 14, y)]], WAX, 5)


def design() -> Image.Image:
    """Front and back of the case with the place of the buttons."""
    sheet = Sheet()
    front, back = rounded(130, 230, 730, 830, 18), rounded(870, 230, 1470, 830, 18)
    sheet.outline(front)
    blades, eyes = parang(84, (130, 230, 730, 830))
    sheet.print_on(front, without(blades, eyes), TURMERIC)
    sheet.print_on(front, rows(84, (130, 230, 730, 830), width=3), TURMERIC)
    sheet.lines([[*front, front[0]]], INK, 4)
    sheet.outline(back)
    sheet.outline(rounded(870, 230, 1470, 560, 18), mix("#ffffff", CLAY, 0.75))
    for x in (1010, 1170, 1330):
        sheet.outline(ellipse(x, 510, 20, 20), "#5d3b23")
    sheet.measure((130, 900), (730, 900))
    sheet.measure((800, 230), (800, 830))
    sheet.swatches([TURMERIC, WAX, CLAY], y=1040)
    return sheet.finished()
