"""Voices known as agents' from enrolment: off unless ``diarize.voice_profiles`` names a folder.

A profile is one file an agent: the mean embedding of their voice, nothing of what was said. It is
personal data: deleting the file deletes all there is (``callqa voices delete AGENT``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

SHARPNESS = 6.0  # log-odds per unit of cosine above the other speakers' mean
LIMIT = 3.0  # a voice alone never says more than 95 %: brothers and colds exist


@dataclass(frozen=True, slots=True)
class Profile:
    """``vector``: unit length, of the embedding model ``model``; other models' vectors say nothing."""

    agent_id: str
    model: str
    vector: tuple[float, ...]
    recordings: int
    updated: str


def path_of(folder: Path, agent_id: str) -> Path:
    """The one file that holds an agent's profile."""
    return folder / f"{quote(agent_id, safe='')}.json"


def read(folder: Path, agent_id: str, *, model: str) -> Profile | None:
    """The profile, or None when there is none for this model. Raises ValueError naming a broken file."""
    path = path_of(folder, agent_id)
    if not path.is_file():
        return None
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        profile = Profile(**{**table, "vector": tuple(float(x) for x in table["vector"])})
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path}: expected a voice profile, found {error}") from error
    return profile if profile.model == model else None


def learn(folder: Path, agent_id: str, vector: Any, *, model: str, today: date) -> Profile:
    """Add one recording's voice to the agent's profile (a running mean of unit vectors)."""
    import numpy as np

    unit = np.asarray(vector, dtype=float) / np.linalg.norm(vector)
    old = read(folder, agent_id, model=model)
    count = old.recordings if old else 0
    mean = (np.asarray(old.vector) * count + unit) / (count + 1) if old else unit
    mean = mean / np.linalg.norm(mean)
    profile = Profile(agent_id, model, tuple(float(x) for x in mean), count + 1, today.isoformat())
    folder.mkdir(parents=True, exist_ok=True)
    path = path_of(folder, agent_id)
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(asdict(profile), ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(path)
    return profile


def delete(folder: Path, agent_id: str) -> bool:
    """Remove an agent's profile; False when there was none."""
    path = path_of(folder, agent_id)
    if not path.is_file():
        return False
    path.unlink()
    return True


def log_odds(profile: Profile | None, prints: Mapping[str, Any]) -> dict[str, float]:
    """How much more (or less) than the others each speaker sounds like the profile."""
    import numpy as np

    if profile is None or len(prints) < 2:
        return {}
    known = np.asarray(profile.vector)
    cosines = {label: float(np.nan_to_num(known @ v / np.linalg.norm(v))) for label, v in prints.items()}
    mean = sum(cosines.values()) / len(cosines)
    return {label: max(-LIMIT, min(LIMIT, SHARPNESS * (c - mean))) for label, c in cosines.items()}


def digest(folder: Path) -> str:
    """Changes whenever a profile does; part of the diarize artefact's key."""
    seen = hashlib.sha256()
    for path in sorted(folder.glob("*.json")):
        seen.update(path.name.encode() + path.read_bytes())
    return "+" + seen.hexdigest()[:12]
