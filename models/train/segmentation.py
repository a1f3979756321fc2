"""Who speaks within five seconds: a small PyanNet over the powerset of three speakers, two at once."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import torch
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.segmentation import PyanNet
from torch.nn import functional

from models.train.fit import fit, recycled, waveforms
from models.train.mono_calls import CHUNK_S, MAX_SPEAKERS, MODEL_HZ, Speaker, frame_labels, simulate

POWERSET = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))  # pyannote's order
TELEPHONE_HZ = (120.0, 3600.0)
TALKED_OVER = 0.25  # more than in calls: two at once are rare and must be learnt


def new_segmentation() -> PyanNet:
    """A small PyanNet whose first filters lie in the telephone band and stay there."""
    model = PyanNet(
        sincnet={"stride": 20},
        lstm={"hidden_size": 64, "num_layers": 2, "bidirectional": True, "monolithic": True},
        linear={"hidden_size": 64, "num_layers": 1},
    )
    model.specifications = Specifications(
        problem=Problem.MONO_LABEL_CLASSIFICATION,
        resolution=Resolution.FRAME,
        duration=CHUNK_S,
        min_duration=None,
        warm_up=(0.0, 0.0),
        classes=[f"speaker#{i + 1}" for i in range(MAX_SPEAKERS)],
        powerset_max_classes=2,
        permutation_invariant=True,
    )
    model.build()
    filters = model.sincnet.conv1d[0].filterbank
    mel = np.linspace(
        filters.to_mel(TELEPHONE_HZ[0]), filters.to_mel(TELEPHONE_HZ[1]), len(filters.low_hz_) + 1
    )
    hz = torch.from_numpy(filters.to_hz(mel)).float().view(-1, 1)
    filters.low_hz_.data = hz[:-1] - filters.min_low_hz
    filters.band_hz_.data = (hz.diff(dim=0) * 1.5 - filters.min_band_hz).clamp(min=10.0)
    for frozen in (model.sincnet.wav_norm1d, model.sincnet.conv1d[0]):
        frozen.requires_grad_(False)  # two thirds of the cost of a step would go into learning these
    return model


def train_segmentation(bank: list[Speaker], *, steps: int, batch: int, seed: int, keep: Path) -> PyanNet:
    torch.manual_seed(seed)
    rng = np.random.default_rng((seed, 1))
    model = new_segmentation()
    window = model.receptive_field
    frames = model.num_frames(round(CHUNK_S * MODEL_HZ))
    centres = window.start + np.arange(frames) * window.step + window.duration / 2

    def examples() -> tuple[torch.Tensor, torch.Tensor]:
        chunks = [simulate(rng, bank, CHUNK_S, talked_over=TALKED_OVER) for _ in range(batch)]
        labels = torch.from_numpy(np.stack([frame_labels(chunk, centres) for chunk in chunks]))
        return _frozen_part(model, waveforms(chunks)), labels

    batches = recycled(examples, rng)

    def loss(model: PyanNet) -> torch.Tensor:
        bands, labels = next(batches)
        return permutation_loss(_learnt_part(model, bands.float()), labels)

    return fit(model, loss, steps=steps, rate=1.5e-3, name="segmentation", keep=keep)


def _frozen_part(model: PyanNet, sound: torch.Tensor) -> torch.Tensor:
    """What ``PyanNet.forward`` computes before its first learnt layer ``[batch, bands, frames]``, as float16."""
    with torch.no_grad():
        net = model.sincnet
        return net.pool1d[0](torch.abs(net.conv1d[0](net.wav_norm1d(sound)))).half()


def _learnt_part(model: PyanNet, bands: torch.Tensor) -> torch.Tensor:
    """The rest of ``PyanNet.forward``: powerset log-probabilities ``[batch, frames, 7]``."""
    net = model.sincnet
    hidden = functional.leaky_relu(net.norm1d[0](bands))
    for convolve, pool, norm in zip(net.conv1d[1:], net.pool1d[1:], net.norm1d[1:]):
        hidden = functional.leaky_relu(norm(pool(convolve(hidden))))
    hidden, _ = model.lstm(hidden.transpose(1, 2))
    for linear in model.linear:
        hidden = functional.leaky_relu(linear(hidden))
    return model.activation(model.classifier(hidden))


def permutation_loss(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cross entropy of powerset log-probabilities ``[batch, frames, 7]`` under the best speaker order.

    ``labels``: 0/1 ``[batch, frames, 3]``; a frame with all three at once counts as the first two.
    """
    orders = []
    for order in itertools.permutations(range(MAX_SPEAKERS)):
        target = _powerset_index(labels[..., list(order)])
        nll = functional.nll_loss(scores.flatten(0, 1), target.flatten(), reduction="none")
        orders.append(nll.view(target.shape).mean(dim=1))
    return torch.stack(orders).min(dim=0).values.mean()


def _powerset_index(labels: torch.Tensor) -> torch.Tensor:
    code = (labels * torch.tensor([1.0, 2.0, 4.0])).sum(dim=-1).long()
    table = torch.zeros(8, dtype=torch.long)
    for place, members in enumerate(POWERSET):
        table[sum(1 << member for member in members)] = place
    table[7] = POWERSET.index((0, 1))
    return table[code]
