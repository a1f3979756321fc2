"""Tone plans of the telephone networks: frequency and cadence of what the line itself says.

Sources: CN GB/T 3380 (450 ± 25 Hz); ITU-T E.180 Supplement 2 for ITU (its recommended cadences),
US, HK and TW; DTMF ITU-T Q.23.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Cadence:
    """One signal: its frequencies, and seconds of sound and of silence in turn."""

    kind: Literal["ringback", "busy", "congestion"]
    frequencies_hz: tuple[float, ...]
    pattern_s: tuple[float, ...]  # on, off, on, off …


PLANS: dict[str, tuple[Cadence, ...]] = {
    "CN": (
        Cadence("ringback", (450,), (1.0, 4.0)),
        Cadence("busy", (450,), (0.35, 0.35)),
        Cadence("congestion", (450,), (0.7, 0.7)),
    ),
    "ITU": (
        Cadence("ringback", (425,), (1.0, 4.0)),
        Cadence("busy", (425,), (0.5, 0.5)),
        Cadence("congestion", (425,), (0.25, 0.25)),
    ),
    "US": (
        Cadence("ringback", (440, 480), (2.0, 4.0)),
        Cadence("busy", (480, 620), (0.5, 0.5)),
        Cadence("congestion", (480, 620), (0.25, 0.25)),
    ),
    "HK": (
        Cadence("ringback", (440, 480), (0.4, 0.2, 0.4, 3.0)),
        Cadence("busy", (480, 620), (0.5, 0.5)),
        Cadence("congestion", (480, 620), (0.25, 0.25)),
    ),
    "TW": (
        Cadence("ringback", (440, 480), (1.0, 2.0)),
        Cadence("busy", (480, 620), (0.5, 0.5)),
        Cadence("congestion", (480, 620), (0.25, 0.25)),
    ),
}

DTMF_LOW_HZ = (697.0, 770.0, 852.0, 941.0)
DTMF_HIGH_HZ = (1209.0, 1336.0, 1477.0, 1633.0)
DTMF_KEYS = ("123A", "456B", "789C", "*0#D")
