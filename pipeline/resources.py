"""Where the files that travel with the package live: lexicons, scorecards, models, the demo day.

In a source tree they stand beside ``pipeline/``; in an installed wheel they lie in ``pipeline/_data``.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_INSTALLED = _PACKAGE / "_data"


def resource(*parts: str) -> Path:
    """Path of a shipped file or folder, e.g. ``resource("lexicons", "opening.yaml")``."""
    root = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent
    return root.joinpath(*parts)
