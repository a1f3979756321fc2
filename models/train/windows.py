"""Training windows put together from rendered sentences, new each time they are drawn.

A window holds one or more sentences with pauses, or a clip without speech; what is left of it is the padding
faster-whisper uses (zeros in the mel domain), or the line's own silence. ``lay_out`` decides which
frame of the pool comes where; ``compose`` fetches them on the training device and draws pace, level,
colour and masks anew. The floor 8 decades under the loudest frame is put on the whole window, as the
extractor does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.train.pool import Ints, Pool, to
from models.train.speech import OFFSET, SCALE

FLOOR = 2.0  # 8 decades, after the extractor's division by 4
PACES = (0.88, 1.16)
STOP = 0.15  # chance that a window of many sentences ends after one of them
SILENT = 0.5  # chance that the rest of a window is the line's silence


@dataclass(frozen=True)
class Layout:
    """B windows of L frames of 10 ms. The sentences of a window follow each other, windows too."""

    source: NDArray[np.int32]  # [B,L] frame of the pool, -1: padding
    owner: NDArray[np.int32]  # [B,L] whose frame it is, by number in the following; -1: padding
    sentence: Ints  # [K] of the pool; -1: a clip without speech
    window: Ints  # [K]
    first: Ints  # [K] frame at which the sentence, silent edges included, begins
    pace: NDArray[np.float64]  # [K] pool frames per window frame

    @property
    def spoken(self) -> NDArray[np.bool_]:
        return self.sentence >= 0


def lay_out(
    pool: Pool, contents: Ints, length: int, rng: np.random.Generator, *, many: bool, blank: float = 0.0
) -> Layout:
    """One window for each of ``contents``, the frames that sentences may take of its ``length``.

    ``many``: as many sentences as chance allows; else one that about fills it. ``blank``: share of windows
    that get a clip without speech instead.
    """
    drawn = rng.random(len(contents)) < (blank if len(pool.blanks) else 0.0)
    seed = int(rng.integers(2**31))
    edges = pool.starts, pool.lengths, pool.leads, pool.tails
    return Layout(
        *_place(
            contents, drawn, length, many, *edges, pool.order, pool.lengths[pool.order], pool.blanks, seed
        )
    )


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _place(contents, blank, length, many, starts, lengths, leads, tails, order, by_length, blanks, seed):  # type: ignore[no-untyped-def]
    np.random.seed(seed)
    count = len(contents)
    source = np.full((count, length), -1, np.int32)
    owner = np.full((count, length), -1, np.int32)
    most = 40 * count
    sentence, window, first = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    pace = np.ones(most)
    k = 0
    for b in range(count):
        if blank[b]:
            clip = np.random.randint(len(blanks))
            part = min(length, blanks[clip, 1], np.random.randint(50, length + 1))
            begin = blanks[clip, 0] + np.random.randint(0, blanks[clip, 1] - part + 1)
            for p in range(part):
                source[b, p], owner[b, p] = begin + p, k
            sentence[k], window[k], first[k] = -1, b, 0
            k += 1
            continue
        at, i, here, head, foot = 0, -1, 0, 1, 1
        while k < most and here < 40:
            fast = np.random.uniform(PACES[0], PACES[1]) if np.random.random() < 0.5 else 1.0
            room = int((contents[b] - at) * fast)
            low = 0 if many else np.searchsorted(by_length, int(0.7 * room))
            high = np.searchsorted(by_length, room + 1)
            if high <= low:
                break
            i = order[np.random.randint(low, high)]
            taken = int(lengths[i] / fast)
            head, foot = max(leads[i] - 2, 1), max(tails[i] - 2, 1)
            if many and here:
                for _ in range(min(int(np.random.exponential(25)), contents[b] - at - taken)):
                    source[b, at], owner[b, at] = _edge(starts[i], lengths[i], head, foot), k
                    at += 1
            for p in range(taken):
                source[b, at + p] = starts[i] + min(lengths[i] - 1, int(p * fast))
                owner[b, at + p] = k
            sentence[k], window[k], first[k], pace[k] = i, b, at, fast
            at += taken
            k += 1
            here += 1
            if not many or np.random.random() < STOP:
                break
        if here and np.random.random() < SILENT:
            rest = length - at if np.random.random() < 0.5 else np.random.randint(0, length - at + 1)
            for _ in range(rest):
                source[b, at], owner[b, at] = _edge(starts[i], lengths[i], head, foot), k - 1
                at += 1
    return source, owner, sentence[:k], window[:k], first[:k], pace[:k]


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def _edge(start, length, head, foot):  # type: ignore[no-untyped-def]
    """A frame of the line's own silence before or after a sentence."""
    place = np.random.randint(0, head + foot)
    return start + (place if place < head else length - foot + place - head)


