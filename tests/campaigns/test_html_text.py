"""HTML of a product description as Markdown: see campaigns/product_import."""

import pytest

from campaigns.product_import import html_text
from campaigns.product_import.html_text import to_markdown
from campaigns.text.markdown import render
from tests.steps import growth

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("<p>a <b> bold </b><i>it</i></p>", "a **bold** *it*"),
        ("<b>Bahan:</b>Katun", "**Bahan:** Katun"),
        ("a<br>b<br><br>c", "a\\\nb\n\nc"),
        (
            "<ul><li>a<ol><li>b</li><li>c</li></ol></li></ul>d",
            "- a\n    1. b\n    2. c\n\nd",
        ),
        ("<a href='https://a.id/x (1)'>t</a>", "[t](https://a.id/x%20%281%29)"),
        ("<a href='javascript:alert(1)'>t</a>", "t"),
        ("<a href='/pages/size'>t</a> <a href='http://[x'>u</a>", "t u"),
        ("<script>x</script>a<style>p{}</style><!-- c --><img src=x>", "a"),
        ("# a<br>- b<br>1. c<br>---", "\\# a\\\n\\- b\\\n1\\. c\\\n\\---"),
        ("*a* _b_ [c](d) `e` \\", "\\*a\\* \\_b\\_ \\[c\\](d) \\`e\\` \\\\"),
        ("&lt;script&gt; &amp;lt;", "\\<script> \\&lt;"),
        ("<tr><td>S</td><td>70</td></tr><tr><td>M</td></tr>", "S | 70\n\nM"),
        ("5 < 6 <a", "5 \\< 6 \\<a"),
        ("&nbsp;<p> </p>", ""),
    ],
)
def test_html_becomes_simple_markdown(html, markdown):
    assert to_markdown(html) == markdown


def test_text_that_looks_like_markup_is_shown_as_it_was_typed():
    typed = "* a _b_ <i>c</i> &amp; [d](http://x) # 1. `e` !"
    shown = "* a _b_ <em>c</em> &amp; [d](http://x) # 1. `e` !"

    assert render(to_markdown(f"<p>{typed}</p>")) == f"<p>{shown}</p>\n"


def test_a_hundred_thousand_open_tags_are_read_as_text():
    assert to_markdown("<a " * 33_000).startswith("\\<a \\<a")


@pytest.mark.parametrize("unit", ["<b>a</b>b", "<ul><li>x", "<td> ", "<td>x"])
def test_a_cell_twice_as_long_is_at_most_twice_the_work(unit):
    assert growth(to_markdown, unit * 300) < 2.2


def test_control_looking_through_all_the_runs_each_time_is_more(monkeypatch):
    class Forgetful(html_text._Parser):
        def handle_data(self, data):
            super().handle_data(data)
            self.has_words = any(run.text.strip() for run in self.runs)

    monkeypatch.setattr(html_text, "_Parser", Forgetful)

    assert growth(to_markdown, "<td> " * 300) > 3


class Reader:
    """A pattern that remembers how much it was given to read."""

    def __init__(self, pattern):
        self.pattern, self.longest = pattern, 0

    def search(self, text):
        self.longest = max(self.longest, len(text))
        return self.pattern.search(text)


@pytest.fixture
def reader(monkeypatch):
    reader = Reader(html_text.ENDS_EMPHASIS)
    monkeypatch.setattr(html_text, "ENDS_EMPHASIS", reader)
    return reader


def test_of_a_long_line_only_the_last_piece_is_read_again(reader):
    to_markdown("<b>a</b>b" * 300)

    assert reader.longest == len("**a**")


def test_control_a_line_kept_in_one_piece_is_read_again_and_again(reader, monkeypatch):
    join = html_text._join

    def join_in_one_piece(pieces, run):
        pieces[:] = ["".join(pieces)]
        join(pieces, run)

    monkeypatch.setattr(html_text, "_join", join_in_one_piece)

    to_markdown("<b>a</b>b" * 300)

    assert reader.longest > 300 * len("**a**")


def test_marks_that_follow_each_other_still_count():
    html = "<b>a</b><b>b</b><i>c</i> !<a href='https://x.id'>d</a> <b>*</b>e"

    assert to_markdown(html) == r"**ab**c \![d](https://x.id) **\*** e"
