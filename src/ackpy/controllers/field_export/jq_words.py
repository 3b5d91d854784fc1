"""A jq expression -> the words in it that reach outside the object it is given. Pure; `evaluate` asks before anything runs.

The words are found as jq's own lexer (src/lexer.l of jq) finds them, so that a text "env", a field .env and a key {env: 1} are no
calls of env. Where the two might ever differ, the expression counts as unreadable: a comment, whose end depends on jq's version,
and brackets that do not match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

OUTSIDE: Final = frozenset(
    {
        "env",
        "ENV",
        "input",
        "inputs",
        "input_filename",
        "import",
        "include",
        "modulemeta",
        "get_search_list",
        "debug",
        "stderr",
        "halt",
        "halt_error",
        "__prog_args",
        "__prog_name",
        "now",  # another value at each look: the export would never come to rest
    }
)
_TOKEN: Final = re.compile(
    r"""(?P<blank>[ \t\r\n]+)
      | (?P<string>")
      | (?P<format>@[A-Za-z0-9_]+)
      | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
      | (?P<descent>\.\.)
      | (?P<field>\.[A-Za-z_][A-Za-z0-9_]*)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*)
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
      | (?P<comment>\#)
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_INTERPOLATION: Final = "\\("


class Unreadable(Exception):
    """The expression cannot be judged; the text says why."""


@dataclass(frozen=True, slots=True)
class _Word:
    """A word outside texts: `key` when it stands where an object's key does."""

    text: str
    key: bool


def outside(expression: str) -> frozenset[str]:
    """Those of OUTSIDE that the expression uses. Raises Unreadable."""
    used = [part for word in _words(expression) if not word.key for part in word.text.split("::")]
    return OUTSIDE & set(used)


def _words(expression: str) -> Iterator[_Word]:
    brackets: list[str] = []
    at, before = 0, ""
    while at < len(expression):
        found = _TOKEN.match(expression, at)
        assert found is not None  # noqa: S101  the last alternative takes any character
        kind, text, at = found.lastgroup, found.group(), found.end()
        if kind == "comment":
            raise Unreadable("comments are not accepted")
        if kind == "word":
            yield _Word(text, key=bool(brackets) and brackets[-1] == "{" and before in {"{", ","})
        elif kind == "open":
            brackets.append(text)
        elif kind == "string" or (kind == "close" and _closed(brackets, text) == _INTERPOLATION):
            at = _text_end(expression, at, brackets)
        before = before if kind == "blank" else text
    if brackets:
        raise Unreadable("a bracket is not closed")


def _closed(brackets: list[str], text: str) -> str:
    """The bracket that this one closes."""
    opened = brackets.pop() if brackets else ""
    if opened != _PAIRS[text] and not (opened == _INTERPOLATION and text == ")"):
        raise Unreadable(f"{text} closes nothing")
    return opened


def _text_end(expression: str, at: int, brackets: list[str]) -> int:
    """Past the end of the text that goes on at `at`, or past the interpolation that begins in it."""
    while at < len(expression):
        if expression[at] == '"':
            return at + 1
        if expression.startswith(_INTERPOLATION, at):
            brackets.append(_INTERPOLATION)
            return at + 2
        at += 2 if expression[at] == "\\" else 1
    raise Unreadable("a text is not closed")
