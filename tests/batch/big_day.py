"""A stored day whose utterances all differ, and what scoring it again costs: ``python -m tests.batch.big_day``.

Makes ``--calls`` calls of ``--utterances`` utterances as a run leaves them (four artefacts a call and
run.json), then times ``callqa rescore`` on them from start to end, and tells the CPU seconds of each of
its processes beside the wall clock: on a busy machine only those mean something.

The calls are simulated (the ``train`` set) and damaged as a recogniser would, each call otherwise, until
no two utterances of the day read alike: no text is ever met twice. That is the worst case; with ``--cer``
each utterance is damaged once, at that rate, and texts come again as often as they then do. Templates (forty, or
four hundred with ``--cer``) lend roles, times, events, measures and audition; words are cut in twos.
"""

from __future__ import annotations

import argparse
import math
import os
import random
import subprocess
import sys
import tempfile
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.batch.codec import encode
from pipeline.batch.manifest import Manifest, write_manifest
from pipeline.batch.plan import StagePlan, build_stages
from pipeline.batch.store import ArtefactStore, Keys
from pipeline.callsim.grammar import generate_scripts
from pipeline.config import Config
from pipeline.rules.damage import damage
from pipeline.rules.measured import measured_text
from pipeline.rules.simulated import simulated_call
from pipeline.stages.score import ScoreStage
from pipeline.types import (
    Audition,
    Call,
    CallRecord,
    ChannelGate,
    Conversation,
    Diarization,
    Frames,
    Measured,
    Role,
    Span,
    Transcript,
    Turn,
    Utterance,
    Word,
)

DATE = "2026-11-21"
TEMPLATES = 40
TEMPLATES_ALIKE = 400  # where texts may come again, so that there are many to begin with
EDGE = 4  # utterances of a call's own opening and closing
CER = (0.08, 0.15, 0.25)  # tried in turn until the text is a new one
PAUSE_S = 0.4
PROFILE = "demo"


@dataclass(frozen=True, slots=True)
class Template:
    """Everything of a call but its words; ``stored``: artefacts that do not depend on them, encoded."""

    call: Call
    utterances: tuple[Utterance, ...]
    stored: dict[str, bytes]
    roles: Diarization
    score: bytes


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--utterances", type=int, default=60)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cer", type=float, help="texts may come again; characters misread, 0..1")
    parser.add_argument("--keep", type=Path, help="results folder to make the day in, or to use as it lies")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="callqa-day-") as folder:
        results: Path = asked.keep or Path(folder)
        if not (results / DATE / "run.json").exists():
            started = time.process_time()
            texts, length = make_day(
                results / DATE, asked.calls, asked.utterances, seed=asked.seed, cer=asked.cer
            )
            made_s = time.process_time() - started
            print(f"{asked.calls} calls made in {made_s:.0f} CPU s: {asked.calls * asked.utterances} utterances, "
                  f"{texts} different texts of {length:.1f} characters", flush=True)  # fmt: skip
        return time_rescore(results, asked.workers)


def time_rescore(results: Path, workers: int) -> int:
    """Run the command and print its own line, then the CPU of every process it had."""
    words = ["rescore", DATE, "--results", str(results), "--workers", str(workers)]
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-c", "from pipeline.cli import main; main()", *words])
    spent: dict[int, float] = {}
    while process.poll() is None:
        spent |= cpu_of_family(process.pid)
        time.sleep(1.0)  # to look at every process costs a few ms
    print(f"wall {time.monotonic() - started:.1f} s; CPU {sum(spent.values()):.1f} s in all; by process: "
          + ", ".join(f"{seconds:.1f}" for seconds in spent.values() if seconds >= 0.1))  # fmt: skip
    return process.returncode


def cpu_of_family(root: int) -> dict[int, float]:
    """CPU seconds so far, own and kernel's, of a process and all below it (Linux)."""
    tick = os.sysconf("SC_CLK_TCK")
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(path.parent.name)
        parents[pid], spent[pid] = int(fields[1]), (int(fields[11]) + int(fields[12])) / tick
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return {pid: spent[pid] for pid in sorted(family) if pid in spent}


