"""Held-out figures of both demo models: ``python -m models.train.evaluate [--asr-only] [--count N]``.

The recogniser's table is that of models/demo/README.md; the diarizer's figures come from
``models.train.evaluate_diarization``, which has options of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from models.train.evaluate_asr import evaluate, report, write_errors
from pipeline.models import resolve


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default="demo", help="profile or model folder to measure")
    parser.add_argument("--count", type=int, default=120, help="sentences of each kind")
    parser.add_argument("--seed", type=int, default=20261122)
    parser.add_argument("--errors", type=Path, help="file for every sentence read wrong")
    parser.add_argument("--asr-only", action="store_true")
    chosen = parser.parse_args(arguments)
    figures, sentences = evaluate(resolve(chosen.profile), count=chosen.count, seed=chosen.seed)
    print(f"recogniser, {figures.sentences} held-out sentences\n\n{report(figures)}")
    if chosen.errors:
        write_errors(sentences, chosen.errors)
    if not chosen.asr_only:
        from models.train import evaluate_diarization

        print("\ndiarizer\n")
        calls = list(evaluate_diarization.held_out(60, 9001))
        folder = resolve(chosen.profile).diarization.folder()
        results = list(evaluate_diarization.evaluate(calls, folder, evaluate_diarization.DiarizeConfig()))
        for line in evaluate_diarization.summary(results):
            print(line)


if __name__ == "__main__":
    main()
