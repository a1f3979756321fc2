"""A built wheel in an empty environment is a working callqa: nothing needs the source tree."""

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ENV = {"PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """An environment of its own with the wheel in it; the heavy dependencies are borrowed from ours."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    wheel = next(folder.glob("callqa-*.whl"))
    env = folder / "env"
    venv.create(env, with_pip=False)
    python = env / "bin" / "python"
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--no-deps",
        "--no-index",
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    site = next((env / "lib").glob("python*/site-packages"))
    # Borrowed as a plain folder on the path: its own .pth files (our editable install) are not read.
    (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return env


def run(env: Path, *command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [env / "bin" / command[0], *command[1:]], cwd=cwd, env=ENV, capture_output=True, text=True
    )


@pytest.mark.slow
def test_the_package_is_the_wheels_and_its_files_travel_inside(installed, tmp_path):
    code = (
        "import pipeline; from pipeline.resources import resource as r; print(pipeline.__file__);"
        "print(all(r(*p).exists() for p in [('lexicons','opening.yaml'), ('lexicons','scorecards'),"
        "('models','models.toml'), ('models','demo','asr'), ('models','demo','day','calls.csv')]))"
    )
    done = run(installed, "python", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    where, whole = done.stdout.split()
    assert Path(where).is_relative_to(installed)
    assert whole == "True"


@pytest.mark.slow
@pytest.mark.engine
def test_it_scores_a_call_outside_the_source_tree(installed, tmp_path):
    find = run(installed, "python", "-c",
               "from pipeline.resources import resource; print(resource('models','demo','day'))", cwd=tmp_path)  # fmt: skip  # noqa: E501
    day = Path(find.stdout.strip())
    first = min(day.glob("*.wav"), key=lambda path: path.stat().st_size)
    done = run(installed, "callqa", "run", str(first), "--profile", "demo", "--results", "out", "--progress", "quiet",
               "--cdr", str(day / "calls.csv"), cwd=tmp_path)  # fmt: skip
    assert "1 scored" in done.stdout, done.stdout + done.stderr
    assert list((tmp_path / "out").glob("*/scorecards.xlsx"))
