"""Planted channel faults on rendered stereo calls: how many the gate finds, and what it finds where none is.

    python -m models.train.evaluate_stereo --calls 40    # held-out voices and sentences; needs espeak-ng

Each call is tried as it is, with both channels one mix (through two codecs, quieter, or inverted), with
either leg dead (digital zero, comfort noise, hum), and with a channel map that names the wrong party; the
words of the last are the truth's.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.callsim import line
from pipeline.callsim.grammar import generate_scripts
from pipeline.callsim.render import render
from pipeline.callsim.voices import VoiceSet
from pipeline.roles.decide import settle_roles
from pipeline.stages.gate import channel_gate
from pipeline.types import Call, Diarization, Span, Turn, Utterance

Samples = np.ndarray[Any, Any]
RATE_HZ = 8000


@dataclass(frozen=True)
class StereoCall:
    """``audio`` float32 ``[2, n]`` at 8 kHz with its truth; ``agent`` is the agent's channel."""

    audio: Samples
    truth: dict[str, Any]
    agent: int

    def both_speak(self) -> bool:
        return len({u["role"] == "customer" for u in self.truth["utterances"] if u["heard"]}) == 2


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--seed", type=int, default=9100)
    parser.add_argument("--set", choices=("train", "tune", "heldout"), default="heldout")
    options = parser.parse_args()
    for text in report(rendered(options.calls, options.seed, options.set)):
        print(text)


def rendered(count: int, seed: int, which: VoiceSet) -> Iterator[StereoCall]:
    for script in generate_scripts(count, seed, which):
        call = render(replace(script, layout="stereo"))
        yield StereoCall(call.audio, call.truth, script.agent_channel)


def report(calls: Iterator[StereoCall]) -> Iterator[str]:
    """One line a fault: found of planted; and what was found in the calls as they were."""
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for i, call in enumerate(calls):
        for name, seen in _tried(call, i):
            planted[name] += 1
            found[name] += seen
    for name in sorted(planted):
        yield f"{name}: {found[name]} of {planted[name]}"


def _tried(call: StereoCall, turn: int) -> Iterator[tuple[str, bool]]:
    if not call.both_speak():
        yield "one party silent, not taken for one mix", _layout(call.audio) != "identical"
        return
    yield "sound as it was, called stereo", _layout(call.audio) == "stereo"
    yield "identical channels found", _layout(_one_mix(call.audio, turn)) == "identical"
    for leg in (0, 1):
        gate = channel_gate(_dead(call.audio, leg, turn), RATE_HZ)
        yield "dead legs found", gate.layout == "one_dead" and gate.dead[leg]
    yield "right map kept", not _settled(call, call.agent).notes
    wrong = _settled(call, 1 - call.agent)
    yield "swapped map reported", bool(wrong.notes)
    yield "swapped map put right", any(t.role == "agent" and t.channel == call.agent for t in wrong.turns)


def _layout(audio: Samples) -> str:
    return channel_gate(audio, RATE_HZ).layout


def _one_mix(audio: Samples, turn: int) -> Samples:
    mix = np.clip(audio.sum(axis=0) * 0.7, -1, 1)
    other = line.codec((mix * (0.7, 1.0, -1.0)[turn % 3]).astype(np.float32), ("alaw", "ulaw")[turn % 2])
    return np.stack([mix, other]).astype(np.float32)


def _dead(audio: Samples, leg: int, turn: int) -> Samples:
    n = audio.shape[1]
    rng = np.random.default_rng(turn)
    hum = 0.001 * np.sin(2 * np.pi * 50 * np.arange(n) / RATE_HZ).astype(np.float32)
    gone = (np.zeros(n, np.float32), line.comfort_noise(n, rng), hum)[turn % 3]
    out = audio.copy()
    out[leg] = gone
    return out


def _settled(call: StereoCall, mapped: int) -> Diarization:
    """The roles that true words give to channels whose map says that ``mapped`` is the agent's."""
    spoken = []
    for u in call.truth["utterances"]:
        if u["heard"] and u["role"] != "ivr":
            channel = 1 - call.agent if u["role"] == "customer" else call.agent
            spoken.append(Utterance("unknown", Span(u["start_s"], u["end_s"]), u["text"], (), 0.9, channel))
    turns = tuple(Turn(u.span, "unknown", u.channel, "channel", 0.95) for u in spoken)
    told = Call(
        call.truth["call_id"], ("",), "", RATE_HZ, 2, call.truth["duration_s"], None, call.truth["direction"],
        None, None, None, mapped, None,
    )  # fmt: skip
    return settle_roles(spoken, Diarization(turns, "channel", 0.95), call=told)[1]


if __name__ == "__main__":
    main()
