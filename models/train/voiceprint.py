"""Whose voice it is: an x-vector over the telephone band, and the PLDA that compares two of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import XVectorMFCC
from scipy.linalg import eigh
from torch import nn
from torch.nn import functional

from models.train.fit import fit, recycled, waveforms
from models.train.mono_calls import CHUNK_S, MODEL_HZ, Chunk, Speaker, frame_labels, simulate

MFCC = {
    "n_mfcc": 64,
    "melkwargs": {
        "n_fft": 1024, "win_length": 1024, "hop_length": 320, "n_mels": 64, "f_min": 150.0, "f_max": 3700.0,
    },
}  # fmt: skip  # fine enough to hear the pitch
EMBEDDING = 64  # as trained
STRETCH_S = 6.0  # of call a training example lasts; the network takes any length
MARGIN, SCALE = 0.2, 30.0
SHARPENED = 24  # as saved: the directions in which voices differ more than takes of one voice
NARROW = (256, 256, 256, 256, 768)  # trained widths; the saved XVectorMFCC pads them with zeros


def new_embedding(widths: tuple[int, ...] | None = None, *, dimension: int = EMBEDDING) -> XVectorMFCC:
    """pyannote's XVectorMFCC over the telephone band; with ``widths``, its narrow twin for training."""
    model = XVectorMFCC(mfcc=MFCC, dimension=dimension)
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
        model.embedding = nn.Linear(2 * channels, dimension)
    return model


def widened(narrow: XVectorMFCC) -> XVectorMFCC:
    """The same function in XVectorMFCC's own widths: what was not trained is zero."""
    wide = new_embedding(dimension=narrow.embedding.out_features)
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


def train_embedding(bank: list[Speaker], *, steps: int, batch: int, seed: int, keep: Path) -> XVectorMFCC:
    """Tells the bank's voices apart by additive-margin softmax (Wang et al. 2018).

    The network learns on standardised coefficients (raw ones differ a hundredfold in size); what
    standardises them is folded into its first layer at the end.
    """
    torch.manual_seed(seed + 1)
    rng = np.random.default_rng((seed, 2))
    model = new_embedding(NARROW)
    model.centres = nn.Parameter(torch.randn(len(bank), EMBEDDING) * 0.1)
    with torch.inference_mode():
        sample = _features(model, [simulate(rng, bank, STRETCH_S) for _ in range(64)])
        deviation, mean = torch.std_mean(sample, dim=(0, 2), keepdim=True)
    mean, deviation = mean.clone(), deviation.clone()

    def examples() -> tuple[torch.Tensor, list[Chunk]]:
        chunks = [simulate(rng, bank, STRETCH_S) for _ in range(batch)]
        with torch.no_grad():
            return (_features(model, chunks) - mean) / deviation, chunks

    batches = recycled(examples, rng)

    def loss(model: XVectorMFCC) -> torch.Tensor:
        features, chunks = next(batches)
        alone, kept = _alone(chunks)
        rows, places = torch.tensor(kept).T
        heard = torch.from_numpy(_shortened(alone, rng))[rows, :, places]
        voices = torch.tensor([chunks[b].speakers[k] for b, k in kept])
        mine = functional.normalize(_pooled(model, features, rows, heard))
        cosine = mine @ functional.normalize(model.centres).T
        margin = MARGIN * functional.one_hot(voices, len(bank))
        return functional.cross_entropy(SCALE * (cosine - margin), voices)

    trained = fit(model, loss, steps=steps, rate=2e-3, name="embedding", keep=keep)
    del trained.centres
    return folded(trained, mean[0], deviation[0])


def folded(model: XVectorMFCC, mean: torch.Tensor, deviation: torch.Tensor) -> XVectorMFCC:
    """The network for plain coefficients from one for standardised ones ``(x - mean) / deviation``."""
    first = model.tdnns[0]
    with torch.no_grad():
        first.weight /= deviation[None]
        first.bias -= (first.weight * mean[None]).sum(dim=(1, 2))
    return model


def _features(model: XVectorMFCC, chunks: list[Chunk]) -> torch.Tensor:
    sound = waveforms(chunks)
    # a digitally silent chunk has no deviation
    return model.mfcc(sound + 1e-5 * torch.randn(sound.shape)).squeeze(dim=1)


def _pooled(
    model: XVectorMFCC, features: torch.Tensor, rows: torch.Tensor, weights: torch.Tensor
) -> torch.Tensor:
    """As ``XVectorMFCC.forward`` after its coefficients; in bfloat16 where this machine multiplies it.

    ``features`` [chunks, coefficients, frames], ``rows`` the chunk of each speaker, ``weights``
    [speakers, frames]. pyannote's pooling, but the root has a floor: a channel that does not move would
    have no gradient.
    """
    fast = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    with torch.autocast("cpu", torch.bfloat16, enabled=fast):
        for block in model.tdnns:
            features = block(features)
    features = features[rows].float()
    weights = functional.interpolate(weights[:, None], size=features.shape[2], mode="nearest")
    total = weights.sum(dim=2) + 1e-8
    mean = (features * weights).sum(dim=2) / total
    spread = (torch.square(features - mean[:, :, None]) * weights).sum(dim=2)
    variance = spread / (total - torch.square(weights).sum(dim=2) / total + 1e-8)
    return model.embedding(torch.cat([mean, torch.sqrt(variance + 1e-4)], dim=1))


