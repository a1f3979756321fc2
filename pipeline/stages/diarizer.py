"""pyannote.audio on one channel: who speaks when, as labels without names. Offline, and silent.

The sound goes in as a waveform, never as a path, and nothing leaves the machine: telemetry is off
before the library is imported, and the model folder holds all its parts.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.config import DiarizeConfig
from pipeline.timeline import Spans, gaps, shift
from pipeline.types import Span

MODEL_HZ = 16_000
CUT_SEARCH_S = 60.0  # a long call is cut in a pause at most this far before the window's end

Labelled = tuple[tuple[Span, str], ...]


@dataclass(frozen=True, slots=True)
class Speakers:
    """``turns`` may overlap; ``exclusive`` never do. Labels: "S0" …, in order of first speech.

    ``voiceprints``: one embedding a label, for linking windows and for agents' voice profiles.
    """

    turns: Labelled
    exclusive: Labelled
    voiceprints: dict[str, np.ndarray[Any, Any]]


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
        """``samples``: float32 ``[n]`` at 16 kHz. ``voice`` only tells where a long call may be cut."""
        if self._pipeline is None:
            self.open()
        pieces = [
            (cut.start_s, self._window(samples[round(cut.start_s * MODEL_HZ) : round(cut.end_s * MODEL_HZ)]))
            for cut in windows(len(samples) / MODEL_HZ, voice, window_s=self.settings.window_s)
        ]
        return linked(pieces, max_speakers=self.settings.max_speakers)

    def voiceprint(self, samples: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The embedding of one voice: ``samples`` float32 at 16 kHz holding that voice alone."""
        if self._pipeline is None:
            self.open()
        import torch

        waveform = torch.from_numpy(np.ascontiguousarray(samples))[None, None]
        return np.asarray(self._pipeline._embedding(waveform)[0], dtype=np.float64)

    def _window(self, samples: np.ndarray[Any, Any]) -> Speakers:
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


def linked(pieces: Sequence[tuple[float, Speakers]], *, max_speakers: int) -> Speakers:
    """Windows joined into one call: the same voice gets the same label throughout.

    Each window's labels are matched to the voices known so far by cosine of their voiceprints
    (Hungarian assignment); what finds no partner is a new voice while fewer than ``max_speakers``.
    """
    known: dict[str, np.ndarray[Any, Any]] = {}
    turns: list[tuple[Span, str]] = []
    exclusive: list[tuple[Span, str]] = []
    for start_s, piece in pieces:
        order = list(dict.fromkeys(label for _, label in sorted(piece.turns)))
        names = _names(order, piece.voiceprints, known, max_speakers=max_speakers)
        turns += _moved(piece.turns, start_s, names)
        exclusive += _moved(piece.exclusive, start_s, names)
    return Speakers(tuple(sorted(turns)), tuple(sorted(exclusive)), known)


def _moved(labelled: Labelled, by_s: float, names: dict[str, str]) -> Labelled:
    return tuple((shift([span], by_s)[0], names[label]) for span, label in labelled if not span.is_empty)


def _names(
    labels: Sequence[str],
    prints: dict[str, np.ndarray[Any, Any]],
    known: dict[str, np.ndarray[Any, Any]],
    *,
    max_speakers: int,
) -> dict[str, str]:
    from scipy.optimize import linear_sum_assignment

    names: dict[str, str] = {}
    if known and labels:
        old = list(known)
        cost = np.array([[-_cosine(prints[label], known[name]) for name in old] for label in labels])
        names = {labels[i]: old[j] for i, j in zip(*linear_sum_assignment(cost))}
    for label in labels:
        if label in names:
            continue
        if len(known) < max_speakers:
            names[label] = f"S{len(known)}"
            known[names[label]] = prints[label]
        else:
            names[label] = max(known, key=lambda name: _cosine(prints[label], known[name]))
    return names


def _cosine(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> float:
    product = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(np.nan_to_num(a @ b / product)) if product > 0 else 0.0
