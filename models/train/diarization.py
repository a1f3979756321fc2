"""Makes models/demo/diarization from nothing: segmentation, embedding and PLDA, on simulated calls.

    python -m models.train.diarization --out models/demo/diarization [--smoke]

The result is a folder that ``pyannote.audio.Pipeline.from_pretrained`` loads offline, built of
pyannote.audio's own classes. Everything is seeded; on one core of 2024 the two trainings take about
25 and 10 minutes. It knows synthetic voices only.
"""

from __future__ import annotations

import os

os.environ["PYANNOTE_METRICS_ENABLED"] = "0"  # before pyannote is imported: it reads this at import

import argparse
import itertools
import pickle
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import XVectorMFCC
from pyannote.audio.models.segmentation import PyanNet
from scipy.linalg import eigh
from torch import nn
from torch.nn import functional
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from models.train.mono_calls import (
    MAX_SPEAKERS,
    MODEL_HZ,
    Chunk,
    Speaker,
    frame_labels,
    render_bank,
    simulate,
)

CHUNK_S = 5.0
POWERSET = ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2))  # pyannote's order, at most two at once
TELEPHONE_HZ = (120.0, 3600.0)
MFCC = {
    "n_mfcc": 40,
    "melkwargs": {
        "n_fft": 1024, "win_length": 640, "hop_length": 320, "n_mels": 40, "f_min": 150.0, "f_max": 3700.0,
    },
}  # fmt: skip
EMBEDDING = 64
NARROW = (128, 128, 128, 128, 384)  # trained widths; the saved XVectorMFCC pads them with zeros


@dataclass(frozen=True)
class Size:
    """How long to train."""

    voices: int = 240
    sentences: int = 8
    segmentation_steps: int = 2000
    embedding_steps: int = 1000
    batch: int = 32
    plda_chunks: int = 2500


SMOKE = Size(voices=8, sentences=3, segmentation_steps=12, embedding_steps=12, batch=8, plda_chunks=150)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--smoke", action="store_true", help="a few steps, to prove that it works end to end")
    parser.add_argument("--part", choices=("all", "segmentation", "embedding"), default="all")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    size = SMOKE if options.smoke else Size()
    bank = _bank(size, options.seed, options.scratch)
    print(f"bank: {len(bank)} voices", flush=True)
    if options.part in ("all", "segmentation"):
        keep = options.scratch / "segmentation.pt"
        save(train_segmentation(bank, size, options.seed, keep), options.out / "segmentation")
    if options.part in ("all", "embedding"):
        model = train_embedding(bank, size, options.seed, options.scratch / "embedding.pt")
        save(model, options.out / "embedding", half=True)
        fit_plda(model, bank, size, options.seed, options.out / "plda")
    write_config(options.out)


# ---------------------------------------------------------------- segmentation


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


def train_segmentation(bank: list[Speaker], size: Size, seed: int, keep: Path) -> PyanNet:
    torch.manual_seed(seed)
    rng = np.random.default_rng((seed, 1))
    model = new_segmentation()
    window = model.receptive_field
    frames = model.num_frames(round(CHUNK_S * MODEL_HZ))
    centres = window.start + np.arange(frames) * window.step + window.duration / 2

    def loss(model: PyanNet) -> torch.Tensor:
        chunks = [simulate(rng, bank, CHUNK_S) for _ in range(size.batch)]
        labels = torch.from_numpy(np.stack([frame_labels(chunk, centres) for chunk in chunks]))
        return permutation_loss(model(_waveforms(chunks)), labels)

    return _train(model, loss, steps=size.segmentation_steps, rate=1.5e-3, name="segmentation", keep=keep)


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


# ---------------------------------------------------------------- embedding


def new_embedding(widths: tuple[int, ...] | None = None) -> XVectorMFCC:
    """pyannote's XVectorMFCC over the telephone band; with ``widths``, its narrow twin for training."""
    model = XVectorMFCC(mfcc=MFCC, dimension=EMBEDDING)
    model.specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=CHUNK_S
    )
    if widths is not None:
        channels = MFCC["n_mfcc"]
        for layer, width in enumerate(widths):
            old = model.tdnns[3 * layer]
            model.tdnns[3 * layer] = nn.Conv1d(channels, width, old.kernel_size, dilation=old.dilation)
            model.tdnns[3 * layer + 2] = nn.BatchNorm1d(width)
            channels = width
        model.embedding = nn.Linear(2 * channels, EMBEDDING)
    return model