def compose(pool: Pool, layout: Layout, rng: np.random.Generator, *, mask: float = 0.0) -> Tensor:
    """Log-mel [B,80,L] on the pool's device. ``mask``: share of windows with hidden parts."""
    device = pool.frames.device
    source, owner = to(device, layout.source), to(device, layout.owner)
    count = len(layout.sentence)
    bands = to(device, _WARPS[rng.integers(len(_WARPS), size=count)])  # [K,80]
    colour = to(device, _colours(rng, count))
    there = (source >= 0)[..., None]
    whose = owner.clamp(min=0).long()
    flat = source.clamp(min=0).long()[..., None] * 80 + bands[whose]
    mel = pool.frames.view(-1)[flat].float() / SCALE - OFFSET + colour[whose]
    peak = mel.masked_fill(~there, -1e4).amax((1, 2), keepdim=True)
    mel = torch.where(there, torch.maximum(mel, peak - FLOOR), 0.0)
    if mask:
        mel = _masked(mel, there, rng, share=mask)
    return mel.transpose(1, 2)


def plain(pool: Pool, chosen: Ints) -> Tensor:
    """Log-mel [B,80,L] of single sentences as they were rendered, padded with zeros to an even length."""
    longest = int(pool.lengths[chosen].max()) + 1 & ~1
    place = np.arange(longest)
    source = np.where(place < pool.lengths[chosen, None], pool.starts[chosen, None] + place, -1)
    at = to(pool.frames.device, source)
    mel = pool.frames[at.clamp(min=0)].float() / SCALE - OFFSET
    return torch.where((at >= 0)[..., None], mel, 0.0).transpose(1, 2)


def _warp(factors: NDArray[np.float64]) -> Ints:
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


def _warps(count: int, rng: np.random.Generator) -> Ints:
    """Half of them one factor for all frequencies, half another at each."""
    one = rng.uniform(0.93, 1.08, (count, 1))
    each = rng.uniform(0.95, 1.06, (count, 5)) * (np.arange(count) % 2)[:, None]
    return np.stack([_warp(f) for f in np.where(each > 0, each * one**0.5, one)])


_MEL_TOP = 15 + 27 * np.log(8.0) / np.log(6.4)  # 8 kHz
_WARPS = _warps(100, np.random.default_rng(20261122))


def _colours(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    """Level and a smooth change of the line's response over the mel bands [K,80]."""
    knots = rng.normal(0, 0.06, (count, 5)) + rng.uniform(-0.2, 0.2, (count, 1))
    at = np.linspace(0, 4, 80)
    low = np.minimum(at.astype(int), 3)
    return (knots[:, low] * (low + 1 - at) + knots[:, low + 1] * (at - low)).astype(np.float32)


def _masked(mel: Tensor, there: Tensor, rng: np.random.Generator, *, share: float) -> Tensor:
    """SpecAugment, light: up to ten bands and a tenth of a second in every two take the window's mean."""
    count, length, _ = mel.shape
    chosen = rng.random((count, 1)) < share
    hidden_bands = _stretch(rng, (count, 1), 64, 80) & chosen
    hidden_frames = _stretch(rng, (count, max(1, length // 200)), length, length) & chosen
    hidden = to(mel.device, hidden_bands)[:, None] | to(mel.device, hidden_frames)[..., None]
    mean = mel.sum((1, 2), keepdim=True) / (80 * there.sum((1, 2), keepdim=True)).clamp(min=1)
    return torch.where(hidden & there, mean, mel)


def _stretch(rng: np.random.Generator, shape: tuple[int, int], high: int, size: int) -> NDArray[np.bool_]:
    """[B,size] true in ``shape[1]`` stretches of up to nine places each that begin under ``high``."""
    width = rng.integers(0, 10, shape)[..., None]
    low = rng.integers(0, max(1, high - 9), shape)[..., None]
    place = np.arange(size)
    return ((place >= low) & (place < low + width)).any(axis=1)
