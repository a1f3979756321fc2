"""Is a script read from YAML one that can be rendered? Told in words, so that its author can mend it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from pipeline.callsim.sounds import DTMF_KEYS, MUSIC_STYLES
from pipeline.callsim.voices import count_characters

if TYPE_CHECKING:
    from pipeline.callsim.script import Script

_FILE_NAME = re.compile(r"\w[\w.+~=-]*")
_CPM = (30, 900)  # characters a minute that a voice can be made to speak
_DAY_S = 86_400


class ScriptError(ValueError):
    """A script that cannot be rendered: file, what was expected, what was found."""


def misfit(hint: Any, value: Any) -> str | None:
    """What was expected where ``value`` does not fit the annotation ``hint``; None where it does.

    Knows text, numbers, yes/no, literals, unions and tuples; anything else is checked by its own reader.
    """
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        told = [misfit(kind, value) for kind in get_args(hint) if kind is not NoneType]
        return None if value is None or None in told else " or ".join(filter(None, told))
    if origin is Literal:
        choices = get_args(hint)
        return None if value in choices else f"one of {', '.join(map(str, choices))}"
    if origin is tuple:
        fits = isinstance(value, (list, tuple)) and all(misfit(get_args(hint)[0], v) is None for v in value)
        return None if fits else "a list"
    if hint is bool:
        return None if isinstance(value, bool) else "true or false"
    if hint in (int, float):
        return _no_number(hint, value)
    if hint is str:
        return None if isinstance(value, str) else "text (numbers in quotes)"
    return None


def _no_number(hint: type, value: Any) -> str | None:
    """An integer is a number too, yes and no are none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return "a number"
    if hint is int and not isinstance(value, int):
        return "a whole number"
    return None if math.isfinite(value) else "a finite number"


def check(script: Script, where: str) -> None:
    """What a type does not say: ranges, names of files, words to be said."""
    if not _FILE_NAME.fullmatch(script.id):
        raise ScriptError(f"{where}: id: expected letters, digits, . _ ~ + = or -, found {script.id!r}")
    for place, value, low, high in _ranges(script):
        if not low <= value <= high:
            raise ScriptError(f"{where}: {place}: expected {low:g} to {high:g}, found {value:g}")
    for event in script.events:
        if event.do == "say" and count_characters(event.text) == 0:
            raise ScriptError(f"{where}: {event.role}: expected words to say, found {event.text!r}")
        if event.style not in MUSIC_STYLES:
            raise ScriptError(
                f"{where}: style: expected one of {', '.join(MUSIC_STYLES)}, found {event.style!r}"
            )
        if set(event.digits) - set(DTMF_KEYS):
            raise ScriptError(f"{where}: digits: expected keys of {DTMF_KEYS}, found {event.digits!r}")


def _ranges(script: Script) -> Iterator[tuple[str, float, float, float]]:
    """(place, value, least, most) of every number that has bounds."""
    yield "agent_channel", script.agent_channel, 0, 1
    yield "line: loss", script.line.loss, 0, 1
    if script.cut_s is not None:
        yield "cut_s", script.cut_s, 0.1, _DAY_S
    for name in ("agent", "customer", "agent2"):
        person = getattr(script, name)
        yield f"{name}: cpm", person.cpm, *_CPM
        yield f"{name}: level_dbfs", person.level_dbfs, -80, 0
    for event in script.events:
        yield "seconds", event.seconds, 0, _DAY_S
        yield "count", event.count, 1, 1000
        if event.cpm is not None:
            yield "cpm", event.cpm, *_CPM
    yield "release: after_s", script.release.after_s, 0, _DAY_S
    yield "release: busy", script.release.busy, 0, 1000
