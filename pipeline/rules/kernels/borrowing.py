"""How the small functions of the search are compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba import njit

_Function = TypeVar("_Function", bound=Callable[..., Any])


def borrowing(function: _Function) -> _Function:
    """Compile a function that makes no array of its own: who holds those it is given need not be counted, which took a
    third of the search."""
    compiled: _Function = njit(cache=True, _nrt=False)(function)  # type: ignore[call-overload]
    return compiled