def widened(narrow: XVectorMFCC) -> XVectorMFCC:
    """The same function in XVectorMFCC's own widths: what was not trained is zero."""
    wide = new_embedding()
    trained = narrow.state_dict()
    state = {}
    for name, like in wide.state_dict().items():
        value = trained[name]
        if value.shape == like.shape:
            state[name] = value
        elif name == "embedding.weight":  # means of all channels, then their deviations
            state[name] = torch.zeros_like(like)
            half, width = like.shape[1] // 2, value.shape[1] // 2
            state[name][:, :width], state[name][:, half : half + width] = value[:, :width], value[:, width:]
        else:
            state[name] = torch.ones_like(like) if name.endswith("running_var") else torch.zeros_like(like)
            state[name][tuple(slice(n) for n in value.shape)] = value
    wide.load_state_dict(state)
    return wide.eval()


def train_embedding(bank: list[Speaker], size: Size, seed: int, keep: Path) -> XVectorMFCC:
    """Tells the bank's voices apart by additive-margin softmax (Wang et al. 2018, s = 20, m = 0.2)."""
    torch.manual_seed(seed + 1)
    rng = np.random.default_rng((seed, 2))
    model = new_embedding(NARROW)
    model.centres = nn.Parameter(torch.randn(len(bank), EMBEDDING) * 0.1)

    def loss(model: XVectorMFCC) -> torch.Tensor:
        vectors, voices = _embed(model, [simulate(rng, bank, CHUNK_S) for _ in range(size.batch)])
        cosine = functional.normalize(vectors) @ functional.normalize(model.centres).T
        margin = 0.2 * functional.one_hot(voices, len(bank))
        return functional.cross_entropy(20 * (cosine - margin), voices)

    trained = _train(model, loss, steps=size.embedding_steps, rate=1.5e-3, name="embedding", keep=keep)
    del trained.centres
    return widened(trained)


def _embed(model: XVectorMFCC, chunks: list[Chunk]) -> tuple[torch.Tensor, torch.Tensor]:
    """One vector for each speaker who talks alone for half a second, and whose voice it is."""
    step_s = 0.02
    centres = (np.arange(round(CHUNK_S / step_s)) + 0.5) * step_s
    labels = np.stack([frame_labels(chunk, centres) for chunk in chunks])
    alone = labels * (labels.sum(axis=2, keepdims=True) == 1)
    enough = alone.sum(axis=1) * step_s >= 0.5
    kept = [(b, k) for b, k in np.argwhere(enough) if k < len(chunks[b].speakers)]
    # the square root in statistics pooling has no gradient at zero: nobody may have no frames
    weights = np.where(enough[:, None, :], alone, 1).astype(np.float32)
    sound = _waveforms(chunks)
    sound = sound + 1e-5 * torch.randn(sound.shape)  # a digitally silent chunk has no deviation either
    vectors = model(sound, weights=torch.from_numpy(weights).transpose(1, 2))
    voices = torch.tensor([chunks[b].speakers[k] for b, k in kept])
    rows = torch.tensor(kept).T
    return vectors[rows[0], rows[1]], voices


# ---------------------------------------------------------------- PLDA


