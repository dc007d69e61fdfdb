"""What the docs tell people to put into `.env` can be pasted there and works."""

import re
from pathlib import Path

import pytest

from tests.config.scratch_shop import check_of

pytestmark = pytest.mark.once(on="postgres")

ROOT = Path(__file__).resolve().parent.parent
DOCS = ("README.md", *(f"docs/{file.name}" for file in (ROOT / "docs").glob("*.md")))
INDENTED = re.compile(r"(?:^ {4}\S.*\n(?:\n(?= {4}))?)+", re.MULTILINE)
SETTING = re.compile(r"[A-Z_]+=.*")
# What is meant to be filled in is; whoever leaves it is refused.
FILLED = "x" * 50


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def env_blocks(document):
    """Each indented block that holds settings and comments, nothing else."""
    for block in INDENTED.findall(document):
        lines = [line.removeprefix("    ") for line in block.splitlines() if line]
        settings = [line for line in lines if not line.startswith("#")]
        if settings and all(SETTING.fullmatch(line) for line in settings):
            yield "\n".join(lines) + "\n"


BLOCKS = [(doc, block) for doc in sorted(DOCS) for block in env_blocks(text(doc))]
(REAL_SHOP,) = env_blocks(text("docs/deploying.md").split("## With Compose")[0])


def names_of(block):
    return re.findall(r"^([A-Z_]+)=", block, re.MULTILINE)


def completed(block):
    """With what else a real shop needs."""
    names = names_of(block)
    rest = [
        line
        for line in REAL_SHOP.splitlines()
        if SETTING.fullmatch(line) and line.partition("=")[0] not in names
    ]
    return block + "\n".join(rest) + "\n"


def example(fill):
    """`.env.example` with every setting switched on; an empty one gets `fill`."""
    switched_on = re.sub(
        r"^#(?=[A-Z_]+=)", "", text(".env.example"), flags=re.MULTILINE
    )
    return re.sub(r"^([A-Z_]+=)$", rf"\g<1>{fill}", switched_on, flags=re.MULTILINE)


def test_the_documents_that_name_settings_are_found():
    assert {document for document, _block in BLOCKS} == {
        "docs/deploying.md",
        "docs/payments.md",
        "docs/sending-mail.md",
    }


@pytest.mark.parametrize(
    "block", [block for _, block in BLOCKS], ids=[doc for doc, _ in BLOCKS]
)
def test_a_block_of_the_docs_is_accepted_in_silence_once_filled_in(tmp_path, block):
    assert check_of(tmp_path, completed(block).replace("…", FILLED)) == ""


def test_a_block_that_was_not_filled_in_is_refused(tmp_path):
    found = check_of(tmp_path, REAL_SHOP)

    assert "SECRET_KEY cannot be used: it still holds the … of an example" in found
    assert found.count("kloter.") == 1


def test_the_example_as_it_stands_is_the_demo(tmp_path):
    assert check_of(tmp_path, text(".env.example")) == ""


def test_every_setting_of_the_example_is_accepted_in_silence(tmp_path):
    assert check_of(tmp_path, example(FILLED).replace("…", FILLED)) == ""
