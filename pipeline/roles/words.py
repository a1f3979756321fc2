"""Recognised words to diarized speakers, word by word.

A recogniser's segment may hold two people, and its word times are some 0.1 s off; a diarizer's turn
edges are too. So each word goes to the speaker who covers most of it, a word in nobody's turn to the
nearest, and a stray word inside another's unbroken clause is not believed.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.timeline import overlap, total_s, touches
from pipeline.types import Diarization, Role, Span, Turn, Utterance, Word

PAUSE_S = 1.0  # the same speaker after a longer silence begins a new utterance
EDGE_S = 0.3  # word and turn edges disagree by this much at most
REPLIES = frozenset({
    "嗯", "嗯嗯", "哦", "噢", "啊", "喂", "好", "好的", "好吧", "好嘞", "对", "对对", "对的", "是", "是的", "行",
    "可以", "没错", "谢谢", "知道", "知道了", "明白",
})  # fmt: skip


def split_by_speaker(
    words: Sequence[Word], diarization: Diarization, *, channel: int | None = None
) -> tuple[Utterance, ...]:
    """Utterances of one speaker each, in order of start; a segment with two speakers is split.

    ``diarization`` must carry ``exclusive`` turns. Role is "unknown" and confidence the mean word
    probability until ``settle_roles``. ``overlapped``: another speaker talks during the utterance.
    """
    said = sorted((word for word in words if word.text.strip()), key=lambda word: word.span)
    if not said:
        return ()
    owners = [_owner(word.span, diarization) for word in said]
    owners = _without_strays(said, owners, diarization.exclusive)
    pieces: list[tuple[str | None, list[Word]]] = []
    for word, owner in zip(said, owners):
        if pieces and pieces[-1][0] == owner and word.span.start_s - pieces[-1][1][-1].span.end_s < PAUSE_S:
            pieces[-1][1].append(word)
        else:
            pieces.append((owner, [word]))
    return tuple(_utterance(owner, part, diarization, channel) for owner, part in pieces)


def _owner(span: Span, diarization: Diarization) -> str | None:
    """The label that covers most of ``span``; without one, the nearest in time; None without any turn."""
    covered: dict[str | None, float] = {}
    for turn in diarization.exclusive:
        shared = min(turn.span.end_s, span.end_s) - max(turn.span.start_s, span.start_s)
        if shared > 0:
            covered[turn.speaker] = covered.get(turn.speaker, 0.0) + shared
    if covered:
        return max(covered, key=lambda speaker: covered[speaker])
    turns = diarization.exclusive or diarization.turns
    return min(turns, key=lambda turn: _distance(turn.span, span)).speaker if turns else None


def _distance(one: Span, other: Span) -> float:
    return max(one.start_s - other.end_s, other.start_s - one.end_s, 0.0)


def _without_strays(
    said: Sequence[Word], owners: Sequence[str | None], turns: Sequence[Turn]
) -> list[str | None]:
    """Single words that the edges of two neighbouring turns put on the wrong side go back.

    A run of at most two words between two runs of one other speaker, spoken without a pause, is a stray
    edge, unless it is a reply (嗯, 好的 …) or its turn lasts longer than edges are wrong.
    """
    kept = list(owners)
    start = 0
    while start < len(kept):
        end = start
        while end + 1 < len(kept) and kept[end + 1] == kept[start]:
            end += 1
        if start > 0 and end + 1 < len(kept) and end - start < 2 and kept[start - 1] == kept[end + 1]:
            run = Span(said[start].span.start_s, said[end].span.end_s)
            joined = said[start].span.start_s - said[start - 1].span.end_s < 0.15
            joined = joined and said[end + 1].span.start_s - said[end].span.end_s < 0.15
            text = "".join(word.text for word in said[start : end + 1])
            if joined and text not in REPLIES and _turn_length_s(run, kept[start], turns) < EDGE_S:
                kept[start : end + 1] = [kept[start - 1]] * (end - start + 1)
        start = end + 1
    return kept


def _turn_length_s(run: Span, speaker: str | None, turns: Sequence[Turn]) -> float:
    """How long the speaker's turns that touch ``run`` last."""
    return total_s(turn.span for turn in turns if turn.speaker == speaker and touches(turn.span, run))


def _utterance(
    speaker: str | None, words: Sequence[Word], diarization: Diarization, channel: int | None
) -> Utterance:
    span = Span(words[0].span.start_s, max(word.span.end_s for word in words))
    others = [turn.span for turn in diarization.turns if turn.speaker != speaker]
    own = [turn.span for turn in diarization.turns if turn.speaker == speaker]
    both = overlap(overlap(others, own), [span])
    role: Role = "unknown"
    return Utterance(
        role=role,
        span=span,
        text="".join(word.text for word in words),
        words=tuple(words),
        confidence=sum(word.probability for word in words) / len(words),
        channel=channel,
        overlapped=total_s(both) >= 0.1,
        speaker=speaker,
    )
