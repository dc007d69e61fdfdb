"""A seller's Markdown as text for mails: no signs of Markdown, links written out.

A link stands in angle brackets behind its words, so that what follows it (a full stop,
a bracket) does not become part of it.
"""

from functools import lru_cache

from markdown_it.token import Token

from campaigns.text import markdown


@lru_cache(maxsize=256)
def render(text: str) -> str:
    """Paragraphs parted by an empty line."""
    writer = _Writer()
    for token in markdown.tokens(text):
        writer.take(token)
    return writer.text()


class _Writer:
    """One pass over the tokens; how deep they nest costs nothing."""

    def __init__(self) -> None:
        self.blocks: list[str] = []
        # Of each list that is open: its next number, or None for one of dashes.
        self.lists: list[int | None] = []
        self.mark = ""
        self.quoted_from: list[int] = []

    def take(self, token: Token) -> None:
        match token.type:
            case "inline":
                self._add(_line(token.children or []))
            case "fence" | "code_block":
                self._add(token.content.strip("\n"))
            case "hr":
                self._add("—")
            case "blockquote_open":
                self.quoted_from.append(len(self.blocks))
            case "blockquote_close":
                self._quote(self.quoted_from.pop())
            case _:
                self._take_of_list(token)

    def _take_of_list(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self.lists.append(None)
            case "ordered_list_open":
                self.lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self.lists.pop()
            case "list_item_open":
                self.mark = self._next_mark()

    def text(self) -> str:
        return "\n\n".join(block.rstrip() for block in self.blocks)

    def _add(self, text: str) -> None:
        if not text.strip():
            return
        written = f"{self.mark}{text}"
        if self.mark and self.blocks and self._is_item(self.blocks[-1]):
            self.blocks[-1] += f"\n{written}"
        else:
            self.blocks.append(written)
        self.mark = ""

    def _is_item(self, block: str) -> bool:
        """Items of one list stand on lines below each other."""
        first = block.rpartition("\n")[2]
        return first.startswith("- ") or first.partition(".")[0].isdigit()

    def _next_mark(self) -> str:
        number = self.lists[-1]
        if number is None:
            return "- "
        self.lists[-1] = number + 1
        return f"{number}. "

    def _quote(self, start: int) -> None:
        if start < len(self.blocks):
            self.blocks[start] = f"“{self.blocks[start]}"
            self.blocks[-1] = f"{self.blocks[-1]}”"


def _line(parts: list[Token]) -> str:
    """The words of a paragraph, its links behind their own words."""
    written: list[str] = []
    links: list[tuple[str, int]] = []
    for part in parts:
        match part.type:
            case "link_open":
                links.append((str(part.attrGet("href") or ""), len(written)))
            case "link_close":
                address, start = links.pop()
                said = "".join(written[start:])
                written[start:] = [_linked(said, address)]
            case "softbreak":
                written.append(" ")
            case "hardbreak":
                written.append("\n")
            case _:
                written.append(part.content)
    return "".join(written).strip()


def _linked(said: str, address: str) -> str:
    if not address.lower().startswith(markdown.SCHEMES):
        return said
    shown = address.removeprefix("mailto:")
    return f"<{shown}>" if said.strip() in ("", address, shown) else f"{said} <{shown}>"
