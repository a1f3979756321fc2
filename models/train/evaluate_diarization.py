"""Held-out figures of "who speaks" in mono: DER, speakers found, words to speakers, roles.

    python -m models.train.evaluate_diarization              # the demo day, mixed down to mono
    python -m models.train.evaluate_diarization --calls 60   # fresh calls of the simulator's grammar;
                                                             # every sixth begins with a voice menu
    python -m models.train.evaluate_diarization --steps      # segmentation_step and batch size: speed, error

Both sources speak with voices, sentences and seeds that no training saw (``--set tune``: those on which
numbers are chosen). Words are the truth's, with its times; the recogniser has its own figures. A menu's
voice that the audition did not know for one counts as one more speaker.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.audio import Sound, decode
from pipeline.callsim.voices import VoiceSet
from pipeline.config import AuditionConfig, DiarizeConfig
from pipeline.resources import resource
from pipeline.roles.decide import settle_roles
from pipeline.roles.words import split_by_speaker
from pipeline.stages.audition import AuditionStage
from pipeline.stages.base import Work
from pipeline.stages.diarize import DiarizeStage
from pipeline.types import Call, Diarization, Failure, Span, Utterance, Word


@dataclass(frozen=True)
class Result:
    """One call's figures. ``kind``: people in it ("two", "more" …), for the breakdown."""

    call_id: str
    kind: str
    der: float
    speech_s: float
    expected: int
    found: int
    wrong_words: int
    words: int
    decided: bool
    roles_right: bool
    seconds: float
    duration_s: float


@dataclass(frozen=True)
class LocalModel:
    """A diarization folder in the shape that the stage asks of ``pipeline.models``."""

    path: Path
    revision: str = "local"

    def folder(self) -> Path:
        return self.path


@dataclass(frozen=True)
class LocalModels:
    diarization: LocalModel
    device: str = "cpu"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=0, help="fresh calls; 0: the demo day")
    parser.add_argument("--seed", type=int, default=9001)
    parser.add_argument("--set", choices=("train", "tune", "heldout"), default="heldout")
    parser.add_argument("--first-pass", action="store_true", help="without the second pass")
    parser.add_argument("--folder", type=Path, default=resource("models", "demo", "diarization"))
    parser.add_argument("--steps", action="store_true", help="table of segmentation_step and batch size")
    parser.add_argument("--two", action="store_true", help="force two speakers instead of bounding them")
    options = parser.parse_args()
    calls = list(fresh(options.calls, options.seed, options.set) if options.calls else demo_day())
    if options.steps:
        _table(calls, options.folder)
        return
    settings = replace(DiarizeConfig(), second_pass=not options.first_pass)
    if options.two:
        settings = replace(settings, min_speakers=2, max_speakers=2)
    results = list(evaluate(calls, options.folder, settings))
    for line in summary(results):
        print(line)


@dataclass(frozen=True)
class MonoCall:
    """``audio`` float32 ``[1, n]`` at 8 kHz, and the simulator's truth."""

    audio: np.ndarray[Any, Any]
    truth: dict[str, Any]


def fresh(count: int, seed: int, which: VoiceSet) -> Iterator[MonoCall]:
    """Newly rendered calls of every kind, as a mono recorder would have kept them (needs espeak-ng)."""
    from pipeline.callsim.grammar import generate_scripts
    from pipeline.callsim.render import render

    for i, script in enumerate(generate_scripts(count, seed, which)):
        events = (*_menu(), *script.events) if i % 6 == 5 else script.events
        rendered = render(replace(script, layout="mono", events=events))
        yield MonoCall(rendered.audio, rendered.truth)


def _menu() -> tuple[Any, ...]:
    from pipeline.callsim.script import Event

    return (
        Event("say", role="ivr", text="欢迎致电\uff0c预订请按一\uff0c投诉请按二。", gap_s=0.6),
        Event("dtmf", digits="1"),
        Event("ringback", count=1, gap_s=0.8),
    )


def demo_day() -> Iterator[MonoCall]:
    """The shipped day's recordings, both channels added."""
    folder = resource("models", "demo", "day")
    for path in sorted((folder / "truth").glob("*.json")):
        sound = decode([folder / f"{path.stem}.wav"]).at(8000)
        mixed = np.clip(sound.samples.sum(axis=0, keepdims=True), -1, 1)
        yield MonoCall(mixed, json.loads(path.read_text(encoding="utf-8")))


def evaluate(calls: Sequence[MonoCall], folder: Path, settings: DiarizeConfig) -> Iterator[Result]:
    """Each call through audition, diarization, words-to-speakers and roles."""
    stage = DiarizeStage(settings=settings, models=LocalModels(LocalModel(folder)))
    for rendered in calls:
        result = _one(rendered, stage, settings)
        if result is not None:
            yield result


def _one(rendered: MonoCall, stage: DiarizeStage, settings: DiarizeConfig) -> Result | None:
    truth = rendered.truth
    spoken = [u for u in truth["utterances"] if u["heard"]]
    if not spoken:
        return None
    sound, call = Sound(rendered.audio, 8000), _call(truth)
    audition = _audition().__call__([Work(call, lambda: sound, {})])[0]
    began = time.perf_counter()
    found = stage([Work(call, lambda: sound, {"audition": audition})])[0]
    seconds = time.perf_counter() - began
    if isinstance(found, Failure) or isinstance(audition, Failure):
        raise RuntimeError(f"{call.id}: {found}")
    talk = [u for u in spoken if u["role"] != "ivr" or not _in_menu(u, audition)]
    der, mapping = _der(talk, found)
    people = {u["role"] for u in talk}
    pairs = [pair for u in spoken for pair in _words(u)]
    utterances = split_by_speaker([word for word, _ in pairs], found, channel=0)
    settled, _ = settle_roles(utterances, found, call=call, audition=audition)
    wrong = _wrong_words(pairs, utterances, mapping)
    roles = {"agent", "customer", "agent2"}  # a menu known by its tones decides nothing
    judged = [u for u in settled if u.role in roles]
    return Result(
        call.id,
        {1: "one", 2: "two"}.get(len(people), "more"),
        der,
        sum(u["end_s"] - u["start_s"] for u in talk),
        len(people),
        len({turn.speaker for turn in found.turns}),
        wrong,
        len(pairs),
        bool(judged),
        bool(judged) and _roles_right(pairs, settled),
        seconds,
        truth["duration_s"],
    )


