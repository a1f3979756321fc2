"""Help reads like a manual and answers at once."""

import resource
import subprocess
import sys

import pytest
from click.testing import CliRunner

from pipeline.cli import COMMANDS, main


@pytest.mark.parametrize("name", list(COMMANDS))
def test_every_command_says_what_it_does_with_an_example(name):
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert any(word in result.output for word in ("Example", "Commands", f"callqa {name} "))
    assert len(result.output.splitlines()) > 8


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_answers_in_half_a_second(name):
    """Measured as processor time of the child, so that a busy machine does not decide."""

    def used() -> float:
        spent = resource.getrusage(resource.RUSAGE_CHILDREN)
        return spent.ru_utime + spent.ru_stime

    before = used()
    command = [sys.executable, "-m", "pipeline.cli", *name.split(), "--help"]
    subprocess.run(command, check=True, capture_output=True)
    assert used() - before < 0.5


def test_an_unknown_command_is_named():
    result = CliRunner().invoke(main, ["scroe"])
    assert result.exit_code == 2
    assert "scroe" in result.output
