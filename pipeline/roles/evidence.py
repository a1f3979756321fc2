"""What each party of a call did that agents do, or customers: named clues with values from 0 to 1.

Pure functions of utterances; the patterns are in ``clues.toml``, their weights in ``weights.toml``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.roles.words import REPLIES
from pipeline.types import Direction, Utterance

_HERE = Path(__file__).parent
_NOT_SAID = re.compile(r"[^\w]|_")
_NUMBER = re.compile(r"[零〇幺一二三四五六七八九两0-9]{5,}")
IVR_SHARE = 0.5  # of a party's sentences hold a menu's words

Clues = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Weights:
    """Log-odds for "agent" per unit of a clue; ``bias`` and ``scale`` serve a party judged on its own.

    ``doubt``: log-odds that such a party is one person whose role is right (``pipeline.roles.alone``).
    ``calls``: how many simulated calls they were fitted on.
    """

    clue: Mapping[str, float]
    bias: float
    scale: float
    doubt: Mapping[str, float]
    calls: int = 0

    def score(self, clues: Clues) -> float:
        """Log-odds contribution of a party's own words and manner."""
        return sum(self.clue.get(name, 0.0) * value for name, value in clues.items())


@cache
def load_weights() -> Weights:
    """The shipped weights."""
    table = tomllib.loads((_HERE / "weights.toml").read_text(encoding="utf-8"))
    alone = table["alone"]
    return Weights(table["weight"], alone["bias"], alone["scale"], table["one_person"], table["calls"])


@cache
def clue_titles() -> dict[str, str]:
    """What each clue is called on the review page."""
    table = _clue_table()
    return {**{name: entry["title"] for name, entry in table["phrases"].items()}, **table["titles"]}


@cache
def phrase_names() -> frozenset[str]:
    """The clues that are things said, not manners of talking."""
    return (frozenset(_clue_table()["phrases"]) | {"gives_number"}) - {"ivr"}


def things_said(clues: Clues) -> Clues:
    """The phrases among the clues."""
    return {name: value for name, value in clues.items() if name in phrase_names()}


def party_clues(
    own: Sequence[Utterance], everyone: Sequence[Utterance], *, direction: Direction = "unknown"
) -> dict[str, float]:
    """All clues of the party that said ``own``, among ``everyone``'s utterances of the conversation."""
    texts = [plain(utterance.text) for utterance in own]
    clues = {
        name: _saturating(sum(any(p.search(text) for p in patterns) for text in texts))
        for name, patterns in _patterns().items()
        if name != "ivr"
    }
    joined = "".join(texts)
    polite, blunt = joined.count("您"), joined.count("你") - joined.count("你们")
    clues["nin_share"] = (polite - blunt) / (polite + blunt + 1)
    clues["gives_number"] = _saturating(sum(bool(_NUMBER.search(text)) for text in texts))
    clues["reply_share"] = sum(text in REPLIES for text in texts) / max(1, len(texts))
    total = sum(len(plain(utterance.text)) for utterance in everyone)
    clues["talk_share"] = len(joined) / total if total else 0.0
    first = min(everyone, key=lambda utterance: utterance.span, default=None)
    opens = 1.0 if first is not None and any(first is utterance for utterance in own) else 0.0
    clues["first_outbound" if direction == "outbound" else "first_inbound"] = opens
    return clues


def is_menu(own: Sequence[Utterance]) -> bool:
    """Whether a party is a machine: most of its sentences are a menu's."""
    texts = [plain(utterance.text) for utterance in own]
    menu = sum(any(p.search(text) for p in _patterns()["ivr"]) for text in texts)
    return menu > 0 and menu >= IVR_SHARE * len(texts)


def plain(text: str) -> str:
    """Characters only, as the patterns expect them."""
    return _NOT_SAID.sub("", text)


def _saturating(count: int) -> float:
    return 1.0 - 0.5**count


@cache
def _clue_table() -> dict[str, Any]:
    return tomllib.loads((_HERE / "clues.toml").read_text(encoding="utf-8"))


@cache
def _patterns() -> dict[str, tuple[re.Pattern[str], ...]]:
    return {
        name: tuple(re.compile(pattern) for pattern in entry["patterns"])
        for name, entry in _clue_table()["phrases"].items()
    }
