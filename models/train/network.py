"""Whisper's architecture, small, with cheap full windows and heads that training needs.

Parameter names are those of ``transformers``' WhisperForConditionalGeneration, so that a state dict
loads there unchanged for conversion. faster-whisper pads every window to 30 s (1,500 positions);
training on short crops alone makes a model that reads nothing there. Instead of computing all
1,500, a few padding positions stand for the rest: their attention logits get ``log(rest / few)``.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

POSITIONS = 1500  # of a 30 s window, 20 ms each
PADDING_SAMPLES = 16  # padding positions that stand for the rest of the window


@dataclass(frozen=True, slots=True)
class Size:
    """What the network is made of; heads divide the width."""

    width: int = 160
    heads: int = 4
    encoder_layers: int = 4
    decoder_layers: int = 2
    vocabulary: int = 4216
    text_positions: int = 448
    mels: int = 80

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def half_is_fast(device: torch.device) -> bool:
    """Whether bfloat16 products pay: on a GPU, and on processors that have them (AVX-512 BF16)."""
    return device.type == "cuda" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def half_where_fast(device: torch.device) -> torch.autocast:
    """bfloat16 products where they pay; a step then takes about two thirds of the time."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=half_is_fast(device))


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width, bias=False)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(
        self,
        x: Tensor,
        source: Tensor,
        *,
        bias: Tensor | None = None,
        causal: bool = False,
        weights: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """x [B,T,D] attends to source [B,S,D]; ``bias`` [1,S] is added to the logits."""
        q, k, v = (
            self._split(p(s)) for p, s in ((self.q_proj, x), (self.k_proj, source), (self.v_proj, source))
        )
        if not weights:
            out = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, is_causal=causal)
            return self.out_proj(out.transpose(1, 2).flatten(2)), None
        logits = q @ k.transpose(2, 3) / math.sqrt(q.shape[-1])
        log_share = F.log_softmax(logits if bias is None else logits + bias, dim=-1)
        return self.out_proj((log_share.exp() @ v).transpose(1, 2).flatten(2)), log_share

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


class EncoderLayer(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.self_attn = Attention(size.width, size.heads)
        self.self_attn_layer_norm = nn.LayerNorm(size.width)
        self.fc1 = nn.Linear(size.width, 4 * size.width)
        self.fc2 = nn.Linear(4 * size.width, size.width)
        self.final_layer_norm = nn.LayerNorm(size.width)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        y = self.self_attn_layer_norm(x)
        x = x + self.self_attn(y, y, bias=bias)[0]
        y = self.fc2(F.gelu(self.fc1(self.final_layer_norm(x))))
        return x + y


class DecoderLayer(EncoderLayer):
    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self.encoder_attn = Attention(size.width, size.heads)
        self.encoder_attn_layer_norm = nn.LayerNorm(size.width)

    def decode(self, x: Tensor, heard: Tensor, bias: Tensor | None) -> tuple[Tensor, Tensor | None]:
        y = self.self_attn_layer_norm(x)
        x = x + self.self_attn(y, y, causal=True)[0]
        y, log_share = self.encoder_attn(self.encoder_attn_layer_norm(x), heard, bias=bias, weights=True)
        x = x + y
        y = self.fc2(F.gelu(self.fc1(self.final_layer_norm(x))))
        return x + y, log_share


class Encoder(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(size.mels, size.width, 3, padding=1)
        self.conv2 = nn.Conv1d(size.width, size.width, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(POSITIONS, size.width)
        self.layers = nn.ModuleList(EncoderLayer(size) for _ in range(size.encoder_layers))
        self.layer_norm = nn.LayerNorm(size.width)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor | None]:
        """mel [B,80,2T] → states [B,T+P,D] and the attention bias [1,T+P] (None for whole windows)."""
        x = F.gelu(self.conv2(F.gelu(self.conv1(mel)))).transpose(1, 2)
        length = x.shape[1]
        x = x + self.embed_positions.weight[:length]
        bias = None
        if length < POSITIONS:
            x, bias = self._with_padding(x, length)
        for layer in self.layers:
            x = layer(x, bias)
        return self.layer_norm(x), bias

    def _with_padding(self, x: Tensor, length: int) -> tuple[Tensor, Tensor]:
        # a zero window of 5 frames gives the inner padding state: no edge is felt in its middle
        blank = F.gelu(self.conv2(F.gelu(self.conv1(x.new_zeros(1, self.conv1.in_channels, 10)))))[0, :, 2]
        rest = POSITIONS - length
        few = min(PADDING_SAMPLES, rest)
        edges = torch.linspace(0, rest, few + 1)
        at = (edges[:-1] + torch.rand(few) * (edges[1:] - edges[:-1])).long().clamp(max=rest - 1) + length
        padding = (blank + self.embed_positions.weight[at.to(x.device)]).expand(x.shape[0], -1, -1)
        bias = x.new_zeros(1, length + few)
        bias[:, length:] = math.log(rest / few)
        return torch.cat([x, padding], dim=1), bias


class Decoder(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(size.vocabulary, size.width)
        self.embed_positions = nn.Embedding(size.text_positions, size.width)
        self.layers = nn.ModuleList(DecoderLayer(size) for _ in range(size.decoder_layers))
        self.layer_norm = nn.LayerNorm(size.width)

    def forward(self, tokens: Tensor, heard: Tensor, bias: Tensor | None) -> tuple[Tensor, list[Tensor]]:
        """tokens [B,N] → states [B,N,D] and each layer's log attention shares [B,H,N,T+P]."""
        x = self.embed_tokens(tokens) + self.embed_positions.weight[: tokens.shape[1]]
        shares = []
        for layer in self.layers:
            x, log_share = layer.decode(x, heard, bias)
            shares.append(log_share)
        return self.layer_norm(x), shares


class Network(nn.Module):
    """Encoder and decoder under ``model.``, as transformers names them, plus the CTC head."""

    def __init__(self, size: Size, *, sounds: int) -> None:
        super().__init__()
        self.size = size
        self.model = nn.ModuleDict({"encoder": Encoder(size), "decoder": Decoder(size)})
        self.sound_head = nn.Linear(size.width, sounds)
        self._initialise()

    @property
    def encoder(self) -> Encoder:
        return self.model["encoder"]  # type: ignore[return-value]

    @property
    def decoder(self) -> Decoder:
        return self.model["decoder"]  # type: ignore[return-value]

    def _initialise(self) -> None:
        # std 0.02 and full-size sinusoids never aligned in trials; these broke through in minutes
        for module in self.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.07)
                if getattr(module, "bias", None) is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Conv1d):
                module.weight.data.mul_(2.5)
        self.encoder.embed_positions.weight.data = 0.3 * sinusoids(POSITIONS, self.size.width)

    def logits(self, states: Tensor) -> Tensor:
        """Tied output weights, as Whisper has them."""
        return states @ self.decoder.embed_tokens.weight.T


def sinusoids(length: int, width: int) -> Tensor:
    """Whisper's fixed positions [length, width]."""
    step = math.log(10000) / (width // 2 - 1)
    angle = torch.arange(length)[:, None] * torch.exp(-step * torch.arange(width // 2))[None]
    return torch.cat([angle.sin(), angle.cos()], dim=1)
