"""The training loop both diarization models share, and the checkpoint pyannote.audio reads."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from models.train.mono_calls import Chunk

T = TypeVar("T")


def waveforms(chunks: Sequence[Chunk]) -> torch.Tensor:
    """``[chunks, 1, samples]``."""
    return torch.from_numpy(np.stack([chunk.samples for chunk in chunks]))[:, None]


def recycled(
    make: Callable[[], T], rng: np.random.Generator, *, fresh: float = 0.35, kept: int = 120
) -> Iterator[T]:
    """Batches without end: ``fresh`` of them new, the rest drawn from the last ``kept`` ones.

    Simulating calls and computing what is not learnt costs more than the learning; a batch seen three
    times over a few hundred steps teaches nearly as much as three.
    """
    held: deque[T] = deque(maxlen=kept)
    while True:
        if len(held) < 10 or rng.random() < fresh:
            held.append(make())
            yield held[-1]
        else:
            yield held[int(rng.integers(len(held)))]


def fit(
    model: Any, loss: Callable[[Any], torch.Tensor], *, steps: int, rate: float, name: str, keep: Path
) -> Any:
    """Adam, its rate risen in 100 steps and then falling as a cosine; the answer is the running mean.

    The mean is a usable model at any moment: ``keep`` gets it every 100 steps, so that an interrupted
    training is not lost.
    """
    learnt = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(learnt, lr=rate)
    averaged = AveragedModel(
        model, multi_avg_fn=get_ema_multi_avg_fn(0.99 if steps < 1000 else 0.995), use_buffers=True
    )
    model.train()
    began, mean = time.monotonic(), 0.0
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 100) * (0.51 + 0.49 * math.cos(math.pi * step / steps))
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
