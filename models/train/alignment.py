"""Where each character lies in a rendered sentence: the best CTC path through its sounds.

Found once for every sentence by the encoder that has learned to hear; windows inherit it.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from models.train.network import Network, half_where_fast
from models.train.pool import Pool, to
from models.train.windows import plain

BATCH_FRAMES = 400_000  # of 10 ms, at a time


@torch.no_grad()
def align_new(network: Network, pool: Pool) -> None:
    """Fills ``pool.begins`` (20 ms frames from the sentence's first) where it is not known yet."""
    waiting = pool.order[pool.begins[pool.firsts[pool.order]] < 0]
    network.eval()
    at = 0
    while at < len(waiting):
        # lengths rise, so the last of a batch tells what it takes
        size = max(
            1,
            int(
                np.searchsorted(
                    np.arange(1, len(waiting) - at + 1) * pool.lengths[waiting[at:]], BATCH_FRAMES
                )
            ),
        )
        _align(network, pool, waiting[at : at + size])
        at += size
    network.train()


def _align(network: Network, pool: Pool, chosen: np.ndarray) -> None:
    device = pool.frames.device
    with half_where_fast(device):
        states, _ = network.encoder(plain(pool, chosen))
    frames = pool.lengths[chosen] // 2
    shares = F.log_softmax(network.sound_head(states[:, : int(frames.max())].float()), -1)
    places, whose = pool.characters(chosen)
    counts = 2 * np.bincount(whose, minlength=len(chosen))
    wanted = np.zeros((len(chosen), int(counts.max())), np.int64)
    wanted[np.arange(wanted.shape[1]) < counts[:, None]] = pool.sounds[places].ravel()
    begins = best_path(shares, to(device, wanted), to(device, frames), to(device, counts))
    onsets = begins.cpu().numpy()[:, ::2]
    pool.begins[places] = onsets[np.arange(onsets.shape[1]) < counts[:, None] // 2]


def best_path(shares: Tensor, wanted: Tensor, frames: Tensor, counts: Tensor) -> Tensor:
    """Frame at which each wanted sound begins, on the best CTC path (Viterbi).

    ``shares`` [B,T,C] are logarithms, 0 is blank; ``wanted`` [B,U] padded; ``frames``, ``counts`` [B] tell how
    many of T and U count. Returns [B,U].
    """
    batch, length, _ = shares.shape
    states = 2 * wanted.shape[1] + 1
    label = wanted.new_zeros(batch, states)
    label[:, 1::2] = wanted
    skip = label.new_zeros(batch, states, dtype=torch.bool)  # from one sound to another, without blank
    skip[:, 3::2] = label[:, 3::2] != label[:, 1:-2:2]
    never = torch.tensor(-1e30, device=shares.device)
    score = torch.full((batch, states), -1e30, device=shares.device)
    score[:, :2] = shares[:, 0].gather(1, label[:, :2])
    came = torch.zeros(length, batch, states, dtype=torch.uint8, device=shares.device)
    for t in range(1, length):
        one = F.pad(score[:, :-1], (1, 0), value=-1e30)
        two = torch.where(skip, F.pad(score[:, :-2], (2, 0), value=-1e30), never)
        best, step = torch.stack([score, one, two]).max(0)
        on = (t < frames)[:, None]
        came[t] = torch.where(on, step, 0)
        score = torch.where(on, best + shares[:, t].gather(1, label), score)
    last = 2 * counts[:, None]
    ending = torch.cat([last, last - 1], 1)
    state = ending.gather(1, score.gather(1, ending).argmax(1, keepdim=True))
    begins = torch.zeros_like(label)
    for t in range(length - 1, -1, -1):
        begins.scatter_(1, state, t)
        state = state - came[t].gather(1, state)
    return begins[:, 1::2]
