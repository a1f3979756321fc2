"""pyannote.audio on one channel: who speaks when, as labels without names. Offline, and silent.

The sound goes in as a waveform, never as a path, and nothing leaves the machine: telemetry is off
before the library is imported, and the model folder holds all its parts.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config import DiarizeConfig
from pipeline.stages.reassign import shared_out, stretches
from pipeline.stages.speakers import Labelled, Speakers, linked, second
from pipeline.timeline import Spans, gaps, overlap, shift
from pipeline.types import Span

MODEL_HZ = 16_000
AROUND_S = 0.2  # of sound on either side of a stretch that its embedding may hear
MASK_HZ = 50
CUT_SEARCH_S = 60.0  # a long call is cut in a pause at most this far before the window's end


def quiet_environment() -> None:
    """No telemetry, no hub: must run before pyannote.audio is first imported."""
    os.environ["PYANNOTE_METRICS_ENABLED"] = "0"
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"


class Diarizer:
    """A pyannote pipeline folder, opened once and asked for many calls."""

    def __init__(self, folder: Path, *, settings: DiarizeConfig, device: str = "cpu") -> None:
        self.folder = folder
        self.settings = settings
        self.device = device
        self._pipeline: Any = None

    def open(self) -> None:
        """Load the pipeline. Raises FileNotFoundError naming the folder when it is not there."""
        if not (self.folder / "config.yaml").is_file():
            raise FileNotFoundError(
                f"{self.folder}: expected a diarization model folder with config.yaml, found none; "
                "run: callqa models fetch"
            )
        quiet_environment()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torchcodec and version notices; sound is never read from files
            import torch
            from pyannote.audio import Pipeline

            pipeline: Any = Pipeline.from_pretrained(self.folder)
            if self.device != "cpu":
                pipeline.to(torch.device(self.device))
        pipeline.segmentation_batch_size = self.settings.segmentation_batch_size
        pipeline.embedding_batch_size = self.settings.embedding_batch_size
        inference = pipeline._segmentation
        inference.step = self.settings.segmentation_step * inference.duration
        self._pipeline = pipeline

    def __call__(self, samples: np.ndarray[Any, Any], *, voice: Sequence[Span] = ()) -> Speakers:
        """``samples``: float32 ``[n]`` at 16 kHz. ``voice``: where anybody speaks.

        It tells where a long call may be cut, and its stretches are what the second pass shares out;
        without it the first pass stands.
        """
        if self._pipeline is None:
            self.open()
        pieces = [
            (
                cut.start_s,
                self._window(
                    samples[round(cut.start_s * MODEL_HZ) : round(cut.end_s * MODEL_HZ)],
                    shift(overlap(voice, [cut]), -cut.start_s),
                ),
            )
            for cut in windows(len(samples) / MODEL_HZ, voice, window_s=self.settings.window_s)
        ]
        return linked(pieces, max_speakers=self.settings.max_speakers)

    def voiceprint(self, samples: np.ndarray[Any, Any], voice: Sequence[Span]) -> np.ndarray[Any, Any]:
        """The embedding of one speaker: ``samples`` float32 at 16 kHz, ``voice`` where they speak alone.

        The mean over the stretches by their length, as for the speakers of a call.
        """
        if self._pipeline is None:
            self.open()
        vectors = self._stretch_prints(samples, voice)
        return np.asarray(np.average(vectors, axis=0, weights=[span.duration_s for span in voice]))

    def _window(self, samples: np.ndarray[Any, Any], voice: Sequence[Span]) -> Speakers:
        first = self._first_pass(samples)
        found = stretches(voice, first.exclusive)
        if not found or not self.settings.second_pass:
            return first
        vectors = self._stretch_prints(samples, [span for span, _ in found])
        shared = shared_out(
            self._pipeline._plda(vectors),
            self._pipeline._plda.phi,
            found,
            min_speakers=self.settings.min_speakers,
            max_speakers=self.settings.max_speakers,
        )
        return second(first, found, shared, vectors)

    def _stretch_prints(self, samples: np.ndarray[Any, Any], spans: Sequence[Span]) -> np.ndarray[Any, Any]:
        """One embedding ``[n, d]`` a stretch, heard with a little of what is around it."""
        import torch

        out: list[np.ndarray[Any, Any]] = [np.zeros(0)] * len(spans)
        order = sorted(range(len(spans)), key=lambda i: spans[i].duration_s)
        size = self.settings.embedding_batch_size
        for batch in (order[i : i + size] for i in range(0, len(order), size)):
            longest = max(spans[i].duration_s for i in batch) + 2 * AROUND_S
            waves = np.zeros((len(batch), 1, round(longest * MODEL_HZ)), np.float32)
            masks = np.zeros((len(batch), round(longest * MASK_HZ)), np.float32)
            for row, i in enumerate(batch):
                begin = max(0, round((spans[i].start_s - AROUND_S) * MODEL_HZ))
                piece = samples[begin : round((spans[i].end_s + AROUND_S) * MODEL_HZ)][: waves.shape[2]]
                waves[row, 0, : len(piece)] = piece
                inside = shift([spans[i]], -begin / MODEL_HZ)[0]
                masks[row, round(inside.start_s * MASK_HZ) : round(inside.end_s * MASK_HZ) + 1] = 1.0
            prints = self._pipeline._embedding(torch.from_numpy(waves), masks=torch.from_numpy(masks))
            for row, i in enumerate(batch):
                out[i] = np.asarray(prints[row], dtype=np.float64)
        return np.stack(out)

    def _first_pass(self, samples: np.ndarray[Any, Any]) -> Speakers:
        import torch

        file = {"waveform": torch.from_numpy(np.ascontiguousarray(samples))[None], "sample_rate": MODEL_HZ}
        with warnings.catch_warnings(), torch.inference_mode():
            warnings.simplefilter("ignore")  # fewer speakers than asked for is an answer, not a fault
            found = self._pipeline(
                {**file, "uri": "call"},
                min_speakers=self.settings.min_speakers,
                max_speakers=self.settings.max_speakers,
            )
        labels = found.speaker_diarization.labels()
        prints = {
            label: np.asarray(vector, dtype=np.float64)
            for label, vector in zip(labels, found.speaker_embeddings)
        }
        return Speakers(
            _labelled(found.speaker_diarization), _labelled(found.exclusive_speaker_diarization), prints
        )


def _labelled(annotation: Any) -> Labelled:
    return tuple(
        (Span(float(segment.start), float(segment.end)), str(label))
        for segment, _, label in annotation.itertracks(yield_label=True)
    )


def windows(duration_s: float, voice: Sequence[Span], *, window_s: float) -> Spans:
    """The call in pieces of at most ``window_s``, cut in the middle of pauses where there are any."""
    cuts = [0.0]
    while duration_s - cuts[-1] > window_s:
        latest = cuts[-1] + window_s
        reach = Span(max(cuts[-1] + window_s / 2, latest - CUT_SEARCH_S), latest)
        pauses = gaps(voice, reach)
        cuts.append(max(pauses, key=lambda s: s.duration_s).middle_s if pauses else latest)
    return tuple(Span(start, end) for start, end in zip(cuts, [*cuts[1:], duration_s]))
