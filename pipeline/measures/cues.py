"""Words that tell what a silence, an overlap or a release was; kept in cues.yaml, matched by sound."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import yaml

from pipeline.text import prepare
from pipeline.types import Role, Span, Utterance

MIN_BY_SOUND = 3  # characters; two syllables sound like too much else

_PATH = Path(__file__).with_name("cues.yaml")


def says(text: str, cue: str) -> bool:
    """Does ``text`` hold any phrase of ``cue`` (a key of cues.yaml)? KeyError for an unknown cue."""
    whole, parts = _cues()
    if cue not in whole and cue not in parts:
        raise KeyError(f"cues.yaml: expected one of {', '.join(sorted(whole | parts))}, found {cue!r}")
    if plain(text) in whole.get(cue, ()):
        return True
    ready = prepare(text)
    for chars, sounds in parts.get(cue, ()):
        if chars in ready.chars or (len(chars) >= MIN_BY_SOUND and sounds in ready.sounds):
            return True
    return False


def saying(utterances: Iterable[Utterance], cue: str, *roles: Role) -> list[Utterance]:
    """Utterances of ``roles`` (all when none is named) that hold ``cue``, in the order given."""
    return [u for u in utterances if (not roles or u.role in roles) and says(u.text, cue)]


def cue_span(utterance: Utterance, cue: str) -> Span:
    """Where inside the utterance the cue is said, from its word times; the whole utterance without them."""
    for first in range(len(utterance.words)):
        for last in range(first, min(first + 12, len(utterance.words))):
            text = "".join(w.text for w in utterance.words[first : last + 1])
            if says(text, cue):
                shortest = _shortest(utterance, first, last, cue)
                return Span(utterance.words[shortest].span.start_s, utterance.words[last].span.end_s)
    return utterance.span


def _shortest(utterance: Utterance, first: int, last: int, cue: str) -> int:
    """The latest word at which a stretch ending at ``last`` still holds the cue."""
    while first < last and says("".join(w.text for w in utterance.words[first + 1 : last + 1]), cue):
        first += 1
    return first


def plain(text: str) -> str:
    """Letters and characters only, fillers kept: what whole-utterance cues are compared by."""
    return "".join(c for c in text if c.isalnum())


@cache
def cues_revision() -> str:
    """Changes with the cue words, so that events are found again when they do."""
    return hashlib.sha256(_PATH.read_bytes()).hexdigest()[:12]


@cache
def _cues() -> tuple[dict[str, frozenset[str]], dict[str, tuple[tuple[str, str], ...]]]:
    loaded = yaml.safe_load(_PATH.read_text(encoding="utf-8"))
    whole = {cue: frozenset(map(plain, phrases)) for cue, phrases in loaded["exact"].items()}
    parts = {
        cue: tuple((ready.chars, ready.sounds) for ready in map(prepare, phrases))
        for cue, phrases in loaded["contains"].items()
    }
    return whole, parts
