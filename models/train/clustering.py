"""Chooses the clustering numbers of the diarization pipeline on voices kept for tuning.

Segmentation and embeddings of a few calls are computed once; the grid then only clusters again.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from models.train.mono_calls import MODEL_HZ, Chunk, render_bank, simulate

THRESHOLDS = (0.5, 0.6, 0.7)  # the range pyannote allows
FA = (0.07, 0.2, 0.5)
FB = (0.8, 3.0, 10.0)


def tune(folder: Path, *, seed: int, voices: int, calls: int, seconds: float) -> dict[str, float]:
    """The grid point with the least DER plus a tenth for each call whose speakers are miscounted."""
    from pyannote.audio import Pipeline

    bank = render_bank(seed + 500, set="tune", voices=voices, sentences=6)
    rng = np.random.default_rng((seed, 4))
    # most calls have two people; one and three must not be talked into two
    chunks = [simulate(rng, bank, seconds, speakers=(2, 2, 1, 2, 3, 2)[i % 6]) for i in range(calls)]
    pipeline: Any = Pipeline.from_pretrained(folder)
    files = [_heard(pipeline, chunk) for chunk in chunks]
    # what was heard once is handed back to every clustering
    object.__setattr__(pipeline, "get_segmentations", lambda file, hook=None: file["segmentations"])
    object.__setattr__(pipeline, "get_embeddings", lambda file, *_, **__: file["embeddings"].copy())
    best = min(_grid(pipeline, files, chunks), key=lambda entry: entry[0])
    print(
        f"clustering: cost {best[0]:.3f} DER {best[1]:.3f} counted right {best[2]:.2f} with {best[3]}",
        flush=True,
    )
    return best[3]


def _heard(pipeline: Any, chunk: Chunk) -> dict[str, Any]:
    waveform = torch.from_numpy(chunk.samples)[None]
    file = {"waveform": waveform, "sample_rate": MODEL_HZ, "uri": "call"}
    with torch.inference_mode():
        segmentations = pipeline.get_segmentations(file)
        embeddings = pipeline.get_embeddings(file, segmentations, exclude_overlap=True)
    return {**file, "segmentations": segmentations, "embeddings": embeddings}


def _grid(
    pipeline: Any, files: Sequence[dict[str, Any]], chunks: Sequence[Chunk]
) -> Iterator[tuple[float, float, float, dict[str, float]]]:
    for threshold, fa, fb in itertools.product(THRESHOLDS, FA, FB):
        chosen = {"threshold": threshold, "Fa": fa, "Fb": fb}
        pipeline.instantiate({"clustering": chosen, "segmentation": {"min_duration_off": 0.0}})
        errors, right = [], []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for file, chunk in zip(files, chunks):
                found = pipeline.apply(file, min_speakers=1, max_speakers=3).speaker_diarization
                errors.append(_der(found, chunk))
                right.append(len(found.labels()) == sum(bool(spans) for spans in chunk.spans))
        cost = float(np.mean(errors)) + 0.1 * (1 - float(np.mean(right)))
        yield cost, float(np.mean(errors)), float(np.mean(right)), chosen


def _der(found: Any, chunk: Chunk) -> float:
    from pyannote.core import Annotation, Segment
    from pyannote.metrics.diarization import DiarizationErrorRate

    reference = Annotation(uri="call")
    for k, spans in enumerate(chunk.spans):
        for i, span in enumerate(spans):
            reference[Segment(span.start_s, span.end_s), f"{k}-{i}"] = f"speaker{k}"
    return float(DiarizationErrorRate(collar=0.0, skip_overlap=False)(reference, found))
