"""Training windows put together from rendered sentences, new each time they are drawn.

A window holds one or more sentences with pauses; what is left of it is the padding faster-whisper
uses (zeros in the mel domain), or the line's own silence. Level, colour and masks are drawn anew,
and the floor 8 decades under the loudest frame is put on the whole window, as the extractor does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.train.speech import OFFSET, SCALE, Shard

FLOOR = 2.0  # 8 decades, after the extractor's division by 4


@dataclass(frozen=True)
class Window:
    """``mel`` [T,80]; sentences with the frames at which their speech begins and ends."""

    mel: NDArray[np.float32]
    sentences: list[int]
    spans: list[tuple[int, int]]


class Pool:
    """All sentences rendered so far, by length; ``grow`` looks for new shards."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.seen: set[Path] = set()
        self.frames: list[NDArray[np.uint8]] = []
        self.edges: list[tuple[int, int]] = []
        self.texts: list[str] = []
        self.sounds: list[str] = []
        self.kinds: list[str] = []
        self.order = np.zeros(0, np.int64)
        self.lengths = np.zeros(0, np.int64)

    def grow(self) -> int:
        for path in sorted(self.folder.glob("[0-9]*.npz")):
            if path in self.seen or ".part" in path.name:
                continue
            self.seen.add(path)
            shard = Shard.load(path)
            self.frames += np.split(shard.frames, shard.ends[:-1])
            self.edges += [tuple(e) for e in shard.edges.tolist()]
            self.texts += shard.texts
            self.sounds += shard.sounds
            self.kinds += shard.kinds
        lengths = np.array([len(f) for f in self.frames])
        self.order = np.argsort(lengths, kind="stable")
        self.lengths = lengths[self.order]
        return len(self.texts)

    def pick(self, longest: int, rng: np.random.Generator, *, shortest: int = 0) -> int | None:
        """A sentence of at least ``shortest`` and at most ``longest`` frames."""
        low, high = np.searchsorted(self.lengths, [shortest, longest + 1])
        return int(self.order[rng.integers(low, high)]) if high > low else None


def draw_window(
    pool: Pool, length: int, rng: np.random.Generator, *, many: bool, mask: bool, fill: float = 0.5
) -> Window:
    """A window of ``length`` frames. ``many``: as many sentences as chance allows; else one that about fills it.

    ``fill``: chance that the rest is the line's silence and not zeros.
    """
    mel = np.zeros((length, 80), np.float32)
    sentences: list[int] = []
    spans: list[tuple[int, int]] = []
    at, floor = 0, None
    while True:
        index = pool.pick(length - at, rng, shortest=0 if many else int(0.7 * length))
        if index is None:
            break
        frames = pool.frames[index].astype(np.float32) / SCALE - OFFSET
        frames = frames[:, _WARPS[int(rng.integers(len(_WARPS)))]] + (rng.uniform(-0.2, 0.2) + _colour(rng))
        lead, tail = pool.edges[index]
        edge = np.concatenate([frames[: max(lead - 2, 1)], frames[len(frames) - max(tail - 2, 1) :]])
        pause = min(int(rng.exponential(25)), length - at - len(frames)) if many and sentences else 0
        if pause:
            mel[at : at + pause] = edge[rng.integers(0, len(edge), pause)]
            at += pause
        mel[at : at + len(frames)] = frames
        spans.append((at + lead, at + len(frames) - tail))
        sentences.append(index)
        at += len(frames)
        floor = edge
        if not many or rng.random() < 0.15:
            break
    if floor is not None and rng.random() < fill:
        silent = length - at if rng.random() < 0.5 else int(rng.integers(0, length - at + 1))
        mel[at : at + silent] = floor[rng.integers(0, len(floor), silent)]
        at += silent
    if at:
        np.maximum(mel[:at], mel[:at].max() - FLOOR, out=mel[:at])
    if mask:
        _mask(mel[:at], rng)
    return Window(mel, sentences, spans)


def _warp(factors: NDArray[np.float64]) -> NDArray[np.int64]:
    """Which mel band each band is taken from when frequencies inside the telephone band move.

    ``factors`` [5]: how far at 300, 550, 1000, 1850 and 3400 Hz: other vocal tracts, formant by formant.
    """
    mel = np.linspace(0, _MEL_TOP, 82)[1:-1]
    hz = np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))  # Slaney's scale
    low, high = np.searchsorted(hz, [280.0, 3450.0])
    factor = np.interp(np.log(hz), np.linspace(np.log(300), np.log(3400), 5), factors)
    source = np.abs(hz[None] - (hz / factor)[:, None]).argmin(1).clip(low, high - 1)
    inside = np.arange(80)
    inside[low:high] = source[low:high]
    return inside


def _warps(count: int, rng: np.random.Generator) -> list[NDArray[np.int64]]:
    """Half of them one factor for all frequencies, half another at each."""
    one = rng.uniform(0.93, 1.08, (count, 1))
    each = rng.uniform(0.95, 1.06, (count, 5)) * (np.arange(count) % 2)[:, None]
    return [_warp(f) for f in np.where(each > 0, each * one**0.5, one)]


_MEL_TOP = 15 + 27 * np.log(8.0) / np.log(6.4)  # 8 kHz
_WARPS = _warps(100, np.random.default_rng(20261122))


def _colour(rng: np.random.Generator) -> NDArray[np.float32]:
    """A smooth change of the line's response over the mel bands."""
    knots = rng.normal(0, 0.06, 5)
    return np.interp(np.linspace(0, 4, 80), np.arange(5), knots).astype(np.float32)


def _mask(mel: NDArray[np.float32], rng: np.random.Generator) -> None:
    """SpecAugment, light: what is hidden takes the window's mean."""
    mean = float(mel.mean()) if len(mel) else 0.0
    width = int(rng.integers(0, 10))
    low = int(rng.integers(0, 64 - width))
    mel[:, low : low + width] = mean
    for _ in range(len(mel) // 200):
        width = int(rng.integers(0, 10))
        start = int(rng.integers(0, max(1, len(mel) - width)))
        mel[start : start + width] = mean
