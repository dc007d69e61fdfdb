"""A sheet to draw on: twice the final size, so that edges come out clean."""

import random
from collections.abc import Iterable, Sequence
from functools import lru_cache

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

from config.demo.pictures.shapes import HEIGHT, WIDTH, Point, dashes, ellipse, moved

SCALE = 2
SIZE = (WIDTH * SCALE, HEIGHT * SCALE)
# Blurred things have no edges to lose, so they are made small and stretched.
SOFT = 8
SOFT_SIZE = (SIZE[0] // SOFT, SIZE[1] // SOFT)

Color = str
Mask = Image.Image
WHOLE: Mask = Image.new("L", SIZE, 255)


def mix(a: Color, b: Color, share: float) -> Color:
    """`a` with this share of `b` in it."""
    pairs = zip(ImageColor.getrgb(a)[:3], ImageColor.getrgb(b)[:3], strict=True)
    return "#" + "".join(f"{round(x + (y - x) * share):02x}" for x, y in pairs)


def mask(*outlines: Sequence[Point]) -> Mask:
    sheet = Image.new("L", SIZE)
    for points in outlines:
        ImageDraw.Draw(sheet).polygon(_scaled(points, SCALE), fill=255)
    return sheet


def stroke_mask(lines: Iterable[Sequence[Point]], width: float) -> Mask:
    sheet = Image.new("L", SIZE)
    draw = ImageDraw.Draw(sheet)
    for line in lines:
        points = _scaled(line, SCALE)
        draw.line(points, fill=255, width=round(width * SCALE), joint="curve")
        for x, y in (points[0], points[-1]):
            r = width * SCALE / 2 - 0.5
            draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
    return sheet


def soft_mask(*outlines: Sequence[Point], blur: float, width: float = 0) -> Mask:
    """The outlines filled, or with a width drawn as lines, and blurred."""
    sheet = Image.new("L", SOFT_SIZE)
    draw = ImageDraw.Draw(sheet)
    for outline in outlines:
        points = _scaled(outline, SCALE / SOFT)
        if width:
            draw.line(points, fill=255, width=max(1, round(width * SCALE / SOFT)))
        else:
            draw.polygon(points, fill=255)
    return _stretched(sheet.filter(ImageFilter.GaussianBlur(blur * SCALE / SOFT)))


def _stretched(small: Mask) -> Mask:
    """At full size; only the part that holds anything is worth the work."""
    sheet = Image.new("L", SIZE)
    if box := small.getbbox():
        left, top, right, bottom = (side * SOFT for side in box)
        part = small.crop(box).resize(
            (right - left, bottom - top), Image.Resampling.BILINEAR
        )
        sheet.paste(part, (left, top))
    return sheet


def both(a: Mask, b: Mask) -> Mask:
    return ImageChops.multiply(a, b)


def without(a: Mask, b: Mask) -> Mask:
    return ImageChops.subtract(a, b)


def inverse(a: Mask) -> Mask:
    return ImageChops.invert(a)


@lru_cache(maxsize=4)
def grain(seed: int, size: tuple[int, int]) -> Mask:
    """Even noise, stretched over the sheet: a size unlike the sheet's makes threads."""
    noise = random.Random(seed).randbytes(size[0] * size[1])  # noqa: S311  a texture
    image = Image.frombytes("L", size, noise)
    return image.resize(SIZE, Image.Resampling.BILINEAR)


class Canvas:
    def __init__(self, ground: Color, glow: Color) -> None:
        """A plain ground with a lighter disc on it, where the thing will lie."""
        self.image = Image.new("RGB", SIZE, ground)
        self.fill(ellipse(WIDTH / 2, HEIGHT / 2, 520, 520), glow)

    def paint(self, where: Mask, color: Color, opacity: float = 1) -> None:
        box = where.getbbox()
        if box is None:
            return
        spot = where.crop(box).point([round(n * opacity) for n in range(256)])
        self.image.paste(ImageColor.getrgb(color), box, spot)

    def fill(self, outline: Sequence[Point], color: Color) -> None:
        self.paint(mask(outline), color)

    def lines(
        self,
        lines: Iterable[Sequence[Point]],
        color: Color,
        width: float,
        opacity: float = 1,
    ) -> None:
        self.paint(stroke_mask(lines, width), color, opacity)

    def stitches(
        self, seams: Iterable[Sequence[Point]], color: Color, width: float = 3
    ) -> None:
        cut = [dash for seam in seams for dash in dashes(seam, width * 4.5, width * 3)]
        self.paint(stroke_mask(cut, width), color)

    def shadow(
        self, outline: Sequence[Point], color: Color, drop: float, blur: float
    ) -> None:
        """A wide soft shadow and a narrow close one."""
        self.paint(soft_mask(moved(outline, 0, drop), blur=blur), color, 0.3)
        self.paint(soft_mask(moved(outline, 0, drop / 4), blur=blur / 4), color, 0.3)

    def folds(
        self,
        lines: Sequence[Sequence[Point]],
        dark: Color,
        *,
        within: Mask,
        width: float = 26,
        strength: float = 0.4,
    ) -> None:
        """Soft valleys with a lit ridge beside each."""
        ridges = [moved(line, width, -width / 4) for line in lines]
        valley = soft_mask(*lines, blur=width * 0.7, width=width)
        ridge = soft_mask(*ridges, blur=width * 0.6, width=width * 0.6)
        self.paint(both(valley, within), dark, strength)
        self.paint(both(ridge, within), "#ffffff", strength * 0.4)

    def round_off(
        self, outline: Sequence[Point], dark: Color, blur: float, strength: float = 0.5
    ) -> None:
        """Darken towards the edge, as anything does that is not flat."""
        edge = inverse(soft_mask(outline, blur=blur))
        self.paint(both(edge, mask(outline)), dark, strength)

    def weave(self, within: Mask, strength: float = 0.1, seed: int = 1) -> None:
        """Warp and weft: threads of noise in both directions."""
        across = grain(seed, (SIZE[0] // 40, SIZE[1] // 3))
        along = grain(seed + 1, (SIZE[0] // 3, SIZE[1] // 40))
        self.paint(both(across, within), "#ffffff", strength)
        self.paint(both(along, within), "#000000", strength)

    def finished(self) -> Image.Image:
        return self.image.reduce(SCALE)


def _scaled(points: Sequence[Point], factor: float) -> list[Point]:
    return [(x * factor, y * factor) for x, y in points]
