"""The canvas jacket: the jacket, its embroidered pocket, and its design sheet."""

from collections.abc import Sequence

from PIL import Image

from config.demo.pictures.canvas import (
    WHOLE,
    Canvas,
    both,
    grain,
    mask,
    mix,
    soft_mask,
    stroke_mask,
    without,
)
from config.demo.pictures.motifs import parang
from config.demo.pictures.shapes import (
    CENTER,
    Point,
    Points,
    ellipse,
    mirrored,
    moved,
    path,
    rounded,
    symmetric,
)
from config.demo.pictures.sheet import INK, RULING, Sheet, placed

GROUND, GLOW = "#e4e7d8", "#f0f2e6"
OLIVE, DEEP, THREAD, SOGAN = "#757a52", "#2f3320", "#e2d3a4", "#7a4a24"

SIDE = (
    "L 1006,172 C 1080,190 1112,222 1126,280 L 1238,842 Q 1242,862 1222,868 "
    "L 1130,892 Q 1110,896 1104,878 L 1046,560 L 1054,1044 Q 1054,1062 1036,1064 "
    "L 800,1072"
)
BODY = symmetric(f"M 800,300 L 912,140 {SIDE}")
BACK = symmetric(f"M 800,166 Q 872,166 912,140 {SIDE}")
LINING = symmetric("M 800,150 Q 872,150 912,134 L 800,310")
COLLAR = path(
    "M 912,122 Q 936,138 946,160 L 930,330 Q 926,346 912,336 "
    "L 806,262 Q 880,214 912,122"
)
BACK_COLLAR = symmetric("M 800,136 Q 880,136 912,116 L 936,158 Q 872,192 800,192")
PLACKET = rounded(768, 268, 832, 1068, 6)
SLEEVE = path("M 1006,174 Q 1058,330 1046,566")
CUFF = path("M 1228,792 L 1092,826")
CHEST = path("M 882,424 L 1004,424 L 1004,560 L 943,584 L 882,560")
FLAP = path("M 874,414 L 1012,414 L 1012,462 L 943,484 L 874,462")
HIP = path("M 866,760 L 1016,760 L 1018,966 L 866,966")
HEM = path("M 550,1036 L 800,1044 L 1050,1036")
YOKE = path("M 836,372 L 1036,366")
BUTTONS = [(CENTER, y) for y in range(330, 1041, 140)]
FOLDS = [
    path("M 1080,300 Q 1090,520 1130,700"),
    path("M 1130,420 Q 1120,520 1150,600"),
    path("M 1030,640 Q 960,690 860,690"),
    path("M 870,590 Q 850,680 858,760"),
    path("M 1036,480 Q 1000,400 960,390"),
]
SCRIPT = [
    path(
        "M -250,66 C -200,60 -120,-40 -130,-108 C -136,-140 -170,-128 -174,-84 "
        "C -180,-10 -176,70 -136,70 C -100,70 -84,30 -72,-10 C -82,30 -84,70 -50,70 "
        "C -10,70 40,-60 30,-110 C 24,-140 -6,-128 -10,-84 C -16,-10 -12,70 28,70 "
        "C 60,70 78,40 90,14"
    ),
    path(
        "M 164,-2 C 130,-30 84,-4 84,34 C 84,84 146,82 160,30 L 168,-8 "
        "C 160,30 160,72 192,70 C 214,68 230,50 244,30"
    ),
]
DOT = ellipse(-52, -62, 15, 15)


def both_sides(lines: Sequence[Points]) -> list[Points]:
    return [*lines, *map(mirrored, lines)]


def front() -> Image.Image:
    canvas = Canvas(GROUND, GLOW)
    body = mask(BODY)
    canvas.shadow(BODY, DEEP, drop=30, blur=46)
    _lining(canvas)
    canvas.paint(body, OLIVE)
    canvas.weave(body, 0.08)
    canvas.folds(both_sides(FOLDS), DEEP, within=body, width=30)
    canvas.round_off(BODY, DEEP, blur=30, strength=0.45)
    _sleeves(canvas, body)
    _pockets(canvas)
    _closing(canvas)
    return canvas.finished()


def _lining(canvas: Canvas) -> None:
    canvas.fill(LINING, SOGAN)
    blades, eyes = parang(58, (680, 120, 920, 320))
    canvas.paint(both(without(blades, eyes), mask(LINING)), THREAD, 0.85)
    canvas.fill(BACK_COLLAR, mix(OLIVE, DEEP, 0.35))
    canvas.fill(rounded(766, 156, 834, 186, 4), THREAD)


def _sleeves(canvas: Canvas, body: Image.Image) -> None:
    sleeves = both_sides([SLEEVE])
    canvas.paint(both(soft_mask(*sleeves, blur=11, width=16), body), DEEP, 0.6)
    canvas.lines(sleeves, DEEP, 2.5, 0.6)
    inner = [moved(SLEEVE, -10, 4), CUFF, moved(CUFF, -2, -10), YOKE, moved(YOKE, 0, 9)]
    canvas.stitches([*both_sides(inner), HEM, moved(HEM, 0, -9)], THREAD, 2)


