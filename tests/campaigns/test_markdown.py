import pytest

from campaigns.text import markdown
from campaigns.text.markdown import MAX_BRACKETS, MAX_LENGTH, render
from tests.steps import growth

pytestmark = pytest.mark.once
uncached = render.__wrapped__


def test_headings_stand_below_those_of_the_page():
    assert render("# One\n\n## Two\n\n### Three") == (
        "<h3>One</h3>\n<h3>Two</h3>\n<h4>Three</h4>\n"
    )


def test_words_lists_and_quotes_are_kept():
    text = "**bold** *soft* `code`\n\n- one\n- two\n\n3. three\n\n> quoted"

    assert render(text) == (
        "<p><strong>bold</strong> <em>soft</em> <code>code</code></p>\n"
        "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n"
        '<ol start="3">\n<li>three</li>\n</ol>\n'
        "<blockquote>\n<p>quoted</p>\n</blockquote>\n"
    )


def test_a_link_neither_recommends_nor_opens_us():
    assert render("[a](https://example.com/?a=1&b=2)") == (
        '<p><a href="https://example.com/?a=1&amp;b=2" rel="nofollow noopener">a</a>'
        "</p>\n"
    )


def test_a_bare_address_stays_text():
    assert render("see https://example.com now") == (
        "<p>see https://example.com now</p>\n"
    )


def test_an_address_in_angle_brackets_is_a_link():
    assert render("<https://example.com>") == (
        '<p><a href="https://example.com" rel="nofollow noopener">'
        "https://example.com</a></p>\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](vbscript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](data:image/png;base64,AAAA)",
        "<javascript:alert(1)>",
        "[x]: javascript:alert(1)\n\n[x]",
        "[x](//evil.example)",
        "[x](/admin/)",
        "[x](file:///etc/passwd)",
    ],
)
def test_only_web_and_mail_addresses_become_links(text):
    assert "href" not in render(text)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "<style>*{display:none}</style>",
        "<iframe src=//evil.example></iframe>",
        "<!-- --><b onmouseover=alert(1)>x</b>",
    ],
)
def test_html_is_shown_and_not_run(text):
    html = render(text)

    assert "&lt;" in html
    for tag in ("<script", "<img", "<svg", "<a ", "<style", "<iframe", "<b "):
        assert tag not in html


def test_quotes_in_an_address_stay_inside_it():
    html = render('[x](https://e.example/"onmouseover="alert(1))')

    assert html == (
        '<p><a href="https://e.example/%22onmouseover=%22alert(1)" '
        'rel="nofollow noopener">x</a></p>\n'
    )


def test_a_picture_becomes_its_words():
    assert render('![a "big" <fish>](https://e.example/x.png)') == (
        '<p>a "big" &lt;fish&gt;</p>\n'
    )


def test_quotes_in_quotes_end_at_a_depth():
    assert render(">" * 1000).count("<blockquote>") <= 20


@pytest.mark.parametrize(
    "unit",
    ["[", ">", "*", "`", "![", "[](", "<", "*a_ ", "- ", "a\n=\n", "&", "1.\n", "\\["],
)
def test_twice_the_nesting_is_at_most_twice_the_work(unit):
    bomb = unit * (5_000 // len(unit))

    assert growth(uncached, bomb) < 2.2


def test_control_without_a_limit_twice_the_nesting_is_four_times_the_work(monkeypatch):
    limitless = markdown._make_parser()
    limitless.options["maxNesting"] = 10_000
    monkeypatch.setattr(markdown, "_parser", limitless)

    assert growth(uncached, "[" * 50) > 3


def test_a_flood_of_brackets_is_shown_as_text():
    link = "[a](https://e.example) "

    assert render(link * 100).count("href") == 100
    assert "href" not in render(link * (MAX_BRACKETS + 1))
    assert render("![" * 20_000) == f"<p>{'![' * (MAX_LENGTH // 2)}</p>\n"


def test_what_is_too_long_is_cut():
    assert len(render("a" * (MAX_LENGTH + 10))) == MAX_LENGTH + len("<p></p>\n")


def test_a_nul_is_harmless():
    assert render("a\0b") == "<p>a\ufffdb</p>\n"
