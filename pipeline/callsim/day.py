"""A day of rendered calls in a folder: recordings, their call records, and the truth beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.callsim.plan import plan_call
from pipeline.callsim.records import write_records
from pipeline.callsim.render import Rendered, render
from pipeline.callsim.script import Script
from pipeline.callsim.truth import truth_of


def write_day(scripts: Iterable[Script], folder: Path, *, flavour: str = "generic") -> Iterator[Rendered]:
    """Render the scripts one by one into ``folder``; each is given out once its files are written.

    ``folder`` gets the WAVs and, at the end, the call records; ``folder/truth`` one JSON a call, which
    the pipeline never reads. Raises VoiceError without espeak-ng, OSError when the folder cannot be
    written.
    """
    truth = folder / "truth"
    truth.mkdir(parents=True, exist_ok=True)
    done: list[Rendered] = []
    for script in scripts:
        call = render(script)
        call.write(folder)
        text = json.dumps(call.truth, ensure_ascii=False, indent=1)
        (truth / f"{script.id}.json").write_text(text + "\n", encoding="utf-8")
        # Only what the records are made from is kept, so that a long run does not fill the memory.
        done.append(replace(call, audio=np.zeros((1, 0), np.float32)))
        yield call
    write_records(done, folder, flavour)


def write_truth(scripts: Iterable[Script], folder: Path) -> None:
    """The truth files alone, without a voice: what the rules are tried on by the thousand."""
    truth = folder / "truth"
    truth.mkdir(parents=True, exist_ok=True)
    for script in scripts:
        text = json.dumps(truth_of(plan_call(script)), ensure_ascii=False, indent=1)
        (truth / f"{script.id}.json").write_text(text + "\n", encoding="utf-8")
