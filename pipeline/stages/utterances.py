"""From recognised words to utterances: who said what without the other taking the floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.stages.guards import boilerplate
from pipeline.timeline import Spans, overlap, total_s
from pipeline.types import Dropped, Frames, Role, Span, Utterance, Word

PAUSE_S = 0.6  # with the other party's words in it, this pause ends an utterance
LONG_PAUSE_S = 1.5  # this one ends it in any case
MIN_OVERLAP_S = 0.1
MAX_ECHO_DELAY_S = 0.4  # ITU-T G.131: beyond it echo is heard as a second voice
MIN_ECHO_CHARACTERS = 4  # two people do say 好的 at once
MIN_ECHO_LIKENESS = 80.0
MIN_ECHO_DB = 6.0  # an echo is at least this much quieter than what it echoes


def by_channel(
    words: Sequence[Sequence[Word]], *, roles: Sequence[Role], voice: Sequence[Spans]
) -> list[Utterance]:
    """Utterances of a stereo call, in order; ``words``, ``roles`` and ``voice`` have one entry a channel.

    ``confidence`` is the mean word probability; the role's share is added when roles are settled.
    """
    out = []
    for channel, own in enumerate(words):
        others = sorted((w.span for c, ws in enumerate(words) if c != channel for w in ws))
        for part in _runs(sorted(own, key=lambda w: w.span), others):
            span = Span(part[0].span.start_s, max(w.span.end_s for w in part))
            heard = [s for c, spans in enumerate(voice) if c != channel for s in spans]
            out.append(
                Utterance(
                    role=roles[channel],
                    span=span,
                    text="".join(w.text for w in part).strip(),
                    words=tuple(part),
                    confidence=sum(w.probability for w in part) / len(part),
                    channel=channel,
                    overlapped=total_s(overlap([span], heard)) >= MIN_OVERLAP_S,
                )
            )
    return sorted(out, key=lambda u: (u.span, u.channel))


def _runs(words: Sequence[Word], others: Sequence[Span]) -> list[list[Word]]:
    """Words of one party cut where it paused long, or paused and the other spoke."""
    runs: list[list[Word]] = []
    for word in words:
        if runs:
            pause = Span(runs[-1][-1].span.end_s, word.span.start_s)
            spoken = any(o.start_s < pause.end_s and o.end_s > pause.start_s for o in others)
            if pause.duration_s < (PAUSE_S if spoken else LONG_PAUSE_S):
                runs[-1].append(word)
                continue
        runs.append([word])
    return runs


def without_boilerplate(utterances: Sequence[Utterance]) -> tuple[list[Utterance], list[Dropped]]:
    """Sound labels and subtitle credits taken out, each with its reason."""
    kept, dropped = [], []
    for utterance in utterances:
        if reason := boilerplate(utterance.text):
            dropped.append(Dropped(utterance.span, utterance.channel, utterance.text, reason))
        else:
            kept.append(utterance)
    return kept, dropped


def without_echo(utterances: Sequence[Utterance], levels: Frames) -> tuple[list[Utterance], list[Dropped]]:
    """Utterances of one channel that say again, late and quieter, what the other channel says."""
    from rapidfuzz.fuzz import ratio

    kept: list[Utterance] = []
    dropped = []
    for one in utterances:
        for other in utterances:
            if other.channel == one.channel or len(one.text) < MIN_ECHO_CHARACTERS:
                continue
            late_s = one.span.start_s - other.span.start_s
            shared = overlap([one.span], [Span(other.span.start_s, other.span.end_s + MAX_ECHO_DELAY_S)])
            inside = total_s(shared) > 0.8 * one.span.duration_s and late_s >= -0.1
            if not inside or _level_db(one, levels) > _level_db(other, levels) - MIN_ECHO_DB:
                continue
            if ratio(one.text, _said_during(other, one.span)) >= MIN_ECHO_LIKENESS:
                dropped.append(Dropped(one.span, one.channel, one.text, f"echo of channel {other.channel}"))
                break
        else:
            kept.append(one)
    return kept, dropped


def _said_during(utterance: Utterance, span: Span) -> str:
    """Its words around ``span``, an echo's delay earlier and later."""
    early, late = span.start_s - MAX_ECHO_DELAY_S, span.end_s + 0.1
    return "".join(w.text for w in utterance.words if early <= w.span.middle_s <= late)


def _level_db(utterance: Utterance, levels: Frames) -> float:
    """Mean level of its frames on its own channel, dB below full scale."""
    values = levels.values[utterance.channel or 0]
    first = int(utterance.span.start_s / levels.step_s)
    frames = values[first : int(utterance.span.end_s / levels.step_s) + 1]
    return sum(frames) / len(frames) if len(frames) else -100.0


def simplified(words: Sequence[Word]) -> list[Word]:
    """繁 → 简 word by word, so that times stay with their words."""
    from pipeline.text import to_simplified

    return [replace(word, text=to_simplified(word.text)) for word in words]