def _pockets(canvas: Canvas) -> None:
    for part in both_sides([HIP, CHEST, FLAP]):
        canvas.shadow(part, DEEP, drop=8, blur=8)
        canvas.fill(part, mix(OLIVE, "#ffffff", 0.04))
        canvas.weave(mask(part), 0.08, seed=3)
        canvas.lines([[*part, part[0]]], DEEP, 2, 0.45)
        canvas.stitches([_inset(part, 0.92)], THREAD, 2)
    for x in (943, 657):
        _button(canvas, x, 458, 9)


def _inset(outline: Points, share: float) -> Points:
    xs, ys = zip(*outline, strict=True)
    x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    inner = moved(outline, x * (1 - share), y * (1 - share), share)
    return [*inner, inner[0]]


def _closing(canvas: Canvas) -> None:
    canvas.shadow(PLACKET, DEEP, drop=6, blur=10)
    canvas.fill(PLACKET, mix(OLIVE, "#ffffff", 0.05))
    canvas.weave(mask(PLACKET), 0.08, seed=3)
    edges = [[(x, 290.0), (x, 1060.0)] for x in (778.0, 822.0)]
    canvas.stitches(edges, THREAD, 2)
    for x, y in BUTTONS:
        _button(canvas, x, y, 13)
    for leaf in both_sides([COLLAR]):
        canvas.shadow(leaf, DEEP, drop=12, blur=12)
        canvas.fill(leaf, mix(OLIVE, "#ffffff", 0.06))
        canvas.weave(mask(leaf), 0.08, seed=3)
        canvas.round_off(leaf, DEEP, blur=16, strength=0.4)
        canvas.stitches([_inset(leaf, 0.9)], THREAD, 2)


def _button(canvas: Canvas, x: float, y: float, radius: float) -> None:
    disc = ellipse(x, y, radius, radius)
    canvas.shadow(disc, DEEP, drop=5, blur=5)
    canvas.fill(disc, SOGAN)
    canvas.fill(ellipse(x, y, radius * 0.72, radius * 0.72), mix(SOGAN, THREAD, 0.2))
    holes = [
        ellipse(x + dx * radius * 0.25, y + dy * radius * 0.25, radius / 9, radius / 9)
        for dx in (-1, 1)
        for dy in (-1, 1)
    ]
    canvas.paint(mask(*holes), DEEP)


def pocket() -> Image.Image:
    """The chest pocket from near, a name embroidered above it."""
    canvas = Canvas(OLIVE, OLIVE)
    canvas.weave(WHOLE, 0.12, seed=7)
    sweep = [
        path("M -60,900 Q 300,500 260,-60"),
        path("M 1500,1260 Q 1380,700 1660,300"),
    ]
    canvas.folds(sweep, DEEP, within=WHOLE, width=90, strength=0.5)
    _embroidery(canvas, 800, 236, 1.25)
    body = path("M 430,520 L 1170,520 L 1170,1260 L 430,1260")
    flap = path("M 400,480 L 1200,480 L 1200,760 L 800,880 L 400,760")
    for part in (body, flap):
        canvas.shadow(part, DEEP, drop=26, blur=26)
        canvas.fill(part, mix(OLIVE, "#ffffff", 0.05))
        canvas.weave(mask(part), 0.12, seed=11)
        canvas.round_off(part, DEEP, blur=30, strength=0.35)
    for share in (0.955, 0.9):
        canvas.stitches([_inset(flap, share)], THREAD, 6)
    sides = [path("M 456,800 L 456,1250"), path("M 1144,800 L 1144,1250")]
    canvas.stitches(sides, THREAD, 6)
    _button(canvas, 800, 770, 54)
    return canvas.finished()


def _embroidery(canvas: Canvas, x: float, y: float, scale: float) -> None:
    """Satin stitch: a thick line, its threads lying across."""
    letters = stroke_mask([moved(stroke, x, y, scale) for stroke in SCRIPT], 26)
    letters.paste(255, mask=mask(moved(DOT, x, y, scale)))
    shade = soft_mask(*[moved(s, x, y + 9, scale) for s in SCRIPT], blur=7, width=26)
    canvas.paint(shade, DEEP, 0.7)
    canvas.paint(letters, THREAD)
    canvas.paint(both(letters, grain(21, (460, 120))), SOGAN, 0.35)


def design() -> Image.Image:
    """Front and back as they go to the tailor."""
    sheet = Sheet()
    for x, is_back in ((410, False), (1190, True)):
        _flat(sheet, x, is_back=is_back)
    sheet.measure((228, 905), (592, 905))
    sheet.measure((790, 225), (790, 860))
    sheet.swatches([OLIVE, THREAD, SOGAN])
    return sheet.finished()


def _flat(sheet: Sheet, x: float, *, is_back: bool) -> None:
    def put(points: Sequence[Point]) -> Points:
        return placed(points, x, 535, 0.7)

    if not is_back:
        sheet.outline(put(LINING), RULING)
    sheet.outline(put(BACK if is_back else BODY))
    shapes = [BACK_COLLAR] if is_back else both_sides([CHEST, FLAP, HIP])
    shapes += [] if is_back else [PLACKET, *both_sides([COLLAR])]
    for shape in shapes:
        sheet.outline(put(shape))
    lines = [*both_sides([SLEEVE, CUFF]), HEM]
    lines += [path("M 564,366 L 1036,366")] if is_back else []
    sheet.lines([put(line) for line in lines], INK, 2.5)
    for button in [] if is_back else BUTTONS:
        sheet.outline(put(ellipse(*button, 12, 12)), SOGAN)
