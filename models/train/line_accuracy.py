"""How right is what callqa says of the line? Prints the figures of docs/accuracy.md.

    python -m models.train.line_accuracy --calls 40 --seed 11              # true words, two legs
    python -m models.train.line_accuracy --calls 40 --seed 11 --mono       # both legs mixed to one
    python -m models.train.line_accuracy --calls 40 --seed 11 --recognise  # words as they are recognised

True words make the figures those of the listening alone; with ``--mono`` speakers come from the diarizer
and roles from the words. ``--set tune --misses`` is for setting thresholds; print only sums of held-out calls.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from models.train.line_calls import line_scripts
from models.train.line_hearing import Hearing, Truth
from models.train.line_tally import Tally
from pipeline.callsim.plan import plan_call
from pipeline.callsim.render import render
from pipeline.callsim.truth import truth_of


def rendered(count: int, seed: int, voice_set: str, cache: Path | None) -> Iterator[tuple[Any, Truth]]:
    """Audio and truth of each call; rendered once when a cache folder is given."""
    for i, script in enumerate(line_scripts(count, seed=seed, voice_set=voice_set)):
        kept = cache / f"{voice_set}_{seed}_{i}.npy" if cache else None
        if kept is not None and kept.exists():
            audio = np.load(kept)
        else:
            audio = render(script).audio
            if kept is not None:
                np.save(kept, audio)
        yield audio, truth_of(plan_call(script))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--set", default="heldout", choices=("tune", "heldout"))
    parser.add_argument("--mono", action="store_true", help="both legs mixed; speakers by the diarizer")
    parser.add_argument("--recognise", action="store_true", help="words by the recogniser, not the truth's")
    parser.add_argument("--profile", default="demo", help="whose diarizer and recogniser")
    parser.add_argument("--cache", type=Path, help="folder that keeps rendered calls")
    parser.add_argument("--misses", action="store_true", help="print every error, for tuning")
    chosen = parser.parse_args()
    hearing = Hearing(mono=chosen.mono, recognise=chosen.recognise, profile=chosen.profile)
    tally = Tally()
    for audio, truth in rendered(chosen.calls, chosen.seed, chosen.set, chosen.cache):
        conversation, known = hearing(audio, truth)
        tally.add(known, conversation)
    print("\n".join(tally.lines()))
    if chosen.misses:
        print("\n".join(tally.misses))


if __name__ == "__main__":
    main()
