"""Plausible days of results, seeded, written through the real tables and call files.

``write_day(results, date, calls=12)`` gives what ``callqa run`` would leave there, with sound when
``recordings`` names a folder. Nothing here is read by the package.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import soundfile

from pipeline.report.calljson import write_call
from pipeline.report.rows import CallResult
from pipeline.report.tables import write_tables
from pipeline.types import (
    Audition,
    Call,
    CallRecord,
    ChannelGate,
    Diarization,
    Events,
    Evidence,
    Frames,
    Gap,
    GroupScore,
    HangUp,
    HangUpClue,
    LedgerRow,
    Measure,
    Measured,
    Overlap,
    Scorecard,
    Span,
    Standard,
    Tone,
    Transcript,
    Turn,
    Utterance,
    Verdict,
    Word,
)  # fmt: skip
from tests.review.script import BUSINESS, CLOSING, NAMES, OPENING, RULES, TALK, TEAMS, Rule

ZONE = ZoneInfo("Asia/Shanghai")
RATE_HZ = 8000


def make_result(date: str, number: int, *, seed: int = 7, call_id: str | None = None) -> CallResult:
    """Call ``number`` of a day; the same arguments give the same call."""
    rng = random.Random(f"{seed}/{date}/{number}")
    team = rng.choice(list(TEAMS))
    agent = rng.choice(TEAMS[team])
    failed = [r for r in RULES if rng.random() < (0.02 if r.fatal else 0.13)]
    unknown = [r for r in RULES if r not in failed and rng.random() < 0.05]
    lines = _lines(failed)
    utterances, gaps = _speak(rng, lines)
    end_s = utterances[-1].span.end_s + 1.2
    name = call_id if call_id is not None else f"{date.replace('-', '')}-{number:06d}"
    started = datetime.fromisoformat(f"{date}T09:00:00").replace(tzinfo=ZONE) + timedelta(
        seconds=37 * number % 32400
    )
    call = Call(
        name, (f"{name}.wav",), f"{number:064x}", RATE_HZ, 2, end_s, started, "inbound", agent, NAMES[agent],
        team, 0, _record(name, agent, team, started, end_s, rng),
    )  # fmt: skip
    turns = tuple(Turn(u.span, u.role, u.channel, "channel", 0.97) for u in utterances)
    hangup = _hangup(end_s, by_agent=any(r.id == "hangup.customer_first" for r in failed))
    overlaps = tuple(
        Overlap(Span(u.span.start_s, u.span.start_s + 0.8), "interruption", "agent", "customer", True, 0.9)
        for u in utterances if u.text == "您先听我说"
    )  # fmt: skip
    tones = (Tone("music", gaps[0].span, 0), Tone("busy", Span(end_s - 0.9, end_s), None, 2))
    return CallResult(
        date,
        call,
        _audition(end_s, utterances, tones),
        Diarization(turns, "channel", 0.97, ("呼入:左声道为坐席",)),
        Transcript(utterances, (), "demo-small@1", float(np.mean([u.confidence for u in utterances]))),
        Measured(_measures(utterances, gaps, end_s), Events(gaps, overlaps, tones, hangup)),
        _scorecard(name, failed, unknown, utterances, rng),
    )


def write_day(
    results: Path,
    date: str,
    *,
    calls: int = 12,
    seed: int = 7,
    recordings: Path | None = None,
    json: int = 10**9,
) -> Path:
    """A day's folder; ``json`` limits how many calls get their file (for the load test)."""
    day = results / date
    write_results(
        day, (make_result(date, n, seed=seed) for n in range(calls)), recordings=recordings, json=json
    )
    return day


def write_results(
    day: Path, made: Iterable[CallResult], *, recordings: Path | None = None, json: int = 10**9
) -> None:
    ledger: list[LedgerRow] = []

    def written() -> Iterator[CallResult]:
        for count, result in enumerate(made):
            path = Path(result.call.path)
            ledger.append(LedgerRow(result.call.id, path.name, result.call.sha256, "scored", "score", ""))
            if count >= json:
                yield result
                continue
            if recordings is not None:
                path = recordings / path
                write_sound(path, result)
                result = replace(result, call=replace(result.call, paths=(str(path),)))
            write_call(day, result)
            yield result

    results = written() if json < 10**9 else list(written())
    write_tables(day, ledger=ledger, results=results)  # a streamed day has no ledger yet: nobody asks


def write_sound(path: Path, result: CallResult) -> None:
    """Two-channel µ-law with a buzz where each party speaks: enough to draw, seek and hear."""
    length = int(result.call.duration_s * RATE_HZ)
    sound = np.random.default_rng(1).normal(0, 0.002, (length, 2)).astype(np.float32)
    for said in result.transcript.utterances:
        lo, hi = int(said.span.start_s * RATE_HZ), int(said.span.end_s * RATE_HZ)
        t = np.arange(hi - lo) / RATE_HZ
        pitch = 210.0 if said.role == "agent" else 130.0
        voice = np.sign(np.sin(2 * np.pi * pitch * t)) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t)) * 0.12
        sound[lo:hi, said.channel or 0] += voice.astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound, RATE_HZ, subtype="ULAW")


