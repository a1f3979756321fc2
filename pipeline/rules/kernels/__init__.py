"""Inner loops compiled by numba: where strings are many and short, calling a library costs more than its work.

Strings come as arrays of small codes, many of them end to end: the i-th is ``codes[starts[i]:starts[i + 1]]``.
Compiled code is kept beside its file and renewed when that file changes, not when one it imports does: after
a change in one that others import delete ``__pycache__``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sized
from itertools import accumulate
from typing import Any

import numpy as np


def points(text: str) -> Any:
    """A text as the kernels take it: its code points."""
    return np.frombuffer(text.encode("utf-32-le"), np.uint32)


def ends(rows: Iterable[Sized]) -> Any:
    """Where each of rows that are put end to end begins, and where the last ends."""
    return np.array([*accumulate(map(len, rows), initial=0)], np.int64)
