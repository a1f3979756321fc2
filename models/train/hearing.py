"""First stage: the encoder alone learns the sounds of Mandarin on the telephone line.

CTC over onsets and toned rhymes. CTC from nothing sits on a plateau for minutes, so the first steps
spread each short sentence's sounds evenly over its speech and learn frame by frame (a flat start, as
HMM recognisers had it); CTC takes over from there. Sentences grow longer step by step.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.train.network import Network, half_where_fast
from models.train.optimiser import Optimiser
from models.train.pool import Pool, to
from models.train.windows import Layout, compose, lay_out, plain

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


def ctc(network: Network, states: Tensor, pool: Pool, layout: Layout) -> Tensor:
    """CTC per sound of states [B,T,D]; windows without speech count as nothing but blanks."""
    shares = F.log_softmax(network.sound_head(states), -1).transpose(0, 1)
    spoken = np.flatnonzero(layout.spoken)
    places, whose = pool.characters(layout.sentence[spoken])
    sizes = 2 * np.bincount(layout.window[spoken][whose], minlength=len(states))
    flat = to(states.device, pool.sounds[places].ravel().astype(np.int64))
    lengths = torch.full((len(states),), states.shape[1])
    loss = F.ctc_loss(shares, flat, lengths, torch.from_numpy(sizes), reduction="sum", zero_infinity=True)
    return loss / max(1, int(sizes.sum()))


def flat_labels(pool: Pool, layout: Layout) -> NDArray[np.int64]:
    """Each window's one sentence spread evenly over its speech [B,T], per 20 ms; an onset is a third of a syllable."""
    labels = np.full((len(layout.source), layout.source.shape[1] // 2), BLANK, np.int64)
    for sentence, window, pace in zip(layout.sentence, layout.window, layout.pace):
        start = pool.leads[sentence] / pace / 2
        end = (pool.lengths[sentence] - pool.tails[sentence]) / pace / 2
        sounds = pool.sounds[slice(*characters_of(pool, int(sentence)))]
        share = np.linspace(start, end, len(sounds) + 1)
        for (onset, rhyme), a, b in zip(sounds, share, share[1:]):
            middle = a + (b - a) / 3
            labels[window, round(a) : round(middle)] = onset
            labels[window, round(middle) : round(b)] = rhyme
    return labels


def characters_of(pool: Pool, sentence: int) -> tuple[int, int]:
    """First place of a sentence in ``pool.tokens`` and the one after its last."""
    return (int(pool.ends[sentence - 1]) if sentence else 0), int(pool.ends[sentence])


def learn_to_hear(
    network: Network,
    pool: Pool,
    plan: HearingPlan,
    *,
    rng: np.random.Generator,
    log: Callable[[str], None],
) -> None:
    """Trains encoder and sound head in place; takes in new shards as they come."""
    optimiser = Optimiser([network.encoder, network.sound_head])
    device = pool.frames.device
    network.train()
    begun, heard = time.time(), 0.0
    for step in range(plan.steps):
        done = max(step / plan.steps, (time.time() - begun) / plan.limit_s)
        if done >= 1:
            break
        seconds, many = plan.window_s(step, done, rng)
        length = int(seconds * 100) // 2 * 2
        contents = np.full(max(6, round(plan.audio_s / seconds)), length)
        layout = lay_out(pool, contents, length, rng, many=many)
        mel = compose(pool, layout, rng, mask=1.0 if done > plan.mask_from else 0.0)
        with half_where_fast(device):
            states, _ = network.encoder(mel)
        states = states[:, : length // 2].float()
        loss = ctc(network, states, pool, layout)
        total = loss
        flat = min(1.0, 2 - step / plan.flat_steps)
        if flat > 0 and not many:
            labels = to(device, flat_labels(pool, layout))
            framewise = F.cross_entropy(network.sound_head(states).flatten(0, 1), labels.flatten())
            total = flat * framewise + (1 - 0.9 * flat) * loss
        optimiser.zero_grad()
        total.backward()
        optimiser.step(rate_at(step, done, plan.rate, fall=plan.fall))
        heard += len(contents) * seconds
        if step % 20 == 19:
            log(f"hear {step + 1} ctc {loss.item():.3f} window {seconds:.1f}s "
                f"{heard / (time.time() - begun):.0f} audio-s/s of {len(pool)} sentences")  # fmt: skip
        if step % 100 == 99:
            pool.grow()


@torch.no_grad()
def sound_error(network: Network, pool: Pool) -> float:
    """Greedy CTC edit distance per sound over a small pool's sentences."""
    from rapidfuzz.distance import Levenshtein

    network.eval()
    wrong = total = 0
    for chosen in np.array_split(pool.order, max(1, len(pool) // 64)):
        states, _ = network.encoder(plain(pool, chosen))
        best = network.sound_head(states).argmax(-1).cpu().numpy()
        for line, sentence in zip(best, chosen):
            line = line[: pool.lengths[sentence] // 2]
            read = line[(line != BLANK) & (np.append(BLANK, line[:-1]) != line)]
            truth = pool.sounds[slice(*characters_of(pool, int(sentence)))].ravel()
            wrong += Levenshtein.distance(read.tolist(), truth.tolist())
            total += len(truth)
    network.train()
    return wrong / max(1, total)
