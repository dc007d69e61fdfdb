"""What a browser would send back from a page: its fields, filled as shown."""

from html.parser import HTMLParser
from typing import Any


class _Fields(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        name = given.get("name") or ""
        if tag == "input" and name:
            self._input(name, given)
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given and self._select:
            self.values[self._select] = given.get("value") or ""
        elif tag == "textarea":
            self._textarea = name
            self.values[name] = ""

    def _input(self, name: str, given: dict[str, str | None]) -> None:
        kind = given.get("type", "text")
        is_box = kind in ("checkbox", "radio")
        if kind not in ("submit", "file") and (not is_box or "checked" in given):
            self.values[name] = given.get("value") or ("on" if is_box else "")

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self.values[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            # A browser drops the newline the template puts after the tag.
            shown = self.values[self._textarea].removeprefix("\r").removeprefix("\n")
            self.values[self._textarea] = shown
            self._textarea = ""


def fields_of(response: Any) -> dict[str, Any]:
    parser = _Fields()
    parser.feed(response.content.decode())
    return parser.values
