"""The model's tokens: characters, Whisper's special tokens, and timestamps, each in its place.

faster-whisper takes everything below ``<|endoftext|>`` for text and everything above
``<|notimestamps|>`` for times; CTranslate2 calls a model multilingual, and so accepts
``language="zh"``, when its vocabulary holds an empty string.
"""

from __future__ import annotations

from functools import cache

from models.train.corpus import vocabulary

SPECIAL = (
    "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|zh|>", "<|yue|>", "<|translate|>", "<|transcribe|>",
    "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
)  # fmt: skip
TIMES = 1501  # <|0.00|> … <|30.00|>


@cache
def tokens() -> tuple[str, ...]:
    """All tokens, in order of their numbers."""
    text = ("<unk>", "", *vocabulary())
    # CTranslate2's int8 kernels like multiples of 8; the spare ones are never written
    spare = -(len(text) + len(SPECIAL) + TIMES) % 8
    times = tuple(f"<|{i * 0.02:.2f}|>" for i in range(TIMES))
    return (*text, *(f"<spare{i}>" for i in range(spare)), *SPECIAL, *times)


@cache
def numbers() -> dict[str, int]:
    return {token: i for i, token in enumerate(tokens())}


def number(token: str) -> int:
    return numbers()[token]


def time_token(seconds: float) -> int:
    return number("<|0.00|>") + min(TIMES - 1, max(0, round(seconds / 0.02)))
