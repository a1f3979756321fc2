"""Help reads like a manual and answers at once."""

import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from pipeline.cli import COMMANDS, main


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_says_what_it_does_with_an_example(name):
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert "Example" in result.output or "Commands" in result.output
    assert len(result.output.splitlines()) > 8


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_answers_in_half_a_second(name):
    def seconds() -> float:
        started = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "pipeline.cli", *name.split(), "--help"], check=True, capture_output=True
        )
        return time.monotonic() - started

    assert min(seconds() for _ in range(3)) < 0.5  # best of three: the machine may be busy


def test_an_unknown_command_is_named():
    result = CliRunner().invoke(main, ["scroe"])
    assert result.exit_code == 2
    assert "scroe" in result.output