def _lines(failed: list[Rule]) -> list[tuple[str, str]]:
    missing = {r.id for r in failed}
    opening = [("agent", "喂你好") if "open.greeting" in missing else OPENING]
    closing = [*CLOSING[:2], ("agent", "行那就这样") if "close.farewell" in missing else CLOSING[2]]
    said = [("agent", r.quote) for r in failed if r.quote]
    return [*opening, *TALK[:7], *said, *TALK[7:], *closing]


def _speak(rng: random.Random, lines: list[tuple[str, str]]) -> tuple[tuple[Utterance, ...], tuple[Gap, ...]]:
    at, made, gaps = 0.8, [], []
    for index, (role, text) in enumerate(lines):
        end = at + 0.22 * len(text)
        step = (end - at) / len(text)
        words = tuple(
            Word(c, Span(at + i * step, at + (i + 1) * step), round(1.0 - 0.55 * rng.random() ** 4, 3))
            for i, c in enumerate(text)
        )
        confidence = sum(w.probability for w in words) / len(words)
        made.append(Utterance(role, Span(at, end), text, words, confidence, 0 if role == "agent" else 1))  # type: ignore[arg-type]
        pause = 14.0 if index == 5 else rng.uniform(0.2, 0.9)
        if pause > 3:
            gaps.append(Gap(Span(end, end + pause), "hold_music", "agent", True, True, True, (), 0.9))
        at = end + pause
    return tuple(made), tuple(gaps)


def _record(
    name: str, agent: str, team: str, started: datetime, end_s: float, rng: random.Random
) -> CallRecord:
    return CallRecord(
        name, f"{name}.wav", agent, NAMES[agent], team, "inbound", started - timedelta(seconds=8), started,
        started + timedelta(seconds=end_s), 8.0, "customer", 14.0, rng.choice(BUSINESS), (), 0,
    )  # fmt: skip


def _audition(end_s: float, said: tuple[Utterance, ...], tones: tuple[Tone, ...]) -> Audition:
    gate = ChannelGate("stereo", (False, False), (0.0, 0.0), (None, None), (31.0, 28.5))
    voice = tuple(tuple(u.span for u in said if u.channel == c) for c in (0, 1))
    return Audition(end_s, gate, voice, tones, ((), ()), Frames(0.02, ()), None)


def _hangup(end_s: float, *, by_agent: bool) -> HangUp:
    side = "agent" if by_agent else "customer"
    clues = (
        HangUpClue("cdr:generic", "customer", 2.0, "话单记录客户先挂"),
        HangUpClue("busy tone", side, 1.5, "忙音出现在坐席声道"),
    )
    return HangUp(side, 0.97 if not by_agent else 0.71, end_s - 1.0, clues, by_agent, 0.4)  # type: ignore[arg-type]


def _measures(said: tuple[Utterance, ...], gaps: tuple[Gap, ...], end_s: float) -> tuple[Measure, ...]:
    agent = [u for u in said if u.role == "agent"]
    talk = sum(u.span.duration_s for u in agent)
    return (
        Measure("rate.per_minute", 60 * sum(len(u.text) for u in agent) / talk, "字/分", "agent"),
        Measure("talk.share", talk / end_s, "", "agent"),
        Measure("gap.longest", max(g.span.duration_s for g in gaps), "s", None, (gaps[0].span,)),
        Measure("pitch.range", None, "半音", "agent", (), "录音没有基频"),
    )


def _scorecard(
    name: str, failed: list[Rule], unknown: list[Rule], said: tuple[Utterance, ...], rng: random.Random
) -> Scorecard:
    items = tuple(_verdict(r, r in failed, r in unknown, said, rng) for r in RULES)
    fatal = any(r.fatal for r in failed)
    total = 0.0 if fatal else 100.0 + sum(v.points for v in items)
    flags = tuple(
        f
        for f, on in (("fatal", fatal), ("low_score", total < 80), ("unknown_items", len(unknown) > 1))
        if on
    )
    grade = next(g for floor, g in ((90, "A"), (80, "B"), (60, "C"), (-1e9, "D")) if total >= floor)
    groups = tuple(
        GroupScore(g, sum(v.points for v in items if v.group == g), 0.0)
        for g in dict.fromkeys(r.group for r in RULES)
    )
    return Scorecard(
        name,
        total,
        grade,
        fatal,
        groups,
        items,
        flags,
        bool(flags),
        "f00d",
        Standard("hotline", "1.0"),
        round(rng.uniform(0.6, 0.99), 2),
    )


def _verdict(
    rule: Rule, fails: bool, unsure: bool, said: tuple[Utterance, ...], rng: random.Random
) -> Verdict:
    if unsure:
        why = "坐席声道识别可信度 0.41"
        return Verdict(
            rule.id, "unknown", 0.0, rule.group, rule.title, why=why, fatal=rule.fatal, confidence=0.41
        )
    if not fails:
        return Verdict(rule.id, "pass", 0.0, rule.group, rule.title, why="符合要求", fatal=rule.fatal)
    score = round(rng.uniform(0.7, 1.0), 2)
    places = tuple(
        Evidence(u.span, u.role, u.text, score) for u in said if rule.quote and u.text == rule.quote
    )
    near = Evidence(said[0].span, "agent", rule.near, 0.62) if rule.near else None
    searched = None if places else Span(0.0, 15.0)
    why = "说了禁语" if places else "应说未说"
    return Verdict(
        rule.id, "fail", rule.points, rule.group, rule.title, places, near, searched, why, rule.fatal, score
    )
