"""Speakers espeak-ng does not ship: variant files drawn at random, for training alone.

A recogniser that has heard the hundred variants of espeak-ng reads the next one badly: half of its
errors came from two of eight unknown voices. So training adds voices in between and around
them: every number of a variant file (pitch and its range, formants with height and width, tone, roughness,
voicing) is drawn anew. They lie in a data folder of their own, which ``ESPEAK_DATA_PATH`` names; all else
in it points to the installed one.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np

from pipeline.callsim.voices import espeak_program

_DATA_AT = re.compile(r"Data at:\s*(\S+)")


@contextmanager
def invented(rng: np.random.Generator, *, count: int) -> Iterator[list[str]]:
    """Names of ``count`` new variants that every espeak-ng started inside the block knows.

    espeak-ng lists 350 voices at most, its own among them: some hundred new ones at a time is the limit.
    """
    installed = _installed()
    before = os.environ.get("ESPEAK_DATA_PATH")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "espeak-ng-data"
        variants = data / "voices" / "!v"
        variants.mkdir(parents=True)
        for part in installed.iterdir():
            if part.name != "voices":
                (data / part.name).symlink_to(part)
        for variant in (installed / "voices" / "!v").iterdir():
            (variants / variant.name).symlink_to(variant)
        names = [f"invented{number}" for number in range(count)]
        for name in names:
            (variants / name).write_text(variant_file(rng, name))
        os.environ["ESPEAK_DATA_PATH"] = folder
        try:
            yield names
        finally:
            if before is None:
                del os.environ["ESPEAK_DATA_PATH"]
            else:
                os.environ["ESPEAK_DATA_PATH"] = before


@cache
def _installed() -> Path:
    """The data folder of the installed program."""
    said = subprocess.run([espeak_program(), "--version"], capture_output=True, text=True, check=True)
    found = _DATA_AT.search(said.stdout)
    if found is None:
        raise RuntimeError(f"espeak-ng --version: expected 'Data at: FOLDER', found {said.stdout!r}")
    return Path(found[1])


def variant_file(rng: np.random.Generator, name: str) -> str:
    """One speaker. Tones live in the pitch range, so it is never narrow."""
    female = rng.random() < 0.5
    pitch = rng.uniform(120, 230) if female else rng.uniform(65, 135)
    lines = [
        "language variant",
        f"name {name}",
        f"gender {'female' if female else 'male'}",
        f"pitch {pitch:.0f} {pitch * rng.uniform(1.25, 1.75):.0f}",
        f"flutter {rng.integers(0, 9)}",
        f"roughness {rng.integers(0, 5)}",
        *_formants(rng, female=female),
    ]
    if rng.random() < 0.5:
        lines.append(f"voicing {rng.uniform(40, 200):.0f}")
    if rng.random() < 0.5:
        lines.append(f"consonants {rng.uniform(60, 130):.0f} {rng.uniform(60, 130):.0f}")
    if rng.random() < 0.3:
        hz = np.cumsum(rng.uniform(100, 1200, 4))
        lines.append("tone " + " ".join(f"{h:.0f} {rng.uniform(40, 255):.0f}" for h in hz))
    if rng.random() < 0.15:
        lines.append(f"klatt {rng.integers(1, 7)}")
    if rng.random() < 0.15:
        lines.append(f"echo {rng.integers(10, 130)} {rng.integers(5, 25)}")
    return "\n".join(lines) + "\n"


def _formants(rng: np.random.Generator, *, female: bool) -> list[str]:
    """Frequency, height and width of nine formants, in percent of espeak-ng's own voice."""
    tract = rng.uniform(0.95, 1.25) if female else rng.uniform(0.85, 1.12)
    out = []
    for number in range(9):
        near = 0.07 if 1 <= number <= 3 else 0.15  # the first three make the vowels
        hz = 100 * tract * np.exp(rng.normal(0, near))
        height = rng.uniform(55, 150) if number else rng.uniform(70, 130)
        width = rng.uniform(60, 180)
        out.append(f"formant {number} {hz:.0f} {height:.0f} {width:.0f}")
    return out
