"""What the simulator's tests share: a way to skip without espeak-ng, and one rendered call."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.callsim.render import Rendered, render
from pipeline.callsim.script import read_script

FIXTURES = Path(__file__).parent.parent / "fixtures" / "calls"


@pytest.fixture(scope="session")
def espeak() -> None:
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed (apt install espeak-ng)")


@pytest.fixture(scope="session")
def tones_call(espeak: None) -> Rendered:
    """The fixture ``tones`` rendered afresh."""
    return render(read_script(FIXTURES / "scripts" / "tones.yaml"))
