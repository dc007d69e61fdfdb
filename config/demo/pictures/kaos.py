"""The batik T-shirt: the shirt itself, its cloth from near, and its design sheet."""

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
from config.demo.pictures.motifs import kawung
from config.demo.pictures.shapes import (
    Points,
    mirrored,
    moved,
    path,
    rounded,
    symmetric,
)
from config.demo.pictures.sheet import INK, RULING, Sheet, placed

GROUND, GLOW = "#dde3f6", "#e9edfb"
INDIGO, DEEP, WAX, THREAD = "#2c409c", "#131d55", "#e3e8fb", "#8f9fe0"

SIDE = (
    "L 1018,172 Q 1094,194 1124,246 L 1268,470 "
    "Q 1278,486 1262,498 L 1136,574 Q 1118,582 1108,566 L 1064,494 "
    "Q 1052,640 1058,790 L 1066,1040 Q 1066,1058 1046,1060 Q 920,1074 800,1074"
)
BODY = symmetric(f"M 800,262 C 872,262 912,212 926,146 {SIDE}")
BACK = symmetric(f"M 800,172 Q 872,172 926,146 {SIDE}")
INSIDE = symmetric("M 800,158 Q 872,158 926,140 L 930,160 C 912,212 872,266 800,266")
BACK_COLLAR = symmetric("M 800,150 Q 872,150 924,138 L 920,166 Q 872,184 800,184")
COLLAR = symmetric(
    "M 800,262 C 872,262 912,212 926,146 L 956,154 C 942,240 892,298 800,298"
)
UNDER_COLLAR = path("M 970,160 C 954,254 898,311 800,311")
SLEEVE = path("M 1018,174 Q 1074,290 1064,500")
CUFFS = [path("M 1250,442 L 1104,530"), path("M 1244,432 L 1099,520")]
HEMS = [
    path("M 540,1028 Q 680,1042 800,1042 Q 920,1042 1060,1028"),
    path("M 540,1018 Q 680,1032 800,1032 Q 920,1032 1060,1018"),
]
BACK_NECK = symmetric("M 800,196 Q 880,196 940,152")
FOLDS = [
    path("M 690,420 Q 680,640 612,860"),
    path("M 960,470 Q 910,680 950,930"),
    path("M 1052,560 Q 990,630 900,640"),
    path("M 548,560 Q 620,650 710,660"),
    path("M 800,640 Q 780,840 806,1010"),
    path("M 1136,320 Q 1150,400 1190,450"),
    path("M 450,330 Q 440,420 400,470"),
]
CLOTH_FOLDS = [
    path("M -80,240 Q 480,380 760,1260"),
    path("M 560,-60 Q 900,260 1660,330"),
]


def front() -> Image.Image:
    canvas = Canvas(GROUND, GLOW)
    body = mask(BODY)
    canvas.shadow(BODY, DEEP, drop=30, blur=46)
    canvas.fill(INSIDE, mix(DEEP, INDIGO, 0.25))
    canvas.paint(body, INDIGO)
    canvas.paint(both(_kawung_from_the_hem(), body), WAX, 0.94)
    canvas.weave(body, 0.05)
    canvas.folds(FOLDS, DEEP, within=body)
    canvas.round_off(BODY, DEEP, blur=30)
    _seams(canvas)
    return canvas.finished()


def _kawung_from_the_hem() -> Image.Image:
    """Dense at the hem, gone at the chest, none on the sleeves."""
    seeds, veins = kawung(86, (542, 340, 1070, 1060))
    fade = soft_mask(path("M 300,1400 L 300,640 L 1300,640 L 1300,1400"), blur=120)
    torso = mask(path("M 537,300 L 1063,300 L 1065,1012 Q 800,1034 535,1012"))
    return both(without(seeds, veins), both(fade, torso))


def _seams(canvas: Canvas) -> None:
    canvas.fill(BACK_COLLAR, mix(INDIGO, DEEP, 0.5))
    canvas.fill(rounded(770, 190, 830, 222, 4), WAX)
    canvas.fill(COLLAR, mix(INDIGO, DEEP, 0.28))
    body = mask(BODY)
    both_sleeves = [SLEEVE, mirrored(SLEEVE)]
    shade = soft_mask(*both_sleeves, blur=10, width=14)
    canvas.paint(both(shade, body), DEEP, 0.6)
    canvas.lines(both_sleeves, DEEP, 2.5, 0.6)
    seams = [UNDER_COLLAR, *CUFFS]
    canvas.stitches([*seams, *map(mirrored, seams), *HEMS], THREAD, 2)


def cloth() -> Image.Image:
    """Wax and dye from near, where the hem is turned over."""
    canvas = Canvas(INDIGO, INDIGO)
    hem = mask(path("M 0,880 Q 800,925 1600,870 L 1600,1200 L 0,1200"))
    seeds, veins = kawung(236, (-30, -60, 1630, 980))
    canvas.paint(without(without(seeds, veins), hem), WAX)
    canvas.paint(hem, mix(INDIGO, DEEP, 0.12))
    canvas.weave(WHOLE, 0.1, seed=5)
    edge = path("M -40,878 Q 800,925 1640,868")
    canvas.paint(both(soft_mask(edge, blur=16, width=26), inverse(hem)), DEEP, 0.7)
    lower, upper = moved(edge, 0, 74), moved(edge, 0, 40)
    canvas.stitches([lower, upper], mix(THREAD, WAX, 0.4), 7)
    canvas.folds(CLOTH_FOLDS, DEEP, within=WHOLE, width=95, strength=0.5)
    _woven_label(canvas)
    return canvas.finished()


def _woven_label(canvas: Canvas) -> None:
    label = rounded(1180, 800, 1400, 1010, 6)
    canvas.shadow(label, DEEP, drop=12, blur=14)
    canvas.fill(label, WAX)
    inner = (1240, 855, 1340, 955)
    seeds, veins = kawung(100, inner)
    crop = mask(rounded(1236, 851, 1344, 959, 54))
    canvas.paint(both(without(seeds, veins), crop), INDIGO)
    canvas.weave(mask(label), 0.08, seed=9)
    sides = [path("M 1196,812 L 1196,998"), path("M 1384,812 L 1384,998")]
    canvas.stitches(sides, THREAD, 5)


def design() -> Image.Image:
    """The drawing the workshop prints and sews from: front and back."""
    sheet = Sheet()
    for x, is_back in ((410, False), (1190, True)):
        _flat(sheet, x, is_back=is_back)
    sheet.measure((220, 920), (600, 920))
    sheet.measure((790, 245), (790, 880))
    sheet.swatches([INDIGO, THREAD, WAX])
    return sheet.finished()


def _flat(sheet: Sheet, x: float, *, is_back: bool) -> None:
    def put(points: Points) -> Points:
        return placed(points, x, 545, 0.7)

    sheet.outline(put(BACK if is_back else BODY))
    seeds, veins = kawung(60, (x - 183, 520, x + 183, 850))
    area = put(path("M 539,500 L 1061,500 L 1065,1012 Q 800,1034 535,1012"))
    sheet.print_on(area, without(seeds, veins), INDIGO)
    neck = [BACK_NECK] if is_back else [UNDER_COLLAR, mirrored(UNDER_COLLAR)]
    inner = [SLEEVE, mirrored(SLEEVE), CUFFS[1], mirrored(CUFFS[1]), HEMS[1], *neck]
    if not is_back:
        sheet.outline(put(INSIDE), RULING)
        sheet.outline(put(COLLAR))
    sheet.lines([put(line) for line in inner], INK, 2.5)
