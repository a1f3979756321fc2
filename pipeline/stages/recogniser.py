"""faster-whisper over packed windows: its batched pipeline, asked for the windows one by one or many.

The model is a folder, checked before it is loaded; the hub is switched off first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.config import TranscribeConfig
from pipeline.models import Models, offline
from pipeline.types import Span, Word

RATE_HZ = 16_000
# Between windows given to faster-whisper together. It reads the first words of a window by the pause since
# the last one's; with more than 4 × its longest median word (0.7 s) everywhere, company changes nothing.
GAP_S = 4


@dataclass(frozen=True, slots=True)
class Recognised:
    """One segment of a window. Words in window time; the numbers are faster-whisper's own evidence."""

    text: str
    words: tuple[Word, ...]
    no_speech: float  # 0..1
    mean_logprob: float
    compression: float  # of the text by zlib


class Recogniser:
    """Loaded once per worker; ``read`` gives the segments of each window, in order."""

    def __init__(self, *, models: Models, settings: TranscribeConfig, threads: int) -> None:
        self._models = models
        self._settings = settings
        self._threads = threads
        self._batched: Any = None

    def open(self) -> None:
        """Raises ModelError when the model is not there or not the pinned one."""
        if self._batched is not None:
            return
        folder = self._models.asr.folder()
        offline()
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        model = WhisperModel(
            str(folder), device=self._models.device, compute_type=self._models.compute_type,
            cpu_threads=self._threads, local_files_only=True,
        )  # fmt: skip
        self._batched = BatchedInferencePipeline(model)

    def read(self, sounds: Sequence[NDArray[np.float32]]) -> list[list[Recognised]]:
        """``sounds``: windows of at most 30 s, mono float32 ``[n]`` at 16 kHz."""
        self.open()
        starts, joined = _laid_out(sounds)
        clips = [
            {"start": start / RATE_HZ, "end": (start + len(sound)) / RATE_HZ}
            for start, sound in zip(starts, sounds)
        ]
        segments, _ = self._batched.transcribe(
            joined,
            language=self._settings.language,
            beam_size=self._settings.beam_size,
            batch_size=self._settings.batch_size,
            clip_timestamps=clips,
            word_timestamps=True,
            without_timestamps=True,
            vad_filter=False,  # voice activity is the audition's
            condition_on_previous_text=False,  # an error must not talk the next window into repeating it
            temperature=0.0,
        )
        out: list[list[Recognised]] = [[] for _ in sounds]
        edges = [clip["start"] for clip in clips]
        for segment in segments:
            # word times may touch the edges; the segment's seek is its window's own start
            index = int(np.searchsorted(edges, segment.seek / 100 + 0.5, side="right")) - 1
            out[index].append(_recognised(segment, edges[index]))
        return out


def _laid_out(sounds: Sequence[NDArray[np.float32]]) -> tuple[list[int], NDArray[np.float32]]:
    """Starts in samples and all windows in one array with silence before each.

    Starts are whole seconds: faster-whisper truncates them to frames, and 8.29 s * 100 is 828 to it.
    """
    starts, at = [], GAP_S * RATE_HZ
    for sound in sounds:
        starts.append(at)
        at += (-(-len(sound) // RATE_HZ) + GAP_S) * RATE_HZ
    joined = np.zeros(at, np.float32)
    for start, sound in zip(starts, sounds):
        joined[start : start + len(sound)] = sound
    return starts, joined


def _recognised(segment: Any, start_s: float) -> Recognised:
    words = tuple(
        Word(
            word.word,
            Span(max(0.0, float(word.start) - start_s), float(word.end) - start_s),
            float(word.probability),
        )
        for word in segment.words or ()
    )
    return Recognised(
        segment.text,
        words,
        float(segment.no_speech_prob),
        float(segment.avg_logprob),
        float(segment.compression_ratio),
    )
