"""A second look at who speaks: each stretch of voice goes to whom it sounds like over the whole call.

The first pass hears windows of seconds and has to link them. Here every stretch between two pauses
gets one embedding of its own, and the stretches are shared out among the speakers so that each one's
could well be a single voice by the model's PLDA. Pure functions of numbers; the embeddings come from
outside.

With x a stretch's latent vector, PLDA says x = y + e: y of the voice, N(0, diag(between)), and e of the
take, N(0, 1), here wider for shorter stretches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.stages.speakers import Labelled, Sharing
from pipeline.timeline import overlap
from pipeline.types import Span

Numbers = NDArray[Any]

SHORTEST_S = 0.4  # a change of speaker without a pause is believed when both sides last this long
BREATH_S = 0.33  # pauses shorter than about this are breaths
TELLING_S = 1.0  # shorter stretches are given to voices, but none is learnt from them
ROUNDS = 12
CLEAR_PER_S = 0.2  # log-odds a second of voice by which several voices must explain more than one
APART = (1.0, 0.3, 0.1, 0.03)  # of the variance between voices, how much is between those of one call


@dataclass(frozen=True, slots=True)
class Trust:
    """How much each kind of evidence counts; chosen on the simulator's tuning calls (docs/accuracy.md).

    A take's variance is ``settled`` + ``hurried`` / seconds, in PLDA's unit. ``voice``: share of PLDA's
    log-odds that is believed. ``first``: weight of the first pass's label. ``rhythm``: weight of pauses,
    short ones staying with a speaker. One more speaker must be worth ``another`` in log-odds, and
    ``share`` of what telling the earlier ones apart was worth: where PLDA is too sure, it is so of both.
    """

    settled: float = 0.8
    hurried: float = 2.5
    voice: float = 0.5
    first: float = 0.5
    rhythm: float = 1.0
    another: float = 1.0
    kinship: float = 1.0
    share: float = 0.1


def stretches(voice: Sequence[Span], exclusive: Labelled) -> tuple[tuple[Span, str | None], ...]:
    """Stretches of voice with the first pass's label, cut where that changes far enough from a pause."""
    found: list[tuple[Span, str | None]] = []
    for span in voice:
        inside = [(part, label) for turn, label in exclusive for part in overlap([turn], [span])]
        cuts = [span.start_s]
        for (before, one), (after, two) in pairwise(inside):
            at = (before.end_s + after.start_s) / 2
            if one != two and at - cuts[-1] >= SHORTEST_S and span.end_s - at >= SHORTEST_S:
                cuts.append(at)
        for start, end in zip(cuts, [*cuts[1:], span.end_s]):
            found.append((Span(start, end), _most_of(Span(start, end), inside)))
    return tuple(found)


