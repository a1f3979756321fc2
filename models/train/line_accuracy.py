"""How right is what callqa says of the line? Prints the figures of docs/accuracy.md.

Usage: ``python models/train/line_accuracy.py [--calls 40] [--seed 2] [--set heldout] [--cache DIR]``.
Truth text stands in for recognition, so that these figures are of the listening alone.
"""

from __future__ import annotations

import argparse
import pickle
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from line_calls import line_scripts

from pipeline.audio import Sound
from pipeline.callsim.render import render
from pipeline.stages.audition import audition
from pipeline.stages.measure import measured
from pipeline.types import (
    Audition,
    Call,
    CallRecord,
    Conversation,
    Gap,
    Measured,
    Overlap,
    Side,
    Span,
    Turn,
    Utterance,
)

LISTED_S = 1.0
SIDES: tuple[Side, ...] = ("agent", "customer")


def conversation_of(truth: dict[str, Any], heard: Audition, record: CallRecord | None = None) -> Conversation:
    """True words and roles over the sound as it was heard."""
    agent = truth["agent_channel"] or 0
    turns = [
        Turn(span, "agent" if channel == agent else "customer", channel, "channel", 1.0)
        for channel, voice in enumerate(heard.voice)
        for span in voice
    ]
    if truth["layout"] == "mono":
        turns = [Turn(_span(u), u["role"], None, "diarized", 0.95) for u in truth["utterances"] if u["heard"]]
    said = [
        Utterance(u["role"], _span(u), u["text"], (), 0.95, u["channel"])
        for u in truth["utterances"]
        if u["heard"] and u["role"] != "ivr"
    ]
    call = Call(
        truth["call_id"], ("-",), "", 8000, len(heard.voice), heard.duration_s, None,
        truth["direction"], None, None, None, truth["agent_channel"], record,
    )  # fmt: skip
    return Conversation(call, heard, tuple(sorted(turns, key=lambda t: t.span)), tuple(said), 1.0, 0.95)


