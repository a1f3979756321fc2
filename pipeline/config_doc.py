"""The settings as a commented TOML file, made from the dataclasses and the comments in config.py.

The comment beside a field in config.py is its documentation: read from the source, so that the two
cannot drift apart.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import textwrap
from typing import Any

from pipeline.config import Config

_FIELD = re.compile(r"^    (\w+):[^#]*(?:#\s*(.*))?$")
WIDTH = 96  # of a comment line
HEADER = """\
# callqa settings. Every key is at its default; delete what you do not change.
# A key that callqa does not know is an error, so that a typing slip cannot pass unseen.
"""


def commented_toml() -> str:
    """A whole callqa.toml: each key at its default, behind ``#``, with its comment above it."""
    blocks = [HEADER, *_keys(Config, skip_sections=True)]
    for field in dataclasses.fields(Config):
        default = _default(field)
        if dataclasses.is_dataclass(default):
            kind = type(default)
            blocks += [f"\n[{field.name}]  # {(kind.__doc__ or '').strip().splitlines()[0]}", *_keys(kind)]
    return "\n".join(blocks) + "\n"


def _keys(kind: type[Any], *, skip_sections: bool = False) -> list[str]:
    comments = field_comments(kind)
    lines = []
    for field in dataclasses.fields(kind):
        default = _default(field)
        if skip_sections and dataclasses.is_dataclass(default):
            continue
        lines += [f"# {line}" for line in textwrap.wrap(comments.get(field.name, ""), WIDTH)]
        lines.append(f"#{field.name} = {_toml(default)}" if default is not None else f"#{field.name} =")
    return lines


def field_comments(kind: type[Any]) -> dict[str, str]:
    """Field name -> the comment at the end of its line, or on the comment lines just above it."""
    comments: dict[str, str] = {}
    above: list[str] = []
    for line in inspect.getsource(kind).splitlines():
        found = _FIELD.match(line)
        if found:
            own = [found[2]] if found[2] else []
            comments[found[1]] = " ".join([*above, *own])
            above = []
        elif line.strip().startswith("#"):
            above.append(line.strip().lstrip("# "))
        elif line.strip():
            above = []
    return comments


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + " }"
            if value
            else "{}"
        )
    return repr(value)
