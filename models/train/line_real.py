"""Voice edges, gaps, rate and tones on real Mandarin speech: ``python -m models.train.line_real SPEECH_FOLDER``.

The folder holds AISHELL-1 sentences and two telephone calls put together from them, with a
manifest.json of texts and turns; nothing of it is part of this project.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from models.train.line_hearing import conversation_of
from pipeline.audio import decode
from pipeline.stages.audition import audition
from pipeline.stages.measure import measured
from pipeline.text import count_syllables
from pipeline.timeline import clip, gaps, merge, total_s
from pipeline.types import Span

ROLES = ("agent", "customer")


def truth_of(call: dict[str, Any]) -> dict[str, Any]:
    """The manifest's turns in the shape of the simulator's truth."""
    turns = [{**t, "channel": ROLES.index(t["role"]), "heard": True} for t in call["turns"]]
    return {
        "call_id": call["file"],
        "layout": "stereo",
        "agent_channel": 0,
        "direction": "inbound",
        "utterances": turns,
    }


def main(folder: Path) -> None:
    for call in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["calls"]:
        heard = audition(decode(folder / call["file"]), agent_channel=0)
        truth = truth_of(call)
        found = measured(conversation_of(truth, heard))
        edges, rates, covered = [], [], 0.0
        for turn in truth["utterances"]:
            span = Span(turn["start_s"], turn["end_s"])
            voice = merge(
                v for v in heard.voice[turn["channel"]] if v.end_s > span.start_s and v.start_s < span.end_s
            )
            if voice:
                edges += [abs(voice[0].start_s - span.start_s), abs(voice[-1].end_s - span.end_s)]
            covered += total_s(clip(voice, span))
        whole = sum(t["end_s"] - t["start_s"] for t in truth["utterances"])
        outside = sum(
            total_s(heard.voice[c]) - total_s(
                p for t in truth["utterances"] if t["channel"] == c
                for p in clip(heard.voice[c], Span(t["start_s"], t["end_s"]))
            )
            for c in (0, 1)
        )  # fmt: skip
        true_gaps = gaps(
            [Span(t["start_s"], t["end_s"]) for t in truth["utterances"]], Span(0, heard.duration_s)
        )
        long = [g for g in true_gaps if g.duration_s >= 1.0]
        matched = [
            (abs(g.span.start_s - t.start_s), abs(g.span.end_s - t.end_s))
            for t in long
            for g in found.events.gaps
            if total_s(clip([g.span], t)) > 0.5 * t.duration_s
        ]
        for i, role in enumerate(ROLES):
            said = sum(count_syllables(t["text"]) for t in truth["utterances"] if t["channel"] == i)
            seconds = sum(t["end_s"] - t["start_s"] for t in truth["utterances"] if t["channel"] == i)
            told = next(m.value for m in found.measures if (m.name, m.role) == ("rate_turn_cpm", role))
            rates.append(abs(float(told or 0) / (60 * said / seconds) - 1))
        ms = np.array(edges) * 1000
        print(
            f"{call['file']}: voice edges median {np.median(ms):.0f} ms, 95th {np.percentile(ms, 95):.0f} ms"
        )
        print(f"  {covered / whole:.1%} of turn time voiced, {outside:.2f} s of voice outside turns")
        gap_ms = np.array(matched).ravel() * 1000
        print(
            f"  gaps ≥ 1 s: {len(matched)} of {len(long)} found, edges median {np.median(gap_ms):.0f} ms, largest {gap_ms.max():.0f} ms"  # noqa: E501
        )
        print(f"  turn rate against the manifest: largest error {max(rates):.1%}")
        print(f"  overlaps {len(found.events.overlaps)}, false tones {len(heard.tones)}")
    _pyannote_sample()
    tones = sum(len(audition(decode(p)).tones) for p in sorted((folder / "utterances").glob("*.wav")))
    print(f"sentences: {len(list((folder / 'utterances').glob('*.wav')))}, false tones {tones}")


def _pyannote_sample() -> None:
    """Voice activity on pyannote.audio's own sample (mono, two speakers), against its RTTM."""
    from importlib.util import find_spec

    package = find_spec("pyannote.audio")
    assert package is not None and package.origin is not None
    sample = Path(package.origin).parent / "sample"
    rows = [line.split() for line in (sample / "sample.rttm").read_text(encoding="utf-8").splitlines()]
    true = merge(Span(float(r[3]), float(r[3]) + float(r[4])) for r in rows if r)
    heard = audition(decode(sample / "sample.wav"))
    hit = sum(total_s(clip(heard.voice[0], span)) for span in true)
    print(
        f"pyannote sample: {hit / total_s(true):.1%} of speech found, "
        f"{total_s(heard.voice[0]) - hit:.2f} s of voice outside, false tones {len(heard.tones)}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
