"""Who a call's speakers are: labels of one window made those of the call, stretches given anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.timeline import merge, overlap, shift
from pipeline.types import Span

Labelled = tuple[tuple[Span, str], ...]


@dataclass(frozen=True, slots=True)
class Speakers:
    """``turns`` may overlap; ``exclusive`` never do. Labels: "S0" …, in order of first speech.

    ``voiceprints``: one embedding a label, for linking windows and for agents' voice profiles.
    ``certainty``: 0..1, that the labels are different voices.
    """

    turns: Labelled
    exclusive: Labelled
    voiceprints: dict[str, np.ndarray[Any, Any]]
    certainty: float = 1.0


@dataclass(frozen=True, slots=True)
class Sharing:
    """``numbers`` [n]: a speaker's number for each stretch. ``certainty``: 0..1, that the voices stand apart.

    The latter compares what several voices explain with what one does; of one voice it says 1, because
    sound cannot tell there.
    """

    numbers: np.ndarray[Any, Any]
    certainty: float


def second(
    first: Speakers,
    found: Sequence[tuple[Span, str | None]],
    shared: Sharing,
    vectors: np.ndarray[Any, Any],
) -> Speakers:
    """The first pass with every stretch given anew; where it heard two at once, both are kept."""
    seconds, numbers = np.array([span.duration_s for span, _ in found]), shared.numbers
    labels = [f"V{number}" for number in numbers]
    exclusive = tuple((span, label) for (span, _), label in zip(found, labels))
    prints = {
        label: np.average(vectors[numbers == k], axis=0, weights=seconds[numbers == k])
        for k, label in enumerate(dict.fromkeys(sorted(labels)))
    }
    now: dict[str, str] = {}  # a speaker of the first pass → the one who got most of their time
    for old in {label for _, label in first.exclusive}:
        shares = dict.fromkeys(prints, 0.0)
        for (span, was), label in zip(found, labels):
            shares[label] += span.duration_s if was == old else 0.0
        now[old] = max(shares, key=lambda label: shares[label])
    turns = list(exclusive)
    for label in prints:
        voices = merge(span for span, was in first.turns if now.get(was) == label)
        others = merge(span for span, was in first.turns if now.get(was, label) != label)
        turns += [(span, label) for span in overlap(voices, others)]
    by_label = [
        (span, label) for label in prints for span in merge(span for span, name in turns if name == label)
    ]
    return Speakers(tuple(sorted(by_label)), exclusive, prints, shared.certainty)


def linked(pieces: Sequence[tuple[float, Speakers]], *, max_speakers: int) -> Speakers:
    """Windows joined into one call: the same voice gets the same label throughout.

    Each window's labels are matched to the voices known so far by cosine of their voiceprints
    (Hungarian assignment); what finds no partner is a new voice while fewer than ``max_speakers``.
    """
    known: dict[str, np.ndarray[Any, Any]] = {}
    turns: list[tuple[Span, str]] = []
    exclusive: list[tuple[Span, str]] = []
    for start_s, piece in pieces:
        order = list(dict.fromkeys(label for _, label in sorted(piece.turns)))
        names = _names(order, piece.voiceprints, known, max_speakers=max_speakers)
        turns += _moved(piece.turns, start_s, names)
        exclusive += _moved(piece.exclusive, start_s, names)
    certainty = min((piece.certainty for _, piece in pieces), default=1.0)
    return Speakers(tuple(sorted(turns)), tuple(sorted(exclusive)), known, certainty)


def _moved(labelled: Labelled, by_s: float, names: dict[str, str]) -> Labelled:
    return tuple((shift([span], by_s)[0], names[label]) for span, label in labelled if not span.is_empty)


def _names(
    labels: Sequence[str],
    prints: dict[str, np.ndarray[Any, Any]],
    known: dict[str, np.ndarray[Any, Any]],
    *,
    max_speakers: int,
) -> dict[str, str]:
    from scipy.optimize import linear_sum_assignment

    names: dict[str, str] = {}
    if known and labels:
        old = list(known)
        cost = np.array([[-_cosine(prints[label], known[name]) for name in old] for label in labels])
        names = {labels[i]: old[j] for i, j in zip(*linear_sum_assignment(cost))}
    for label in labels:
        if label in names:
            continue
        if len(known) < max_speakers:
            names[label] = f"S{len(known)}"
            known[names[label]] = prints[label]
        else:
            names[label] = max(known, key=lambda name: _cosine(prints[label], known[name]))
    return names


def _cosine(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> float:
    product = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.nan_to_num(a @ b / product)) if product > 0 else 0.0
