"""A seller's one color made into the four that pages use, readable on light and dark.

Colors are sRGB channels from 0 to 255. Contrast is WCAG's, 4.5 or more for text.
"""

import colorsys
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

RGB = tuple[int, int, int]

FALLBACK: Final = "#2A3FA0"
CONTRAST: Final = 4.5
# Thin light strokes on a dark page glow; they need more than the rule asks.
DARK_CONTRAST: Final = 7.0
STEPS: Final = 50
BLACK: Final[RGB] = (0, 0, 0)
WHITE: Final[RGB] = (255, 255, 255)
# What the brand color stands on in shop.css: --bg, --surface, --sunk.
LIGHT_GROUNDS: Final[Sequence[RGB]] = ((246, 247, 249), WHITE, (238, 241, 245))
DARK_GROUNDS: Final[Sequence[RGB]] = ((15, 18, 24), (23, 27, 35), (31, 37, 47))


@dataclass(frozen=True)
class Palette:
    brand: RGB
    hover: RGB
    soft: RGB
    on_brand: RGB


def parse(color: str) -> RGB:
    """`#2A3FA0` as channels; anything else gives the shop's own indigo."""
    digits = color if re.fullmatch(r"#[0-9A-Fa-f]{6}", color) else FALLBACK
    return int(digits[1:3], 16), int(digits[3:5], 16), int(digits[5:7], 16)


def to_hex(color: RGB) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def mix(color: RGB, other: RGB, share: float) -> RGB:
    """`color` with that share, 0 to 1, of `other` in it."""
    red, green, blue = (
        round(a + (b - a) * share) for a, b in zip(color, other, strict=True)
    )
    return red, green, blue


def contrast(one: RGB, other: RGB) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def light(color: RGB) -> Palette:
    grounds = [*LIGHT_GROUNDS, _soft(color, WHITE)]
    brand = _until(darken, color, grounds, CONTRAST)
    return Palette(brand, darken(brand, 0.25), _soft(color, WHITE), WHITE)


def dark(color: RGB) -> Palette:
    brand = _until(lighten, color, DARK_GROUNDS, DARK_CONTRAST)
    soft = _soft(brand, DARK_GROUNDS[1])
    return Palette(brand, lighten(brand, 0.35), soft, darken(brand, 0.85))


def darken(color: RGB, share: float) -> RGB:
    return mix(color, BLACK, share)


def lighten(color: RGB, share: float) -> RGB:
    """Toward white without losing the hue's strength, as mixing would."""
    hue, lightness, saturation = colorsys.rgb_to_hls(*(c / 255 for c in color))
    channels = colorsys.hls_to_rgb(hue, lightness + (1 - lightness) * share, saturation)
    red, green, blue = (round(channel * 255) for channel in channels)
    return red, green, blue


def stylesheet(color: str) -> str:
    base = parse(color)
    return (
        f":root{{{_variables(light(base))}}}\n"
        f"@media (prefers-color-scheme:dark){{:root{{{_variables(dark(base))}}}}}\n"
    )


def _until(
    shade: Callable[[RGB, float], RGB],
    color: RGB,
    grounds: Sequence[RGB],
    wanted: float,
) -> RGB:
    """The shade nearest to the color that reads on every ground."""
    shades = (shade(color, step / STEPS) for step in range(STEPS + 1))
    return next(
        each
        for each in shades
        if min(contrast(each, ground) for ground in grounds) >= wanted
    )


def _soft(color: RGB, paper: RGB) -> RGB:
    return mix(paper, color, 0.12)


def _luminance(color: RGB) -> float:
    red, green, blue = (_linear(channel / 255) for channel in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    if channel <= 0.04045:
        return channel / 12.92
    return float(((channel + 0.055) / 1.055) ** 2.4)


def _variables(palette: Palette) -> str:
    return (
        f"--brand:{to_hex(palette.brand)};--brand-hover:{to_hex(palette.hover)};"
        f"--brand-soft:{to_hex(palette.soft)};--on-brand:{to_hex(palette.on_brand)}"
    )