def _alone(chunks: list[Chunk]) -> tuple[np.ndarray[Any, Any], list[tuple[int, int]]]:
    """Where each speaker talks alone ``[chunks, frames, 3]``, and who does for half a second in all.

    The square root in statistics pooling has no gradient at zero: nobody may have no frames.
    """
    step_s = 0.02
    seconds = len(chunks[0].samples) / MODEL_HZ
    centres = (np.arange(round(seconds / step_s)) + 0.5) * step_s
    labels = np.stack([frame_labels(chunk, centres) for chunk in chunks])
    alone = labels * (labels.sum(axis=2, keepdims=True) == 1)
    enough = alone.sum(axis=1) * step_s >= 0.5
    kept = [(int(b), int(k)) for b, k in np.argwhere(enough) if k < len(chunks[b].speakers)]
    return np.where(enough[:, None, :], alone, 1).astype(np.float32), kept


def _shortened(alone: np.ndarray[Any, Any], rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Half the speakers are heard for 0.5–1.5 s of their time only: replies must be told apart too."""
    for b, k in np.ndindex(alone.shape[0], alone.shape[2]):
        if rng.random() < 0.5:
            frames = np.flatnonzero(alone[b, :, k])
            length = int(rng.integers(25, 75))
            if len(frames) > length:
                first = int(rng.integers(len(frames) - length))
                alone[b, frames[:first], k] = 0
                alone[b, frames[first + length :], k] = 0
    return alone


def _embed(model: XVectorMFCC, chunks: list[Chunk]) -> tuple[torch.Tensor, torch.Tensor]:
    """One vector for each speaker who talks alone for half a second, and whose voice it is."""
    alone, kept = _alone(chunks)
    sound = waveforms(chunks)
    sound = sound + 1e-5 * torch.randn(sound.shape)
    vectors = model(sound, weights=torch.from_numpy(alone).transpose(1, 2))
    voices = torch.tensor([chunks[b].speakers[k] for b, k in kept])
    rows = torch.tensor(kept).T
    return vectors[rows[0], rows[1]], voices


# ---------------------------------------------------------------- PLDA


Vectors = np.ndarray[Any, np.dtype[np.float64]]


def embed_bank(model: XVectorMFCC, bank: list[Speaker], *, chunks: int, seed: int) -> tuple[Vectors, Vectors]:
    """Vectors ``[n, dimension]`` of voices in fresh simulated chunks, and whose each is ``[n]``."""
    rng = np.random.default_rng((seed, 3))
    vectors, voices = [], []
    with torch.inference_mode():
        for _ in range(max(1, chunks // 50)):
            x, v = _embed(model, [simulate(rng, bank, STRETCH_S) for _ in range(50)])
            vectors.append(x.numpy().astype(np.float64))
            voices.append(v.numpy())
    return np.concatenate(vectors), np.concatenate(voices)


def sharpened(model: XVectorMFCC, vectors: Vectors, voices: Vectors) -> XVectorMFCC:
    """The same network with centring and LDA in its last layer.

    The first step of the clustering compares plain vectors; whitened by the variation within a voice,
    and each direction shrunk by its reliability, different voices then stand at right angles.
    """
    mean = vectors.mean(axis=0)
    within, between = _scatter(vectors - mean, voices)
    psi, axes = eigh(between, within)
    kept = slice(None, -min(SHARPENED, len(psi)) - 1, -1)
    matrix = (axes[:, kept] * np.sqrt(psi[kept] / (psi[kept] + 1))).T
    sharp = new_embedding(NARROW, dimension=len(matrix))
    state = model.state_dict()
    weight, bias = state["embedding.weight"].double().numpy(), state["embedding.bias"].double().numpy()
    state["embedding.weight"] = torch.from_numpy(matrix @ weight).float()
    state["embedding.bias"] = torch.from_numpy(matrix @ (bias - mean)).float()
    sharp.load_state_dict(state)
    return sharp.eval()


def fit_plda(vectors: Vectors, voices: Vectors, out: Path) -> None:
    """Two-covariance PLDA in the form of pyannote's ``vbx_setup``: centre, LDA, then diagonalise."""
    mean1 = vectors.mean(axis=0)
    dimension = vectors.shape[1]
    unit = np.sqrt(dimension) * _unit(vectors - mean1)
    within, between = _scatter(unit, voices)
    _, axes = eigh(between, within)
    lda = axes[:, ::-1]
    projected = unit @ lda
    mean2 = projected.mean(axis=0)
    latent = np.sqrt(dimension) * _unit(projected - mean2)
    within, between = _scatter(latent, voices)
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