class Tally:
    """Counts and errors over many calls."""

    def __init__(self) -> None:
        self.edges: list[float] = []
        self.kinds: Counter[tuple[str, str]] = Counter()
        self.marks: Counter[str] = Counter()
        self.overlaps: Counter[tuple[str, str]] = Counter()
        self.tones: Counter[str] = Counter()
        self.onsets: list[float] = []
        self.rings: list[bool] = []
        self.rates: list[float] = []
        self.nuclei: list[float] = []
        self.hangup: dict[str, Counter[str]] = defaultdict(Counter)
        self.voice = np.zeros(3)  # hit, missed, false seconds
        self.misses: list[str] = []

    def add(self, truth: dict[str, Any], heard: Audition) -> None:
        conversation = conversation_of(truth, heard)
        found = measured(conversation)
        self._gaps(truth, found.events.gaps)
        self._overlaps(truth, found.events.overlaps)
        self._tones(truth, found)
        self._rates(truth, found)
        self._voice(truth, heard)
        self._hangup(truth, conversation)

    def _gaps(self, truth: dict[str, Any], found: Iterable[Gap]) -> None:
        wanted = [g for g in true_gaps(truth) if g["end_s"] - g["start_s"] >= LISTED_S]
        rest = list(found)
        for true in wanted:
            match = max(rest, key=lambda g: _common(_span(true), g.span), default=None)
            if match is None or _common(_span(true), match.span) < 0.5 * _span(true).duration_s:
                self.kinds[true["kind"], "none"] += 1
                self._miss(truth, f"gap {true['kind']} {true['start_s']}-{true['end_s']} not found")
                continue
            rest.remove(match)
            self.kinds[true["kind"], match.kind] += 1
            if true["kind"] != match.kind:
                self._miss(truth, f"gap {true['kind']} {true['start_s']}-{true['end_s']} heard as {match}")
            if true["kind"] not in ("before_answer", "after_farewell"):
                errors = (match.span.start_s - true["start_s"], match.span.end_s - true["end_s"])
                self.edges += map(abs, errors)
                if max(map(abs, errors)) > 0.2:
                    self._miss(truth, f"gap edge {true['start_s']}-{true['end_s']} heard {match.span}")
                for mark in ("announced", "agreed", "thanked"):
                    self.marks[f"{mark} {'right' if true[mark] == getattr(match, mark) else 'wrong'}"] += 1
        whole = [_span(g) for g in (*truth["gaps"], *truth["waits"])]
        for extra in rest:
            known = any(_common(extra.span, true) > 0.8 * extra.span.duration_s for true in whole)
            if extra.span.duration_s >= LISTED_S + 0.1 and not known:
                self.kinds["none", extra.kind] += 1
                self._miss(truth, f"gap that is none: {extra}")

    def _overlaps(self, truth: dict[str, Any], found: Iterable[Overlap]) -> None:
        rest = list(found)
        for true in truth["overlaps"]:
            near = [o for o in rest if _common(_span(true), o.span) > 0]
            match = max(near, key=lambda o: _common(_span(true), o.span), default=None)
            kind = "none"
            if match is not None:
                rest.remove(match)
                kind = match.kind if match.by == true["by"] else f"{match.kind} by the other"
            self.overlaps[true["kind"], kind] += 1
            if kind != true["kind"]:
                self._miss(truth, f"overlap {true} heard as {match}")
        for extra in rest:
            self.overlaps["none", extra.kind] += 1
            self._miss(truth, f"overlap that is none: {extra}")

    def _tones(self, truth: dict[str, Any], found: Measured) -> None:
        rest = list(found.events.tones)
        for true in truth["tones"]:
            if true["kind"] in ("cough", "laugh"):
                continue
            near = [t for t in rest if t.kind == true["kind"] and _common(_span(true), t.span) > 0]
            match = max(near, key=lambda t: _common(_span(true), t.span), default=None)
            if match is None:
                self.tones["missed " + true["kind"]] += 1
                self._miss(truth, f"tone {true} not found")
                continue
            rest.remove(match)
            self.tones["right " + true["kind"]] += 1
            if true["kind"] != "music":
                self.onsets.append(abs(match.span.start_s - true["start_s"]))
            if true["kind"] in ("ringback", "busy"):
                self.rings.append(match.count == true["count"])
            if true["kind"] == "dtmf":
                self.tones["digits " + ("right" if match.detail == true["detail"] else "wrong")] += 1
        menus = [_span(u) for u in truth["utterances"] if u["role"] == "ivr"]
        for extra in rest:
            if extra.kind == "ivr" and any(_common(extra.span, menu) > 0 for menu in menus):
                self.tones["right ivr"] += 1
                continue
            self.tones["false " + extra.kind] += 1
            self._miss(truth, f"tone that is none: {extra}")

    def _rates(self, truth: dict[str, Any], found: Measured) -> None:
        values = {(m.name, m.role): m.value for m in found.measures}
        for role in SIDES:
            told, true = values["rate_voiced_cpm", role], truth["rates"][role]
            if not isinstance(told, float) or not true["cpm"] or true["characters"] < 20:
                continue
            self.rates.append(abs(told / true["cpm"] - 1))
            if self.rates[-1] > 0.05:
                self._miss(truth, f"rate of {role}: {told:.0f}, truth {true['cpm']:.0f}")
            nuclei = values["rate_nuclei_per_min", role]
            if isinstance(nuclei, float):
                self.nuclei.append(nuclei / true["cpm"])

    def _voice(self, truth: dict[str, Any], heard: Audition) -> None:
        step = 0.01
        count = int(heard.duration_s / step) + 1
        for channel, voice in enumerate(heard.voice):
            said = np.zeros(count, bool)
            for u in truth["utterances"]:
                if u["channel"] == channel and u["heard"] and u["role"] != "ivr":
                    for p in u["phrases"]:
                        said[int(p["start_s"] / step) : int(p["end_s"] / step)] = True
            told = np.zeros(count, bool)
            for span in voice:
                told[int(span.start_s / step) : int(span.end_s / step)] = True
            self.voice += np.array([(said & told).sum(), (said & ~told).sum(), (told & ~said).sum()]) * step

    def _hangup(self, truth: dict[str, Any], conversation: Conversation) -> None:
        by = truth["release"]["by"]
        other: Side = "customer" if by == "agent" else "agent"
        for case, side in (("no record", None), ("right record", by), ("wrong record", other)):
            call = replace(conversation.call, cdr=CallRecord("x", hangup_side=side) if side else None)
            found = measured(replace(conversation, call=call)).events.hangup
            assert found is not None
            verdict = "unknown" if found.side == "unknown" else "right" if found.side == by else "wrong"
            self.hangup[case][verdict] += 1
            if case == "wrong record" and any(c.source in ("busy tone", "leg silent") for c in found.clues):
                self.hangup["wrong record, where the sound shows it"][
                    "found out" if found.record_disagrees else "not found out"
                ] += 1
            if case != "wrong record" and verdict == "wrong":
                self._miss(truth, f"release by {by}, {case}: {found}")

    def _miss(self, truth: dict[str, Any], what: str) -> None:
        self.misses.append(f"{truth['call_id']}: {what}")

    def lines(self) -> Iterator[str]:
        """The figures, one a line, as in docs/accuracy.md."""
        hit, missed, false = self.voice
        yield f"voice activity: {hit / (hit + missed):.1%} of speech found, {false / (hit + false):.1%} of it false"
        edges = np.array(self.edges) * 1000
        yield f"gap edges: {_percentiles(edges)} ms ({len(edges)} edges)"
        right = sum(n for (a, b), n in self.kinds.items() if a == b)
        matched = sum(n for (a, _), n in self.kinds.items() if a != "none")
        yield f"gap kinds: {right / matched:.1%} of {matched}"
        for pair, n in sorted(self.kinds.items()):
            yield f"  {pair[0]:>15} → {pair[1]:<15} {n}"
        yield f"gap marks: {dict(sorted(self.marks.items()))}"
        yield f"interruptions: {_f1(self.overlaps)}"
        for pair, n in sorted(self.overlaps.items()):
            yield f"  {pair[0]:>15} → {pair[1]:<15} {n}"
        onsets = np.array(self.onsets or [0.0]) * 1000
        yield f"tone onsets: {_percentiles(onsets)} ms, largest {onsets.max():.0f} ms"
        yield f"ring and busy counts right: {np.mean(self.rings or [1]):.1%} of {len(self.rings)}"
        yield f"tones: {dict(sorted(self.tones.items()))}"
        rates = np.array(self.rates)
        yield f"rate from true text, error: {_percentiles(rates * 100, digits=1)} %"
        nuclei = np.array(self.nuclei)
        yield f"nuclei a character: {_percentiles(nuclei, digits=2)}"
        for case, counts in self.hangup.items():
            yield f"hang-up, {case}: {dict(counts)}"