def fit_plda(model: XVectorMFCC, bank: list[Speaker], size: Size, seed: int, out: Path) -> None:
    """Two-covariance PLDA in the form of pyannote's ``vbx_setup``: centre, LDA, then diagonalise."""
    rng = np.random.default_rng((seed, 3))
    vectors, voices = [], []
    with torch.inference_mode():
        for _ in range(max(1, size.plda_chunks // 50)):
            x, v = _embed(model, [simulate(rng, bank, CHUNK_S) for _ in range(50)])
            vectors.append(x.numpy().astype(np.float64))
            voices.append(v.numpy())
    x, v = np.concatenate(vectors), np.concatenate(voices)
    mean1 = x.mean(axis=0)
    unit = np.sqrt(x.shape[1]) * _unit(x - mean1)
    within, between = _scatter(unit, v)
    dimension = min(32, x.shape[1])
    _, axes = eigh(between, within)
    lda = axes[:, ::-1][:, :dimension]
    projected = unit @ lda
    mean2 = projected.mean(axis=0)
    latent = np.sqrt(dimension) * _unit(projected - mean2)
    within, between = _scatter(latent, v)
    psi, axes = eigh(between, within)
    out.mkdir(parents=True, exist_ok=True)
    np.savez(out / "xvec_transform.npz", mean1=mean1, mean2=mean2, lda=lda)
    np.savez(out / "plda.npz", mu=latent.mean(axis=0), tr=axes.T[::-1], psi=np.maximum(psi[::-1], 1e-3))


def _unit(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def _scatter(x: np.ndarray[Any, Any], voices: np.ndarray[Any, Any]) -> tuple[Any, Any]:
    """Within- and between-voice covariance, both made safely positive."""
    groups = [x[voices == voice] for voice in np.unique(voices)]
    inner = np.concatenate([group - group.mean(axis=0) for group in groups])
    means = np.stack([group.mean(axis=0) for group in groups])
    ridge = 1e-3 * np.eye(x.shape[1])
    return inner.T @ inner / len(inner) + ridge, np.cov(means.T) + ridge


# ---------------------------------------------------------------- shared


def _bank(size: Size, seed: int, scratch: Path) -> list[Speaker]:
    """The training voices, kept in ``scratch`` because rendering them takes minutes."""
    kept = scratch / f"voices-{seed}-{size.voices}-{size.sentences}.pickle"
    if kept.is_file():
        return list(pickle.loads(kept.read_bytes()))
    bank = render_bank(seed, set="train", voices=size.voices, sentences=size.sentences)
    kept.write_bytes(pickle.dumps(bank))
    return bank


def _waveforms(chunks: list[Chunk]) -> torch.Tensor:
    return torch.from_numpy(np.stack([chunk.samples for chunk in chunks]))[:, None]


def _train(
    model: Any, loss: Callable[[Any], torch.Tensor], *, steps: int, rate: float, name: str, keep: Path
) -> Any:
    """Adam at a constant rate after a short rise; the answer is the running mean of the weights.

    The mean does what a falling rate would, and is a usable model at any moment: ``keep`` gets it
    every 100 steps, so that an interrupted training is not lost.
    """
    learnt = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(learnt, lr=rate)
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.99), use_buffers=True)
    model.train()
    began, mean = time.monotonic(), 0.0
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 50)
        optimiser.zero_grad()
        value = loss(model)
        value.backward()
        nn.utils.clip_grad_norm_(learnt, 5.0)
        optimiser.step()
        averaged.update_parameters(model)
        mean = value.item() if step == 0 else 0.97 * mean + 0.03 * value.item()
        if step % 100 == 99 or step == steps - 1:
            print(f"{name} {step + 1}/{steps} loss {mean:.3f} {time.monotonic() - began:.0f} s", flush=True)
            torch.save(averaged.module.state_dict(), keep)
    return averaged.module.eval()


def save(model: Any, folder: Path, *, half: bool = False) -> None:
    """A checkpoint as pyannote.audio writes it; ``half``: matrices as float16, read back as float32."""
    state = {k: v.half() if half and v.ndim > 1 else v for k, v in model.state_dict().items()}
    checkpoint: dict[str, Any] = {
        "state_dict": state,
        "hyper_parameters": dict(model.hparams),
        "pytorch-lightning_version": "2.4.0",
    }
    model.on_save_checkpoint(checkpoint)
    folder.mkdir(parents=True, exist_ok=True)
    torch.save(checkpoint, folder / "pytorch_model.bin")


def write_config(out: Path, *, threshold: float = 0.6, fa: float = 0.07, fb: float = 0.8) -> None:
    """``config.yaml``: local parts only, so that nothing is ever asked of a hub."""
    config = {
        "dependencies": {"pyannote.audio": "4.0.7"},
        "pipeline": {
            "name": "pyannote.audio.pipelines.SpeakerDiarization",
            "params": {
                "clustering": "VBxClustering",
                "segmentation": "$model/segmentation",
                "segmentation_batch_size": 16,
                "segmentation_step": 0.2,
                "embedding": "$model/embedding",
                "embedding_batch_size": 16,
                "embedding_exclude_overlap": True,
                "plda": "$model/plda",
            },
        },
        "params": {
            "clustering": {"threshold": threshold, "Fa": fa, "Fb": fb},
            "segmentation": {"min_duration_off": 0.0},
        },
    }
    (out / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


if __name__ == "__main__":
    main()
