"""JSON as the contract reads it: RFC 8259, and the documented laxness; numbers stay text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from reference.definitions import Laxness


class Number(NamedTuple):
    """A number as it was written, or a bare NaN or Infinity."""

    text: str


class NotJson(ValueError):
    """The text is no JSON."""


_TOKEN = re.compile(
    r"""[ \t\n\r]*(?:
    (?P<string>"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")
  | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
  | (?P<odd>-?(?:[Nn][Aa][Nn]|[Ii][Nn][Ff](?:[Ii][Nn][Ii][Tt][Yy])?))
  | (?P<word>true|false|null)
  | (?P<mark>[\[\]{}:,])
  | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "null": None}
_BARE = ("NaN", "Infinity", "-Infinity")


def read_json(text: str, laxness: Laxness) -> Any:
    """Yield the value; objects as dicts (of equal keys the first counts), numbers as `Number`.

    Works with a stack of its own, so that no depth is too deep.
    """
    document: list[Any] = []
    stack: list[list[Any] | dict[str, Any]] = [document]
    expect, key = {"value"}, ""
    tokens = _tokens(text, laxness)
    while True:
        kind, value = next(tokens)
        container = stack[-1]
        if kind == "value" and "value" in expect:
            _put(container, key, value)
            expect = _after(stack)
        elif kind == "value" and "key" in expect and isinstance(value, str):
            key, expect = value, {":"}
        elif value in ("[", "{") and kind == "mark" and "value" in expect:
            inner: list[Any] | dict[str, Any] = [] if value == "[" else {}
            _put(container, key, inner)
            stack.append(inner)
            expect = {"value", "]"} if value == "[" else {"key", "}"}
        elif kind == "mark" and value in ("]", "}") and value in expect:
            stack.pop()
            expect = _after(stack)
        elif kind == "mark" and value == ":" and ":" in expect:
            expect = {"value"}
        elif kind == "mark" and value == "," and "," in expect:
            expect = {"value"} if isinstance(container, list) else {"key"}
            if laxness.trailing_comma:
                expect |= {"]" if isinstance(container, list) else "}"}
        elif kind == "end" and "end" in expect:
            return document[0]
        else:
            raise NotJson(str(value))


def _after(stack: list[Any]) -> set[str]:
    """Yield what may follow a whole value."""
    if len(stack) == 1:
        return {"end"}
    return {",", "]"} if isinstance(stack[-1], list) else {",", "}"}


def _put(container: list[Any] | dict[str, Any], key: str, value: Any) -> None:
    if isinstance(container, list):
        container.append(value)
    else:
        container.setdefault(key, value)


def _tokens(text: str, laxness: Laxness) -> Iterator[tuple[str, Any]]:
    """Yield (value, what it is), (mark, one of []{}:,) and last (end, None)."""
    at, kind = 0, ""
    while kind != "end":
        found = _TOKEN.match(text, at)
        if found is None:
            raise NotJson("no token")
        at = found.end()
        kind = str(found.lastgroup)
        token = found[kind]
        if kind == "string":
            yield "value", json.loads(token)
        elif kind == "number" or (kind == "odd" and (laxness.other_spellings or token in _BARE)):
            yield "value", Number(token)
        elif kind == "word":
            yield "value", _WORDS[token]
        elif kind == "mark":
            yield "mark", token
        elif kind == "end":
            yield "end", None
        else:
            raise NotJson(token)
