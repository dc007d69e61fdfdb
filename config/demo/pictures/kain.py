"""Plain cloths with a border: the shawl of kawung, the napkins of parang."""

from PIL import Image

from config.demo.pictures.canvas import Canvas, Mask, both, mask, mix, without
from config.demo.pictures.motifs import kawung, parang
from config.demo.pictures.shapes import Points, path, rounded, turned
from config.demo.pictures.sheet import INK, Sheet

GROUND, GLOW = "#e9e6df", "#f5f2ec"
SOGA, DEEP_SOGA, WAX = "#8a5a2b", "#3a2210", "#f6ead3"
LEAF, DEEP_LEAF = "#5f7a52", "#22301c"

SHAWL = rounded(480, 130, 1120, 1070, 8)
SHAWL_FOLDS = [
    path("M 640,130 Q 670,600 630,1070"),
    path("M 850,130 Q 820,560 880,1070"),
    path("M 1010,130 Q 1040,640 1000,1070"),
]
NAPKIN = rounded(430, 330, 1170, 1070, 10)
NAPKIN_FOLDS = [path("M 800,330 L 800,1070"), path("M 430,700 L 1170,700")]


def shawl() -> Image.Image:
    canvas = Canvas(GROUND, GLOW)
    seeds, veins = kawung(104)
    _lay(canvas, SHAWL, (SOGA, DEEP_SOGA), without(seeds, veins), SHAWL_FOLDS)
    fringe = [
        [(x, y), (x - 6, y + 44)] for y in (86, 1070) for x in range(488, 1120, 16)
    ]
    canvas.lines([*fringe], mix(SOGA, WAX, 0.4), 4)
    return canvas.finished()


def shawl_design() -> Image.Image:
    sheet = Sheet()
    where = rounded(260, 330, 1340, 770, 6)
    seeds, veins = kawung(88, (260, 330, 1340, 770))
    _draw(sheet, where, without(seeds, veins), SOGA)
    sheet.measure((260, 850), (1340, 850))
    sheet.measure((180, 330), (180, 770))
    sheet.swatches([SOGA, WAX, DEEP_SOGA], y=1000)
    return sheet.finished()


def napkins() -> Image.Image:
    canvas = Canvas(GROUND, GLOW)
    for turn in (14, -9, 3):
        cloth = turned(NAPKIN, turn, (800, 640))
        folds = [turned(fold, turn, (800, 640)) for fold in NAPKIN_FOLDS]
        _lay(canvas, cloth, (LEAF, DEEP_LEAF), _blades(126), folds)
    return canvas.finished()


def napkin_design() -> Image.Image:
    sheet = Sheet()
    where = rounded(480, 180, 1120, 820, 6)
    _draw(sheet, where, _blades(92), LEAF)
    sheet.measure((480, 900), (1120, 900))
    sheet.measure((410, 180), (410, 820))
    sheet.swatches([LEAF, WAX, DEEP_LEAF], y=1030)
    return sheet.finished()


def _blades(step: float) -> Mask:
    blades, eyes = parang(step)
    return without(blades, eyes)


def _lay(
    canvas: Canvas,
    outline: Points,
    dyes: tuple[str, str],
    motif: Mask,
    folds: list[Points],
) -> None:
    color, dark = dyes
    inside = mask(outline)
    canvas.shadow(outline, dark, drop=26, blur=36)
    canvas.paint(inside, color)
    canvas.paint(both(motif, inside), WAX, 0.92)
    canvas.weave(inside, 0.08, seed=21)
    canvas.folds(folds, dark, within=inside, width=36, strength=0.35)
    canvas.lines([[*outline, outline[0]]], mix(color, dark, 0.4), 6)


def _draw(sheet: Sheet, where: Points, motif: Mask, color: str) -> None:
    sheet.outline(where)
    sheet.print_on(where, motif, color)
    sheet.lines([[*where, where[0]]], INK, 4)
