"""AWS's documentation, HTML in botocore's models, to the plain text of a CRD's `description`. `schema` calls it, on emission alone."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Final

_BLOCKS: Final = frozenset({"p", "li", "ul", "ol", "dl", "dd", "dt", "pre", "note", "important", "caution", "br", "tr"})


class _Paragraphs(HTMLParser):
    """Gathers the text between block tags as paragraphs, blanks run together; that of a list item begins with a star."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.done: list[str] = []
        self._open: list[str] = []
        self._star = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  the base class's signature
        if tag in _BLOCKS:
            self.flush()
        if tag == "li":
            self._star = "* "

    def handle_endtag(self, tag: str) -> None:
        if tag in _BLOCKS:
            self.flush()

    def handle_data(self, data: str) -> None:
        self._open.append(data)

    def flush(self) -> None:
        """End the paragraph; an empty one leaves its star to the next (an item's text often stands in a paragraph of its own)."""
        text = " ".join("".join(self._open).split())
        self._open.clear()
        if text:
            self.done.append(self._star + text)
            self._star = ""


def plain(html: str) -> str:
    """The text of an HTML fragment: paragraphs parted by an empty line, a star before list items, entities resolved."""
    if "<" not in html and "&" not in html:
        return " ".join(html.split())
    reader = _Paragraphs()
    reader.feed(html)
    reader.close()
    reader.flush()
    return "\n\n".join(reader.done)
