"""All sentences rendered so far: their frames on the training device, what is said in them beside.

Sentences, their characters and their sounds (two a character) lie one behind the other in flat arrays,
so that batches are put together without a loop over them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.train.speech import Shard, pack
from models.train.tokens import number

Ints = NDArray[np.int64]
OTHER_SOUND = 1  # what the first shards did not have; 0 is CTC's blank


class Pool:
    """Sentence ``i`` has frames ``starts[i]`` to ``starts[i] + lengths[i]`` (10 ms each), of which ``leads[i]``
    at its beginning and ``tails[i]`` at its end hold no speech, and characters ``ends[i-1]`` to ``ends[i]``.

    ``blanks``: (start, length) of clips without speech, which are no sentences.
    """

    def __init__(self, folder: Path, *, device: torch.device) -> None:
        self.folder = folder
        self.frames = torch.zeros(0, 80, dtype=torch.uint8, device=device)
        self.inventory: dict[str, int] = {}
        self.tokens: NDArray[np.int32] = np.zeros(0, np.int32)
        self.sounds: NDArray[np.int32] = np.zeros((0, 2), np.int32)
        self.begins: NDArray[np.int32] = np.zeros(0, np.int32)
        self.starts, self.lengths, self.leads, self.tails, self.ends, self.order = (
            np.zeros(0, np.int64) for _ in range(6)
        )
        self.blanks: Ints = np.zeros((0, 2), np.int64)
        self._used = 0
        self._seen: set[Path] = set()

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def firsts(self) -> Ints:
        """Where each sentence's characters begin in ``tokens``."""
        return np.concatenate([[0], self.ends[:-1]]).astype(np.int64)

    def grow(self) -> int:
        """Takes in new shards of the folder; how many sentences there are now."""
        new = [
            p for p in sorted(self.folder.glob("[0-9]*.npz")) if p not in self._seen and ".part" not in p.name
        ]
        shards = [Shard.load(path) for path in new]
        self._seen.update(new)
        if not self.inventory:
            self.inventory = sound_inventory(text for shard in shards for text in shard.sounds)
        for shard in shards:
            self._add(shard)
        self.order = np.argsort(self.lengths, kind="stable")
        return len(self)

    def add_blanks(self, clips: Sequence[NDArray[np.float32]]) -> None:
        """Clips without speech, log-mel [T,80] each."""
        for clip in clips:
            start = self._store(pack(clip.T))
            self.blanks = np.concatenate([self.blanks, [[start, len(clip)]]])

    def characters(self, chosen: Ints) -> tuple[Ints, Ints]:
        """Places in ``tokens`` of all characters of the chosen sentences, and which of the chosen each is of."""
        firsts = self.firsts[chosen]
        counts = self.ends[chosen] - firsts
        return spread(firsts, counts), np.repeat(np.arange(len(chosen)), counts)

    def _add(self, shard: Shard) -> None:
        start = self._store(shard.frames)
        lengths = np.diff(shard.ends, prepend=0)
        sounds = [self.inventory.get(s, OTHER_SOUND) for text in shard.sounds for s in text.split()]
        self.tokens = np.append(self.tokens, np.array([number(c) for t in shard.texts for c in t], np.int32))
        self.sounds = np.append(self.sounds, np.array(sounds, np.int32).reshape(-1, 2), axis=0)
        self.begins = np.append(self.begins, np.full(len(self.tokens) - len(self.begins), -1, np.int32))
        before = int(self.ends[-1]) if len(self.ends) else 0
        self.ends = np.append(self.ends, before + np.cumsum([len(t) for t in shard.texts]))
        self.starts = np.append(self.starts, start + shard.ends - lengths)
        self.lengths = np.append(self.lengths, lengths)
        self.leads = np.append(self.leads, shard.edges[:, 0])
        self.tails = np.append(self.tails, shard.edges[:, 1])

    def _store(self, frames: NDArray[np.uint8]) -> int:
        """Where the frames now begin."""
        needed = self._used + len(frames)
        if needed > len(self.frames):
            larger = self.frames.new_zeros(max(needed, 2 * len(self.frames)), 80)
            larger[: self._used] = self.frames[: self._used]
            self.frames = larger
        self.frames[self._used : needed] = torch.from_numpy(frames).to(self.frames.device)
        self._used, start = needed, self._used
        return start


def sound_inventory(said: Iterable[str]) -> dict[str, int]:
    """A number from 2 on for every sound in ``said``."""
    sounds = {unit for text in said for unit in text.split()}
    return {unit: i + 2 for i, unit in enumerate(sorted(sounds))}


def spread(first: Ints, counts: Ints) -> Ints:
    """``first[0]``, ``first[0] + 1``, … (``counts[0]`` of them), then the same of the next."""
    total = int(counts.sum())
    before = np.cumsum(counts) - counts
    return np.arange(total) - np.repeat(before - first, counts)


def to(device: torch.device, array: NDArray[np.generic]) -> Tensor:
    """A numpy array as a tensor there, without waiting for the device."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    return tensor.pin_memory().to(device, non_blocking=True) if device.type == "cuda" else tensor
