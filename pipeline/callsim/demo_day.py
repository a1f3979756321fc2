"""Render a folder of scripts again: ``python -m pipeline.callsim.demo_day [FOLDER]``.

FOLDER (by default the demo day, ``models/demo/day``) holds ``scripts/*.yaml``; the recordings,
``calls.csv`` and ``truth/`` are written beside them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.callsim.day import write_day
from pipeline.callsim.script import Script, read_script
from pipeline.resources import resource


def demo_day() -> Path:
    """The shipped demo day's folder."""
    return resource("models", "demo", "day")


def scripts_in(folder: Path) -> list[Script]:
    """The scripts of a folder such as the demo day, in the order of their names."""
    return [read_script(path) for path in sorted((folder / "scripts").glob("*.yaml"))]


def main(folder: Path) -> None:
    size = 0
    for call in write_day(scripts_in(folder), folder):
        size += sum((folder / name).stat().st_size for name in call.files())
        print(f"{call.script.id:24} {call.truth['duration_s']:6.1f} s  {call.script.title}")
    print(f"{folder}: {size / 1e6:.1f} MB of recordings")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else demo_day())
