"""A seller's Markdown as HTML that can do no harm: commonmark, then an allow-list."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

MAX_LENGTH = 25_000
# More is no story: each opens a search for its end, which takes its time.
MAX_BRACKETS = 1_000
MAX_NESTING = 20
BLOCKS = {"p", "hr", "h3", "h4", "ul", "ol", "li", "blockquote", "pre"}
TAGS = BLOCKS | {"a", "br", "code", "em", "strong"}
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
SCHEMES = ("http://", "https://", "mailto:")
# The page has its own h1 and h2; the headings of a story stand below them.
HEADINGS = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h4", "h5": "h4", "h6": "h4"}


@lru_cache(maxsize=256)
def render(text: str) -> SafeString:
    text = text[:MAX_LENGTH]
    html = _parser_for(text).render(text)
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_absolute_links_only,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
    )
    return SafeString(clean)  # noqa: S308  nh3 has just cleaned it


def tokens(text: str) -> list[Token]:
    """What the text is made of, for those who write something else than HTML."""
    text = text[:MAX_LENGTH]
    return _parser_for(text).parse(text)


def _parser_for(text: str) -> MarkdownIt:
    return _parser if text.count("[") <= MAX_BRACKETS else _linkless_parser


def _absolute_links_only(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "href" and not value.lower().startswith(SCHEMES):
        return None
    return value


def _lower_headings(state: Any) -> None:
    for token in state.tokens:
        token.tag = HEADINGS.get(token.tag, token.tag)


def _image_as_words(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, *rest: Any
) -> str:
    return escape(tokens[index].content)


def _make_parser() -> MarkdownIt:
    parser = MarkdownIt(
        "commonmark", {"html": False, "linkify": False, "maxNesting": MAX_NESTING}
    )
    parser.core.ruler.push("lower_headings", _lower_headings)
    parser.add_render_rule("image", _image_as_words)
    return parser


_parser = _make_parser()
_linkless_parser = _make_parser().disable(["link", "image", "reference"])