def _most_of(span: Span, labelled: Sequence[tuple[Span, str]]) -> str | None:
    shares: dict[str, float] = {}
    for other, label in labelled:
        shared = min(span.end_s, other.end_s) - max(span.start_s, other.start_s)
        if shared > 0:
            shares[label] = shares.get(label, 0.0) + shared
    return max(shares, key=lambda label: shares[label]) if shares else None


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of a call's ``n`` stretches.

    ``vectors`` [n, d] in PLDA's latent space and the variance ``between`` [d] of voices there;
    ``spread`` [n], the variance of a take; ``telling`` [n], 1 where a stretch is long enough to learn a
    voice from; ``first`` [n], the first pass's speaker; ``seconds`` [n];
    ``binding`` [n − 1], what a change of speaker after each stretch costs; all times ``trust``.
    """

    vectors: Numbers
    between: Numbers
    spread: Numbers
    telling: Numbers
    first: Numbers
    seconds: Numbers
    binding: Numbers
    trust: Trust


def shared_out(
    vectors: Numbers,
    between: Numbers,
    found: Sequence[tuple[Span, str | None]],
    *,
    min_speakers: int,
    max_speakers: int,
    trust: Trust = Trust(),
) -> Sharing:
    """The sharing-out of the stretches whose evidence is strongest.

    ``vectors`` [n, d] in PLDA's latent space, ``between`` [d]. Tried from the first pass's labels and
    from trees of the vectors, as they are and improved until nothing changes.
    """
    seconds = np.array([span.duration_s for span, _ in found])
    heard = Heard(
        vectors=vectors,
        between=between,
        spread=trust.settled + trust.hurried / np.maximum(seconds, 0.2),
        telling=(seconds >= min(TELLING_S, float(np.median(seconds)))).astype(float),
        first=np.unique([label or "" for _, label in found], return_inverse=True)[1],
        seconds=seconds,
        binding=_binding(found),
        trust=trust,
    )
    counts = range(min(min_speakers, len(found)), min(max_speakers, len(found)) + 1)
    starts = _starts(heard, counts)
    best = {1: np.zeros(len(found), int)}
    for labels in starts + [_improved(start, heard) for start in starts]:
        count = len(np.unique(labels))
        if count not in best or _evidence(labels, heard) > _evidence(best[count], heard):
            best[count] = labels
    worth = {count: _evidence(labels, heard) for count, labels in best.items()}
    allowed = sorted(count for count in best if count >= counts.start) or [max(best)]
    chosen = allowed[0]
    for count in allowed[1:]:
        if worth[count] - worth[chosen] > trust.another + trust.share * (worth[chosen] - worth[1]):
            chosen = count
    apart = (worth[chosen] - worth[1]) / float(seconds.sum())
    certainty = 1.0 if chosen == 1 else float(1 - np.exp(-max(apart, 0.0) / CLEAR_PER_S))
    return Sharing(np.asarray(np.unique(best[chosen], return_inverse=True)[1]), certainty)


def _binding(found: Sequence[tuple[Span, str | None]]) -> Numbers:
    """Log-odds against a change of speaker: a breath binds, a pause says nothing, nor does a cut."""
    gaps = np.array([b.start_s - a.end_s for (a, _), (b, _) in pairwise(found)])
    return np.where(gaps > 0.01, 2 / (1 + np.exp(np.minimum((gaps - BREATH_S) / 0.05, 50))), 0.0)


def _starts(heard: Heard, counts: range) -> list[Numbers]:
    from scipy.cluster.hierarchy import fcluster, linkage

    starts = [heard.first] if len(np.unique(heard.first)) < counts.stop else []
    enough = np.flatnonzero(heard.telling)
    if len(enough) < 2:
        return starts or [np.zeros(len(heard.first), int)]
    unit = heard.vectors / np.linalg.norm(heard.vectors, axis=1, keepdims=True)
    trees = [linkage(unit[enough], method=method) for method in ("average", "ward")]
    for tree, count in product(trees, counts):
        cut = fcluster(tree, count, criterion="maxclust") - 1
        means = np.stack([unit[enough][cut == k].mean(axis=0) for k in range(cut.max() + 1)])
        starts.append(np.argmax(unit @ means.T, axis=1))
    return starts


def _improved(labels: Numbers, heard: Heard) -> Numbers:
    """Each stretch to the speaker it fits best, again and again; never with more speakers than at first."""
    count = int(labels.max()) + 1
    for _ in range(ROUNDS):
        fits = heard.trust.voice * _fits(labels, heard, count)
        fits += heard.trust.first * _agreement(labels, heard, count)
        better = _path(fits, heard.trust.rhythm * heard.binding)
        if np.array_equal(better, labels):
            break
        labels = better
    return labels


def _fits(labels: Numbers, heard: Heard, count: int) -> Numbers:
    """[n, count] log-likelihood of each stretch in each speaker's voice, learnt from the *other* stretches."""
    precision = heard.telling / heard.spread
    sums = heard.vectors * precision[:, None]
    out = np.empty((len(labels), count))
    for k in range(count):
        mine = (labels == k).astype(float)
        total = (precision @ mine - mine * precision)[:, None]
        others = mine @ sums - mine[:, None] * sums
        variance = heard.between / (1 + heard.between * total)
        width = variance + heard.spread[:, None]
        out[:, k] = -0.5 * (np.log(width) + (heard.vectors - variance * others) ** 2 / width).sum(axis=1)
    return out


def _agreement(labels: Numbers, heard: Heard, count: int) -> Numbers:
    """[n, count] log-probability of each speaker given the first pass's label, by time shared."""
    table = np.full((heard.first.max() + 1, count), 0.5)
    np.add.at(table, (heard.first, labels), heard.seconds)
    shares: Numbers = np.log(table / table.sum(axis=1, keepdims=True))[heard.first]
    return shares


def _path(fits: Numbers, change: Numbers) -> Numbers:
    """Viterbi: the best sequence of speakers."""
    score, back = fits[0].copy(), np.zeros(fits.shape, int)
    for i in range(1, len(fits)):
        step = score[:, None] - change[i - 1] * (1 - np.eye(fits.shape[1]))
        back[i] = step.argmax(axis=0)
        score = step.max(axis=0) + fits[i]
    labels = np.zeros(len(fits), int)
    labels[-1] = score.argmax()
    for i in range(len(fits) - 1, 0, -1):
        labels[i - 1] = back[i, labels[i]]
    return labels


def _evidence(labels: Numbers, heard: Heard) -> float:
    """Log-probability of a sharing-out, up to what is the same for all; what the first pass said is left
    out, because it would speak against every other number of speakers.

    Voices of a call may be of any likeness: strangers to one another, or alike as sisters. Each degree is
    tried and the best believed; it has to be worth ``kinship``.
    """
    numbers = np.unique(labels)
    mine = (labels[None] == numbers[:, None]) * heard.telling / heard.spread
    total, heaped = mine.sum(axis=1)[:, None], mine @ heard.vectors
    gain = max(
        _gain(total, heaped, heard.between, apart) - (heard.trust.kinship if apart < 1 else 0.0)
        for apart in (APART if len(numbers) > 1 else (1.0,))
    )
    changes = float((heard.binding * (labels[1:] != labels[:-1])).sum())
    trust = heard.trust
    return trust.voice * gain - trust.rhythm * changes


def _gain(total: Numbers, heaped: Numbers, between: Numbers, apart: float) -> float:
    """What ``k`` voices explain of ``total`` [k, 1] takes' precision, ``heaped`` [k, d] = precision x vector.

    Voices are y = m + own with m ~ N(0, (1 - apart) between) in common and own ~ N(0, apart between).
    """
    own, common = apart * between, (1 - apart) * between
    known = 1 + own * total
    gain = (own * heaped**2 / known - np.log(known)).sum()
    precision, pull = (total / known).sum(axis=0), (heaped / known).sum(axis=0)
    known = 1 + common * precision
    return 0.5 * float(gain + (common * pull**2 / known - np.log(known)).sum())
