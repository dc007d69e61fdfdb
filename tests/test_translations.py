"""Both languages are complete, and the compiled catalog is up to date."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import ngettext

pytestmark = pytest.mark.once

CATALOG = Path(settings.BASE_DIR) / "locale" / "id" / "LC_MESSAGES" / "django.po"


@pytest.mark.skipif(not shutil.which("msgfmt"), reason="gettext is not installed")
def test_the_compiled_catalog_is_up_to_date(tmp_path):
    compiled = tmp_path / "django.mo"

    subprocess.run(["msgfmt", "-o", compiled, CATALOG], check=True)

    assert compiled.read_bytes() == CATALOG.with_suffix(".mo").read_bytes()


def test_no_translation_is_a_guess():
    assert "#, fuzzy" not in CATALOG.read_text()


def test_every_text_of_a_page_has_its_indonesian_words():
    silent = re.findall(r'\nmsgid "([^"\n]+)"\nmsgstr ""\n\n', CATALOG.read_text())

    assert silent == []


@pytest.mark.parametrize("n", [1, 2])
def test_indonesian_counts_in_one_form(n):
    """Without the catalog's Plural-Forms anything but one would be English."""
    with translation.override("id"):
        words = ngettext("%(n)d day left", "%(n)d days left", n)

    assert words == "%(n)d hari lagi"
