"""Muon for the layers' matrices, AdamW for all else: fewer steps where steps are what is short.

Muon (Jordan 2024) takes the momentum's orthogonal factor, found by a quintic Newton–Schulz iteration;
its step is scaled to AdamW's size (Liu et al. 2025), so that both share one learning rate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from models.train.network import half_is_fast

MOMENTUM = 0.95
STEPS = 5
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ADAMW_SIZE = 0.2  # root mean square of AdamW's usual update


class Optimiser:
    """Steps the parameters of ``modules`` that want gradients; ``rate`` is given at each step."""

    def __init__(self, modules: Iterable[nn.Module], *, weight_decay: float = 0.01) -> None:
        named = [(n, p) for m in modules for n, p in m.named_parameters() if p.requires_grad]
        self.parameters = [p for _, p in named]
        matrices = [p for n, p in named if p.ndim == 2 and "layers." in n]
        chosen = {id(p) for p in matrices}
        self._rest = torch.optim.AdamW(
            [p for p in self.parameters if id(p) not in chosen], betas=(0.9, 0.98), weight_decay=weight_decay
        )
        self._shapes: defaultdict[tuple[int, ...], list[nn.Parameter]] = defaultdict(list)
        for p in matrices:
            self._shapes[tuple(p.shape)].append(p)
        self._momentum = {id(p): torch.zeros_like(p) for p in matrices}

    def zero_grad(self) -> None:
        for p in self.parameters:
            p.grad = None

    @torch.no_grad()
    def step(self, rate: float) -> None:
        """One step; gradients are clipped to norm 1 first."""
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        for group in self._rest.param_groups:
            group["lr"] = rate
        self._rest.step()
        for shape, matrices in self._shapes.items():
            there = [p for p in matrices if p.grad is not None]
            if not there:
                continue
            moved = torch.stack([self._moved(p) for p in there])
            for p, update in zip(there, orthogonal(moved)):
                p.sub_(update, alpha=rate * ADAMW_SIZE * max(shape) ** 0.5)

    def _moved(self, p: nn.Parameter) -> Tensor:
        assert p.grad is not None
        momentum = self._momentum[id(p)].lerp_(p.grad, 1 - MOMENTUM)
        return p.grad.lerp(momentum, MOMENTUM)  # Nesterov


def orthogonal(matrices: Tensor) -> Tensor:
    """[K,A,B] → nearly their orthogonal factors; singular values end between about 0.7 and 1.2."""
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.transpose(1, 2) if tall else matrices
    x = x / (x.norm(dim=(1, 2), keepdim=True) + 1e-7)
    x = x.to(
        torch.bfloat16 if half_is_fast(x.device) else x.dtype
    )  # as Jordan runs it: exactness is not needed
    a, b, c = COEFFICIENTS
    for _ in range(STEPS):
        square = x @ x.transpose(1, 2)
        x = a * x + (b * square + c * square @ square) @ x
    return (x.transpose(1, 2) if tall else x).to(matrices.dtype)