def make_day(
    day_dir: Path, calls: int, utterances: int, *, seed: int = 1, cer: float | None = None
) -> tuple[int, float]:
    """Write the day; how many different texts it holds, and their mean length in characters."""
    config = Config()
    stages = build_stages(StagePlan(config, PROFILE, 1))
    store, keys = ArtefactStore(day_dir), Keys(stages)
    count = min(calls, TEMPLATES if cer is None else TEMPLATES_ALIKE)
    templates = list(make_templates(count, utterances, config, seed=seed))
    rng = random.Random(seed)
    seen: set[str] = set()
    pool = [u.text for template in templates for u in template.utterances]
    listed = []
    for number in range(calls):
        template = templates[number % len(templates)]
        call = replace(template.call, id=f"call-{number:06d}", sha256=f"{number:064x}")
        texts = [
            fresh(u.text, pool, seen, rng) if cer is None else damage(u.text, cer=cer, rng=rng) or u.text
            for u in template.utterances
        ]
        seen.update(texts)
        said = tuple(spoken(u, text) for u, text in zip(template.utterances, texts))
        transcript = Transcript(said, (), "simulated", 0.9, diarization=template.roles)
        own = {**template.stored, "transcribe": encode(transcript)}
        for stage, key in keys.of(call).items():
            path = store.path(stage, call.id, "0" * 24 if stage == "score" else key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(template.score if stage == "score" else own[stage])
        listed.append(call)
    manifest = Manifest(DATE, PROFILE, config, "recordings", None, tuple(listed), (), complete=True)
    write_manifest(day_dir, manifest)
    return len(seen), sum(map(len, seen)) / max(1, len(seen))


def fresh(text: str, pool: Sequence[str], seen: set[str], rng: random.Random) -> str:
    """``text`` as a recogniser might have written it, and as nobody did before."""
    made = text
    for cer in CER:
        made = damage(text, cer=cer, rng=rng)
        if made and made not in seen:
            break
    while not made or made in seen:
        made = f"{made}{damage(rng.choice(pool), cer=CER[0], rng=rng)}"
    seen.add(made)
    return made


def spoken(template: Utterance, text: str) -> Utterance:
    """The utterance with other words: of two characters each, evenly spread over its time."""
    starts = range(0, len(text), 2)
    first, step = template.span.start_s, template.span.duration_s / max(1, len(starts))
    words = tuple(
        Word(text[at : at + 2], Span(first + i * step, first + (i + 1) * step), 0.9)
        for i, at in enumerate(starts)
    )
    return replace(template, text=text, words=words)


def make_templates(count: int, utterances: int, config: Config, *, seed: int) -> Iterator[Template]:
    """Calls of exactly ``utterances`` utterances: one's opening and closing, and others' talk between."""
    rng = random.Random(seed)
    stage = ScoreStage(settings=config.score)
    simulated = [simulated_call(s).conversation for s in generate_scripts(4 * count, seed, "train")]
    whole = [c for c in simulated if len(c.utterances) > 2 * EDGE + 2] or simulated
    for number in range(count):
        base = whole[number % len(whole)]
        said = list(base.utterances[:EDGE])
        while len(said) < utterances - EDGE:
            said += rng.choice(whole).utterances[EDGE:-EDGE]
        said = [*said[: utterances - EDGE], *base.utterances[-EDGE:]]
        yield _template(base, list(timed(said)), stage, rng)


def timed(said: Sequence[Utterance]) -> Iterator[Utterance]:
    """One after the other, each as long as it was."""
    at_s = 1.0
    for one in said:
        end_s = at_s + max(0.5, one.span.duration_s)
        yield replace(one, span=Span(at_s, end_s))
        at_s = end_s + PAUSE_S


def _template(base: Conversation, said: list[Utterance], stage: ScoreStage, rng: random.Random) -> Template:
    length_s = said[-1].span.end_s + 1.0
    turns = tuple(Turn(u.span, u.role, u.channel, "channel", 1.0) for u in said)
    record = replace(base.call.cdr or CallRecord(base.call.id), agent_channel=0)
    call = replace(
        base.call, paths=("recordings/call.wav",), duration_s=length_s, agent_channel=0, cdr=record
    )
    heard = audition_of(said, length_s, rng)
    conversation = Conversation(call, heard, turns, tuple(said), 1.0, 0.9)
    measured: Measured = measured_text(conversation)
    roles = Diarization(turns, "channel", 1.0)
    made: dict[str, Any] = {"audition": heard, "diarize": roles, "measure": measured}
    score = encode(stage.score(conversation, measured))
    stored = {name: encode(value) for name, value in made.items()}
    return Template(call, tuple(said), stored, roles, score)


def audition_of(said: Sequence[Utterance], length_s: float, rng: random.Random) -> Audition:
    """What listening to such a call leaves: frames of noise and speech, a syllable nucleus a character."""
    by_channel: list[list[Utterance]] = [[u for u in said if _side(u.role) == side] for side in (0, 1)]
    levels = tuple(_levels(own, length_s, rng) for own in by_channel)
    pitch = tuple(
        array("f", (rng.uniform(100, 250) if v > -40 else math.nan for v in values)) for values in levels
    )
    loudness = tuple(array("f", (rng.uniform(-60, -20) for _ in range(int(length_s * 10)))) for _ in (0, 1))
    two: tuple[tuple[Span, ...], ...] = ((), ())
    return Audition(
        length_s,
        ChannelGate("stereo", (False, False), (0.0, 0.0), (None, None), (35.0, 35.0)),
        tuple(tuple(u.span for u in own) for own in by_channel),
        (),
        two,
        Frames(0.02, levels),
        Frames(0.02, pitch),
        tuple(tuple(_nuclei(own)) for own in by_channel),
        ((), ()),
        (-60.0, -60.0),
        Frames(0.1, loudness),
        0.5,
        two,
    )


def _side(role: Role) -> int:
    return 1 if role == "customer" else 0


def _levels(own: Sequence[Utterance], length_s: float, rng: random.Random) -> array[float]:
    values = array("f", (rng.gauss(-60, 2) for _ in range(int(length_s * 50))))
    for said in own:
        for at in range(int(said.span.start_s * 50), int(said.span.end_s * 50)):
            values[at] = rng.gauss(-22, 5)
    return values


def _nuclei(own: Sequence[Utterance]) -> Iterator[float]:
    for said in own:
        step = said.span.duration_s / max(1, len(said.text))
        yield from (said.span.start_s + (at + 0.5) * step for at in range(len(said.text)))


if __name__ == "__main__":
    sys.exit(main())
