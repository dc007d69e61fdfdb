import itertools

import pytest

from campaigns import theme

pytestmark = pytest.mark.once

EVERY_HUE = list(itertools.product(range(0, 256, 51), repeat=3))


def test_black_on_white_has_the_greatest_contrast():
    assert theme.contrast(theme.BLACK, theme.WHITE) == 21


def test_a_dark_color_stays_itself_on_light_pages():
    assert theme.to_hex(theme.light(theme.parse("#2A3FA0")).brand) == "#2a3fa0"


def test_a_pale_color_is_darkened_for_light_pages_only():
    turmeric = theme.parse("#F5B82E")

    assert theme.to_hex(theme.light(turmeric).brand) == "#89671a"
    assert theme.to_hex(theme.dark(turmeric).brand) == "#f5b82e"


@pytest.mark.parametrize(
    ("palette_of", "grounds"),
    [(theme.light, theme.LIGHT_GROUNDS), (theme.dark, theme.DARK_GROUNDS)],
)
def test_every_color_reads_on_every_ground(palette_of, grounds):
    for color in EVERY_HUE:
        palette = palette_of(color)

        worst = min(theme.contrast(palette.brand, ground) for ground in grounds)
        assert worst >= 4.5, color
        assert theme.contrast(palette.brand, palette.soft) >= 4.5, color
        assert theme.contrast(palette.brand, palette.on_brand) >= 4.5, color
        assert theme.contrast(palette.hover, palette.on_brand) >= 4.5, color


@pytest.mark.parametrize(
    "color", ["", "red", "#12345", "#1234567", "#;}body{", "#gg0000"]
)
def test_what_is_not_a_color_becomes_the_shops_own(color):
    assert theme.stylesheet(color) == theme.stylesheet(theme.FALLBACK)


def test_the_stylesheet_sets_four_variables_twice():
    css = theme.stylesheet("#2A3FA0")

    assert css.startswith(
        ":root{--brand:#2a3fa0;--brand-hover:#202f78;"
        "--brand-soft:#e5e8f4;--on-brand:#ffffff}"
    )
    assert css.count("--brand:") == 2
    assert "@media (prefers-color-scheme:dark){:root{--brand:#a2aee7;" in css