@cache
def _audition() -> AuditionStage:
    stage = AuditionStage(settings=AuditionConfig())
    stage.open()
    return stage


def _call(truth: dict[str, Any]) -> Call:
    return Call(
        truth["call_id"], ("",), "", 8000, 1, truth["duration_s"], None, truth["direction"], None, None, None,
        None, None,
    )  # fmt: skip


def _in_menu(utterance: dict[str, Any], audition: Any) -> bool:
    """Whether the audition knew it for a menu's voice, which it then keeps from the diarizer."""
    middle = (utterance["start_s"] + utterance["end_s"]) / 2
    return any(t.kind == "ivr" and t.span.start_s <= middle < t.span.end_s for t in audition.tones)


def _der(spoken: Sequence[dict[str, Any]], found: Diarization) -> tuple[float, dict[str, str]]:
    """DER with no collar and overlap scored, and the best mapping of labels to true roles."""
    from pyannote.core import Annotation, Segment
    from pyannote.metrics.diarization import DiarizationErrorRate

    reference, hypothesis = Annotation(uri="c"), Annotation(uri="c")
    for i, u in enumerate(spoken):
        reference[Segment(u["start_s"], u["end_s"]), i] = u["role"]
    for i, turn in enumerate(found.turns):
        hypothesis[Segment(turn.span.start_s, turn.span.end_s), i] = turn.speaker
    metric = DiarizationErrorRate(collar=0.0, skip_overlap=False)
    return float(metric(reference, hypothesis)), dict(metric.optimal_mapping(reference, hypothesis))


def _words(utterance: dict[str, Any]) -> Iterator[tuple[Word, str]]:
    """The truth's characters as words, spread evenly over each phrase, with who said them."""
    for phrase in utterance["phrases"]:
        step = (phrase["end_s"] - phrase["start_s"]) / max(1, len(phrase["text"]))
        for i, character in enumerate(phrase["text"]):
            if not character.strip():  # between English words
                continue
            at = phrase["start_s"] + i * step
            yield Word(character, Span(at, at + step), 0.95), utterance["role"]


def _wrong_words(
    pairs: Sequence[tuple[Word, str]], utterances: Sequence[Utterance], mapping: dict[str, str]
) -> int:
    given = {id(word): u.speaker for u in utterances for word in u.words}
    return sum(mapping.get(given.get(id(word)) or "", "") != role for word, role in pairs if role != "ivr")


def _roles_right(pairs: Sequence[tuple[Word, str]], settled: Sequence[Utterance]) -> bool:
    """Agent and customer the right way round: most of each one's words carry their role."""
    given = {id(word): u.role for u in settled for word in u.words}
    right = {"agent": {"agent", "agent2"}, "customer": {"customer"}}
    for role, allowed in right.items():
        mine = [given[id(word)] for word, r in pairs if r == role and given[id(word)] != "unknown"]
        if mine and sum(g in allowed for g in mine) < 0.5 * len(mine):
            return False
    return True


def summary(results: Sequence[Result]) -> Iterator[str]:
    """The figures, over all calls and by how many people speak."""
    for kind in ("all", "one", "two", "more"):
        chosen = [r for r in results if kind in ("all", r.kind)]
        if not chosen:
            continue
        speech = sum(r.speech_s for r in chosen)
        decided = [r for r in chosen if r.decided]
        yield (
            f"{kind:6} calls {len(chosen):3}  DER {sum(r.der * r.speech_s for r in chosen) / speech:6.1%}  "
            f"median {np.median([r.der for r in chosen]):6.1%}  "
            f"speakers found {np.mean([r.expected == r.found for r in chosen]):6.1%}  "
            f"word-speaker error {sum(r.wrong_words for r in chosen) / max(1, sum(r.words for r in chosen)):6.1%}  "
            f"roles right {np.mean([r.roles_right for r in chosen]):6.1%} of all, "
            f"{np.mean([r.roles_right for r in decided]) if decided else 0:6.1%} of decided, "
            f"undecided {1 - len(decided) / len(chosen):6.1%}  "
            f"real-time factor {sum(r.seconds for r in chosen) / sum(r.duration_s for r in chosen):.3f}"
        )


def _table(calls: Sequence[MonoCall], folder: Path) -> None:
    print("| segmentation_step | batch | DER | speakers found | seconds a minute of sound |")
    print("|---|---|---|---|---|")
    for step, batch in ((0.1, 16), (0.2, 16), (0.2, 1), (0.2, 64), (0.35, 16), (0.5, 16)):
        settings = replace(
            DiarizeConfig(),
            segmentation_step=step,
            segmentation_batch_size=batch,
            embedding_batch_size=batch,
        )
        results = list(evaluate(calls, folder, settings))
        speech = sum(r.speech_s for r in results)
        print(
            f"| {step} | {batch} | {sum(r.der * r.speech_s for r in results) / speech:.1%} "
            f"| {np.mean([r.expected == r.found for r in results]):.0%} "
            f"| {60 * sum(r.seconds for r in results) / sum(r.duration_s for r in results):.2f} |"
        )


if __name__ == "__main__":
    main()
