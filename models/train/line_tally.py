"""Counts and errors of what callqa says of the line, over many simulated calls with known truth."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from models.train.line_calls import condition_of
from models.train.line_hearing import Truth, span_of, with_record
from pipeline.measures.activity import activity
from pipeline.measures.hangup import HARD_WEIGHT
from pipeline.stages.measure import measured
from pipeline.timeline import merge, overlap, subtract, total_s
from pipeline.types import CallRecord, Conversation, Gap, Measured, Overlap, Side, Span

LISTED_S = 1.0
SIDES: tuple[Side, ...] = ("agent", "customer")


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
        self.rate_unknown: Counter[str] = Counter()
        self.voice = np.zeros(3)  # hit, missed, false seconds
        self.talk = np.zeros(3)
        self.misses: list[str] = []
        self.by_line: Counter[str] = Counter()

    def add(self, truth: Truth, conversation: Conversation) -> None:
        """Count what ``conversation`` says against ``truth``."""
        found = measured(conversation)
        self._gaps(truth, found.events.gaps)
        self._overlaps(truth, found.events.overlaps)
        self._tones(truth, found)
        self._rates(truth, found)
        self._voice(truth, conversation)
        self._hangup(truth, conversation)

    def _gaps(self, truth: Truth, found: Iterable[Gap]) -> None:
        wanted = [g for g in true_gaps(truth) if g["end_s"] - g["start_s"] >= LISTED_S]
        rest = list(found)
        for true in wanted:
            match = max(rest, key=lambda g: _common(span_of(true), g.span), default=None)
            if match is None or _common(span_of(true), match.span) < 0.5 * span_of(true).duration_s:
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
                    right = true[mark] == getattr(match, mark)
                    self.marks[f"{mark} {'right' if right else 'wrong'}"] += 1
                    if not right:
                        self._miss(truth, f"{mark} is {true[mark]} of {match}")
        whole = [span_of(g) for g in (*truth["gaps"], *truth["waits"])]
        for extra in rest:
            known = any(_common(extra.span, true) > 0.8 * extra.span.duration_s for true in whole)
            if extra.span.duration_s >= LISTED_S + 0.1 and not known:
                self.kinds["none", extra.kind] += 1
                self._miss(truth, f"gap that is none: {extra}")

    def _overlaps(self, truth: Truth, found: Iterable[Overlap]) -> None:
        rest = list(found)
        for true in truth["overlaps"]:
            near = [o for o in rest if _common(span_of(true), o.span) > 0]
            match = max(near, key=lambda o: _common(span_of(true), o.span), default=None)
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

    def _tones(self, truth: Truth, found: Measured) -> None:
        rest = list(found.events.tones)
        for true in truth["tones"]:
            if true["kind"] in ("cough", "laugh"):
                continue
            near = [t for t in rest if t.kind == true["kind"] and _common(span_of(true), t.span) > 0]
            match = max(near, key=lambda t: _common(span_of(true), t.span), default=None)
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
                if not self.rings[-1]:
                    self._miss(truth, f"{true['count']} beats heard as {match}")
            if true["kind"] == "dtmf":
                self.tones["digits " + ("right" if match.detail == true["detail"] else "wrong")] += 1
        menus = [span_of(u) for u in truth["utterances"] if u["role"] == "ivr"]
        for extra in rest:
            if extra.kind == "ivr" and any(_common(extra.span, menu) > 0 for menu in menus):
                self.tones["right ivr"] += 1
                continue
            self.tones["false " + extra.kind] += 1
            self._miss(truth, f"tone that is none: {extra}")

    def _rates(self, truth: Truth, found: Measured) -> None:
        values = {(m.name, m.role): m.value for m in found.measures}
        for role in SIDES:
            told, true = values["rate_voiced_cpm", role], truth["rates"][role]
            if not true["cpm"] or true["characters"] < 20:
                continue
            self.rate_unknown["unknown" if values["rate_cpm", role] is None else "scored"] += 1
            if not isinstance(told, float):
                continue
            self.rates.append(abs(told / true["cpm"] - 1))
            if self.rates[-1] > 0.05:
                self._miss(truth, f"rate of {role}: {told:.0f}, truth {true['cpm']:.0f}")
            nuclei = values["rate_nuclei_per_min", role]
            if isinstance(nuclei, float):
                self.nuclei.append(nuclei / true["cpm"])

    def _voice(self, truth: Truth, conversation: Conversation) -> None:
        """Voice by channel, and talk by party: what one says must be found in that one's turns."""
        assert conversation.audition is not None
        said = [u for u in truth["utterances"] if u["heard"] and u["role"] != "ivr"]
        for channel, voice in enumerate(conversation.audition.voice):
            true = merge(span_of(p) for u in said if u["channel"] == channel for p in u["phrases"])
            self.voice += _compared(true, voice)
        heard = activity(conversation)
        for role in SIDES:
            true = merge(span_of(p) for u in said if u["role"] == role for p in u["phrases"])
            self.talk += _compared(true, heard.of(role))

    def _hangup(self, truth: Truth, conversation: Conversation) -> None:
        by = truth["release"]["by"]
        other: Side = "customer" if by == "agent" else "agent"
        for case, side in (("no record", None), ("right record", by), ("wrong record", other)):
            record = CallRecord("x", hangup_side=side) if side else None
            found = measured(with_record(conversation, record)).events.hangup
            assert found is not None
            verdict = "unknown" if found.side == "unknown" else "right" if found.side == by else "wrong"
            self.hangup[case][verdict] += 1
            shown = any(c.weight >= HARD_WEIGHT and not c.source.startswith("cdr:") for c in found.clues)
            if case == "wrong record" and shown:
                self.hangup["wrong record, where the sound shows it"][
                    "found out" if found.record_disagrees else "not found out"
                ] += 1
            if case != "wrong record" and verdict == "wrong":
                self._miss(truth, f"release by {by}, {case}: {found}")

    def _miss(self, truth: Truth, what: str) -> None:
        self.by_line[condition_of(truth["call_id"])] += 1
        self.misses.append(f"{truth['call_id']}: {what}")

    def lines(self) -> Iterator[str]:
        """The figures, one a line, as in docs/accuracy.md."""
        for what, (hit, missed, false) in (("voice activity", self.voice), ("talk by party", self.talk)):
            yield f"{what}: {hit / (hit + missed):.1%} of speech found, {false / (hit + false):.1%} of it false"
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
        yield f"rate, error: {_percentiles(rates * 100, digits=1)} % ({len(rates)} parties)"
        yield f"rate_cpm: {dict(sorted(self.rate_unknown.items()))}"
        nuclei = np.array(self.nuclei)
        yield f"nuclei a character: {_percentiles(nuclei, digits=2)}"
        for case, counts in self.hangup.items():
            yield f"hang-up, {case}: {dict(counts)}"
        yield f"errors by line condition: {dict(sorted(self.by_line.items()))}"


def true_gaps(truth: Truth) -> list[dict[str, Any]]:
    """Waits joined over pleas, and the gaps that are no waits."""
    inside = [span_of(w) for w in truth["waits"]]
    others = [g for g in truth["gaps"] if not any(_common(span_of(g), w) > 0 for w in inside)]
    release = truth["release"]["at_s"] or truth["duration_s"]
    kept = [{**g, "end_s": min(g["end_s"], release)} if g["kind"] == "after_farewell" else g for g in others]
    laughs = [span_of(t) for t in truth["tones"] if t["kind"] == "laugh"]
    # laughter is voice, though nobody's words: a silence with a laugh in it is two silences
    return [
        g
        for g in sorted([*truth["waits"], *kept], key=lambda g: g["start_s"])
        if not any(_common(span_of(g), laugh) > 0 for laugh in laughs)
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


def _common(one: Span, other: Span) -> float:
    return min(one.end_s, other.end_s) - max(one.start_s, other.start_s)


def _compared(true: Iterable[Span], told: Iterable[Span]) -> Any:
    """Seconds found, missed and false."""
    wanted, given = merge(true), merge(told)
    return np.array(
        [total_s(f) for f in (overlap(wanted, given), subtract(wanted, given), subtract(given, wanted))]
    )
