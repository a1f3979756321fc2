"""YAML as a tree that remembers its lines, and nothing that can bite.

Read from parser events, never constructed: tags, anchors and aliases (and with them "billion laughs"
bombs and object construction) are refused, as are duplicate keys, deep nesting and huge files. Plain
scalars follow YAML 1.2's core rules, so ``12:30``, ``no`` and ``2026-02-17`` stay text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from pipeline.rules.errors import RuleError

MAX_BYTES = 2_000_000  # the largest shipped lexicon is under 100 kB
MAX_DEPTH = 40

_INT = re.compile(r"[-+]?\d+\Z")
_FLOAT = re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+[eE][-+]?\d+)([eE][-+]?\d+)?\Z")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}

_HINTS = {
    "',' or ']'": " (a text with [ ] or { } in it, inside a [list], needs quotes: ['让您久等[了]', 久等了])",
    "'-' indicator": " (a line of a list that begins with [ or { needs quotes: - '[您好]请讲')",
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar: the text as written and the value it stands for (str, int, float, bool or None)."""

    raw: str
    value: Any
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Seq:
    items: tuple[Tree, ...]
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping in the order written; ``keys`` are texts with their lines."""

    items: dict[str, Tree]
    keys: dict[str, int]
    file: str
    line: int


Tree = Leaf | Seq | Map


def describe(tree: Tree) -> str:
    """What a tree is, for the "found" half of a message."""
    if isinstance(tree, Map):
        return f"a mapping with {', '.join(list(tree.items)[:4]) or 'nothing in it'}"
    if isinstance(tree, Seq):
        return f"a list of {len(tree.items)}"
    return "nothing" if tree.value is None else repr(tree.raw[:60])


def read_yaml(path: Path, *, name: str | None = None) -> Tree:
    """The tree in ``path``. Raises RuleError, naming file (as ``name``) and line."""
    shown = name or str(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RuleError(shown, 1, expected="a readable file", found=str(error.strerror)) from error
    try:
        text = data.decode("utf-8-sig")  # Windows editors put a BOM first
    except UnicodeDecodeError as error:
        raise RuleError(shown, 1, expected="text in UTF-8", found=f"byte {error.start} is not") from error
    return parse_yaml(text, file=shown)


def parse_yaml(text: str, *, file: str) -> Tree:
    """The tree of a YAML document. Raises RuleError."""
    if len(text) > MAX_BYTES:
        raise RuleError(file, 1, expected=f"at most {MAX_BYTES} characters", found=str(len(text)))
    try:
        return _document(_Events(text, file))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        hint = next((told for sign, told in _HINTS.items() if sign in str(error.problem)), "")
        raise RuleError(file, line, expected="valid YAML", found=f"{error.problem}{hint}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise RuleError(file, line, expected="printable text", found=error.reason) from error


class _Events:
    """The parser's events, each checked before it is used."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._events: Iterator[Any] = yaml.parse(text, Loader=loader)

    def next(self) -> Any:
        event = next(self._events)
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise RuleError(self.file, line, expected="plain YAML without & and *", found=repr(event.anchor))
        if getattr(event, "tag", None):
            raise RuleError(self.file, line, expected="plain YAML without tags", found=repr(event.tag))
        return event


def _document(events: _Events) -> Tree:
    while True:
        event = events.next()
        if isinstance(event, yaml.StreamEndEvent):
            return Map({}, {}, events.file, 1)
        if isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            continue
        tree = _tree(event, events, depth=0)
        events.next()  # the document's end
        after = events.next()
        if not isinstance(after, yaml.StreamEndEvent):
            line = after.start_mark.line + 1
            raise RuleError(events.file, line, expected="one document", found="a second one after '---'")
        return tree


def _tree(event: Any, events: _Events, *, depth: int) -> Tree:
    line = event.start_mark.line + 1
    if depth > MAX_DEPTH:
        raise RuleError(events.file, line, expected=f"at most {MAX_DEPTH} levels", found="deeper nesting")
    if isinstance(event, yaml.ScalarEvent):
        return Leaf(event.value, _value(event), events.file, line)
    if isinstance(event, yaml.SequenceStartEvent):
        items: list[Tree] = []
        while not isinstance(inner := events.next(), yaml.SequenceEndEvent):
            items.append(_tree(inner, events, depth=depth + 1))
        return Seq(tuple(items), events.file, line)
    return _mapping(events, line, depth)


def _mapping(events: _Events, line: int, depth: int) -> Map:
    items: dict[str, Tree] = {}
    keys: dict[str, int] = {}
    while not isinstance(key := events.next(), yaml.MappingEndEvent):
        key_line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarEvent):
            raise RuleError(events.file, key_line, expected="a plain key", found="a list or mapping as key")
        if key.value in items:
            found = f"{key.value!r} twice (first on line {keys[key.value]})"
            raise RuleError(events.file, key_line, expected="each key once", found=found)
        items[key.value] = _tree(events.next(), events, depth=depth + 1)
        keys[key.value] = key_line
    return Map(items, keys, events.file, line)


def _value(event: Any) -> Any:
    if not event.implicit[0]:  # quoted, or a block of text
        return event.value
    text = event.value
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text) if len(text) < 300 else text
    return float(text) if _FLOAT.match(text) else text
