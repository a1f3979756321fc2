"""Render the demo day again from its scripts: ``python -m pipeline.callsim.demo_day``.

The scripts stand in ``models/demo/day/scripts``; recordings, ``calls.csv`` and ``truth/`` beside them.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.callsim.day import write_day
from pipeline.callsim.script import Script, read_script
from pipeline.resources import resource

DAY = resource("models", "demo", "day")


def demo_scripts() -> list[Script]:
    """The demo day's scripts in the order of their names."""
    return [read_script(path) for path in sorted((DAY / "scripts").glob("*.yaml"))]


def main(folder: Path = DAY) -> None:
    size = 0
    for call in write_day(demo_scripts(), folder):
        paths = [folder / name for name in call.files()]
        size += sum(path.stat().st_size for path in paths)
        print(f"{call.script.id}  {call.truth['duration_s']:6.1f} s  {call.script.title}")
    print(f"{folder}: {size / 1e6:.1f} MB of recordings")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DAY)
