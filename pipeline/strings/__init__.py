"""The one table of words a person sees; another language is another file beside zh.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def text(key: str, lang: str = "zh", **values: Any) -> str:
    """The string ``key`` ("section.name"), its ``{slots}`` filled. KeyError names a missing key."""
    table = strings(lang)
    if key not in table:
        raise KeyError(f"strings/{lang}.toml has no {key!r}")
    return table[key].format(**values) if values else table[key]


@cache
def strings(lang: str) -> dict[str, str]:
    """Every string of a language, keys dotted."""
    with (_HERE / f"{lang}.toml").open("rb") as file:
        return dict(_flatten(tomllib.load(file), ""))


def _flatten(table: dict[str, Any], prefix: str) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in table.items():
        key = f"{prefix}.{name}" if prefix else name
        pairs += _flatten(value, key) if isinstance(value, dict) else [(key, str(value))]
    return pairs
