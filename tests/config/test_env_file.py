"""A `.env` that does not say what its writer meant is refused, with file and line."""

import pytest

from config.env_file import (
    COMMENT_BEHIND,
    NO_SETTING,
    OPEN_QUOTE,
    SPACES,
    Line,
    read,
)
from tests.config.scratch_shop import check_of, manage, scratch_shop

pytestmark = pytest.mark.once(on="postgres")


@pytest.mark.parametrize(
    "line",
    [
        *("DEBUG=0", "export DEBUG=0", "DEBUG=", 'A="two words # none"', "A='#'"),
        *("A=a#b", "A=two words", "A=b=c", "A=$b"),
    ],
)
def test_what_is_written_rightly_has_no_flaw(line):
    (found,) = read(f"# a comment\n\n  # another\n{line}\r\n   \n")

    name, _, value = line.removeprefix("export ").partition("=")
    assert found == Line(4, name, value)


@pytest.mark.parametrize(
    ("line", "flaw", "meant"),
    [
        ("DEBUG = 0", SPACES, "0"),
        ("DEBUG=0 ", SPACES, "0"),
        (" DEBUG=0", SPACES, "0"),
        ("export  DEBUG=0", SPACES, "0"),
        ("DEBUG=0 # for all", COMMENT_BEHIND, "0"),
        ("DEBUG=# for all", COMMENT_BEHIND, ""),
        ('DEBUG="0" # for all', COMMENT_BEHIND, '"0"'),
        ('DEBUG="0', OPEN_QUOTE, '"0'),
    ],
)
def test_what_is_written_wrongly_is_told_and_taken_as_it_was_meant(line, flaw, meant):
    assert read(line) == [Line(1, "DEBUG", meant, flaw)]


@pytest.mark.parametrize("line", ["DEBUG", "DEBUG: 0", "DE-BUG=0", "=0", "0 1"])
def test_what_sets_nothing_is_told(line):
    assert read(line) == [Line(1, "", "", NO_SETTING)]


def test_a_name_that_is_set_twice_is_told_once():
    lines = read("A=1\nB=1\nA=2\n")

    assert [line.flaw for line in lines] == ["", "", "it is set in line 1 already"]


def test_wrong_lines_are_refused_by_file_and_line_without_what_they_hold(tmp_path):
    found = check_of(
        tmp_path,
        "DEBUG = 0\n"
        "ALLOWED_HOSTS=shop.example\n"
        "BASE_URL=http://shop.example\n"
        "SECRET_KEY=$(python3 -c 'print(1)')\n"
        "EMAIL_URL=smtp://u:hidden@host   # our relay\n"
        "PAYMENT_GATEWAY=stripe\n"
        "STRIPE_SECRET_KEY=sk_live_…\n"
        "hidden\n"
        "GATEWAYS=stripe\nPOSTGRES_PASSWORD=hidden\nCOMPOSE_PROFILES=x\n"
        "XENDIT_SECRET_KEY_FILE=/nowhere\n"
        "FAVORITE_COLOR=indigo\n",
    )

    place = f"of {tmp_path}/.env"
    assert f"DEBUG cannot be used: line 1 {place}: {SPACES}." in found
    assert "while DEBUG is on" not in found
    assert "SECRET_KEY cannot be used: it is a command" in found
    assert "SECRET_KEY is not set" not in found
    assert f"EMAIL_URL cannot be used: line 5 {place}: {COMMENT_BEHIND}." in found
    assert f"PAYMENT_GATEWAY is no variable of the shop (line 6 {place})." in found
    assert "Did you mean PAYMENT_GATEWAYS?" in found
    assert "STRIPE_SECRET_KEY cannot be used: it still holds the …" in found
    assert f"Line 8 {place} cannot be used: {NO_SETTING}." in found
    assert "XENDIT_SECRET_KEY cannot be used: /nowhere cannot be read (No" in found
    assert f"FAVORITE_COLOR is no variable of the shop (line 13 {place})." in found
    assert "hidden" not in found
    assert found.count("kloter.E") == 9  # and PAYMENT_GATEWAYS is not set


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (b"\xef\xbb\xbfPORT=x\r\n", "PORT cannot be used: 'x' is no whole number"),
        (b"PORT=8000\n# caf\xe9\n", ".env cannot be used: it is no text in UTF-8."),
    ],
    ids=["byte order mark", "another encoding"],
)
def test_what_editors_make_of_the_file_is_read_or_refused(tmp_path, written, reason):
    assert reason in check_of(tmp_path, written)


def test_the_process_wins_over_the_file_and_may_know_other_names(tmp_path):
    folder = scratch_shop(tmp_path, 'PORT="8001"\nLOG_LEVEL=LOUD\n')
    script = "from django.conf import settings as s; print(s.PORT, s.SECRET_KEY)"
    (folder / "key").write_text("word\n")

    outcome = manage(
        folder,
        *("shell", "--no-imports", "-c", script),
        LOG_LEVEL="ERROR",
        SECRETKEY="of another program",
        SECRET_KEY_FILE=str(folder / "key"),
    )

    assert (outcome.stdout, outcome.stderr) == ("8001 word\n", "")