def true_gaps(truth: dict[str, Any]) -> list[dict[str, Any]]:
    """Waits joined over pleas, and the gaps that are no waits."""
    inside = [_span(w) for w in truth["waits"]]
    others = [g for g in truth["gaps"] if not any(_common(_span(g), w) > 0 for w in inside)]
    release = truth["release"]["at_s"] or truth["duration_s"]
    kept = [{**g, "end_s": min(g["end_s"], release)} if g["kind"] == "after_farewell" else g for g in others]
    laughs = [_span(t) for t in truth["tones"] if t["kind"] == "laugh"]
    # laughter is voice, though nobody's words: a silence with a laugh in it is two silences
    return [
        g
        for g in sorted([*truth["waits"], *kept], key=lambda g: g["start_s"])
        if not any(_common(_span(g), laugh) > 0 for laugh in laughs)
    ]


def _percentiles(values: Any, *, digits: int = 0) -> str:
    low, middle, high = np.percentile(values, (5, 50, 95))
    return f"median {middle:.{digits}f}, 95th {high:.{digits}f} (5th {low:.{digits}f})"


def _f1(counts: Counter[tuple[str, str]]) -> str:
    hit = counts["interruption", "interruption"]
    told = sum(n for (_, b), n in counts.items() if b == "interruption")
    true = sum(n for (a, _), n in counts.items() if a == "interruption")
    precision, recall = hit / max(1, told), hit / max(1, true)
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    return f"precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f} ({true} planted)"


def _span(found: dict[str, Any]) -> Span:
    return Span(found["start_s"], found["end_s"])


def _common(one: Span, other: Span) -> float:
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s)


def rendered(
    count: int, seed: int, voice_set: str, cache: Path | None
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Audio and truth of each call; rendered once when a cache folder is given."""
    for i, script in enumerate(line_scripts(count, seed=seed, voice_set=voice_set)):
        kept = cache / f"c_{voice_set}_{seed}_{i}.pkl" if cache else None
        if kept is not None and kept.exists():
            audio, truth = pickle.loads(kept.read_bytes())[:2]
        else:
            made = render(script)
            audio, truth = made.audio, made.truth
            if kept is not None:
                kept.write_bytes(pickle.dumps((audio, truth)))
        yield audio, truth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--set", default="heldout", choices=("tune", "heldout"))
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--misses", action="store_true", help="print every error, for tuning")
    chosen = parser.parse_args()
    tally = Tally()
    for audio, truth in rendered(chosen.calls, chosen.seed, chosen.set, chosen.cache):
        tally.add(truth, audition(Sound(audio, 8000), agent_channel=truth["agent_channel"]))
    print("\n".join(tally.lines()))
    if chosen.misses:
        print("\n".join(tally.misses))


if __name__ == "__main__":
    main()
