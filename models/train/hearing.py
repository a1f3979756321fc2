"""First stage: the encoder alone learns the sounds of Mandarin on the telephone line.

CTC over onsets and toned rhymes. CTC from nothing sits on a plateau for minutes, so the first steps
spread each short sentence's sounds evenly over its speech and learn frame by frame (a flat start, as
HMM recognisers had it); CTC takes over from there. Sentences grow longer step by step.
"""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.train.network import Network, half_where_fast
from models.train.optimiser import Optimiser
from models.train.speech import OFFSET, SCALE
from models.train.windows import Pool, Window, draw_window

BLANK = 0


@dataclass(frozen=True, slots=True)
class HearingPlan:
    """Steps of about ``audio_s`` seconds of windows each."""

    steps: int = 2000
    limit_s: float = 3600.0  # the stage ends then at the latest, its rate fallen
    fall: float = 0.4  # share of the stage over which the rate falls
    flat_steps: int = 120  # frame by frame, fading out over the next as many
    audio_s: float = 80.0
    rate: float = 3e-3
    shortest_s: float = 1.2
    longest_s: float = 10.0
    mask_from: float = (
        0.7  # share of the stage after which parts are hidden; earlier it undoes what was learned
    )
    many: float = 0.3

    def window_s(self, step: int, done: float, rng: np.random.Generator) -> tuple[float, bool]:
        """Window length and whether it packs many sentences, by how far training has come (``done`` 0..1)."""
        if step < 1.5 * self.flat_steps:
            return float(rng.uniform(self.shortest_s, 2.4)), False
        if done < 0.25:
            return float(rng.uniform(1.5, 2.5 + 10 * done)), False
        long = self.longest_s * min(1.0, done + 0.4)
        if rng.random() < self.many:
            return float(rng.uniform(0.5 * long, long)), True
        return float(rng.uniform(1.5, long)), False


def rate_at(step: int, done: float, top: float, *, warm: int = 60, fall: float = 0.7) -> float:
    """Warm-up by ``step``, flat, then falling to a twentieth over the last ``fall`` of what is to be done (0..1)."""
    return top * min(1.0, (step + 1) / warm, 0.05 + 0.95 * max(0.0, 1 - done) / fall)


def sound_inventory(pool: Pool) -> dict[str, int]:
    """Number of every sound heard in the first shards; 0 is CTC's blank, 1 whatever comes later."""
    counts = Counter(unit for sounds in pool.sounds for unit in sounds.split())
    return {unit: i + 2 for i, unit in enumerate(sorted(counts))}


def targets(pool: Pool, window: Window, inventory: dict[str, int]) -> list[int]:
    return [inventory.get(unit, 1) for i in window.sentences for unit in pool.sounds[i].split()]


def batch_of(windows: list[Window]) -> Tensor:
    """[B,80,T]."""
    return torch.from_numpy(np.stack([w.mel for w in windows])).transpose(1, 2)


def ctc(network: Network, states: Tensor, wanted: list[list[int]]) -> Tensor:
    """CTC per sound of states [B,T,D]."""
    shares = F.log_softmax(network.sound_head(states), -1).transpose(0, 1)
    sizes = torch.tensor([len(w) for w in wanted])
    lengths = torch.full((len(wanted),), states.shape[1])
    flat = torch.tensor([unit for w in wanted for unit in w], device=states.device)
    return F.ctc_loss(shares, flat, lengths, sizes, reduction="sum", zero_infinity=True) / sizes.sum()


def flat_labels(window: Window, wanted: list[int], length: int) -> NDArray[np.int64]:
    """Even spread of one sentence's sounds over its speech, per 20 ms; the onset is a third of a syllable."""
    labels = np.full(length, BLANK, np.int64)
    start, end = (f // 2 for f in window.spans[0])
    share = np.linspace(start, end, len(wanted) // 2 + 1)
    for i, (a, b) in enumerate(itertools.pairwise(share)):
        middle = a + (b - a) / 3
        labels[round(a) : round(middle)] = wanted[2 * i]
        labels[round(middle) : round(b)] = wanted[2 * i + 1]
    return labels


def learn_to_hear(
    network: Network,
    pool: Pool,
    inventory: dict[str, int],
    plan: HearingPlan,
    *,
    rng: np.random.Generator,
    log: Callable[[str], None],
) -> None:
    """Trains encoder and sound head in place."""
    optimiser = Optimiser([network.encoder, network.sound_head])
    device = next(network.parameters()).device
    network.train()
    begun, heard = time.time(), 0.0
    for step in range(plan.steps):
        done = max(step / plan.steps, (time.time() - begun) / plan.limit_s)
        if done >= 1:
            break
        seconds, many = plan.window_s(step, done, rng)
        length = int(seconds * 100) // 2 * 2
        mask = done > plan.mask_from
        count = max(6, round(plan.audio_s / seconds))
        windows = [draw_window(pool, length, rng, many=many, mask=mask) for _ in range(count)]
        windows = [w for w in windows if w.sentences]
        wanted = [targets(pool, w, inventory) for w in windows]
        with half_where_fast(device):
            states, _ = network.encoder(batch_of(windows).to(device))
        states = states[:, : length // 2].float()
        loss = ctc(network, states, wanted)
        total = loss
        flat = min(1.0, 2 - step / plan.flat_steps)
        if flat > 0 and not many:
            labels = np.stack([flat_labels(w, t, length // 2) for w, t in zip(windows, wanted)])
            framewise = F.cross_entropy(
                network.sound_head(states).flatten(0, 1), torch.from_numpy(labels).flatten().to(device)
            )
            total = flat * framewise + (1 - 0.9 * flat) * loss
        optimiser.zero_grad()
        total.backward()
        optimiser.step(rate_at(step, done, plan.rate, fall=plan.fall))
        heard += count * seconds
        if step % 20 == 19:
            extra = f" frames {framewise.item():.3f}" if flat > 0 and not many else ""
            log(f"hear {step + 1}/{plan.steps} ctc {loss.item():.3f}{extra} window {seconds:.1f}s "
                f"{heard / (time.time() - begun):.0f} audio-s/s")  # fmt: skip


@torch.no_grad()
def sound_error(network: Network, shard_pool: Pool, inventory: dict[str, int], *, count: int = 256) -> float:
    """Greedy CTC edit distance per sound over the first ``count`` sentences of a pool."""
    from rapidfuzz.distance import Levenshtein

    network.eval()
    wrong = total = 0
    for i in range(min(count, len(shard_pool.texts))):
        frames = shard_pool.frames[i]
        length = len(frames) // 2 * 2
        mel = frames[:length].astype(np.float32) / SCALE - OFFSET
        states, _ = network.encoder(torch.from_numpy(mel.T[None].copy()))
        best = network.sound_head(states[0, : length // 2]).argmax(-1).tolist()
        read = [u for u, before in zip(best, [BLANK, *best[:-1]]) if u not in (BLANK, before)]
        truth = [inventory.get(u, 1) for u in shard_pool.sounds[i].split()]
        wrong += Levenshtein.distance(read, truth)
        total += len(truth)
    network.train()
    return wrong / total


def pool_of(path: Path) -> Pool:
    """The sentences of one shard file."""
    pool = Pool(path.parent)
    pool.seen = {p for p in path.parent.glob("*.npz") if p != path}
    pool.grow()
    return pool
