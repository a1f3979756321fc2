"""Under CI, property tests draw the same examples each time; elsewhere they explore."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None)
settings.load_profile("steady" if os.environ.get("CI") else "explore")

NOBODY = 65534


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder of its own that any user may enter; pytest's are for their owner alone."""
    folder = Path(tempfile.mkdtemp(prefix="callqa-test-"))
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def as_nobody() -> Callable[[], AbstractContextManager[None]]:
    """``with as_nobody():`` file permissions count. Root, whom they never stop, steps down for the while."""

    @contextmanager
    def stepped_down() -> Iterator[None]:
        if os.geteuid() != 0:
            yield
            return
        try:
            os.seteuid(NOBODY)
        except OSError as error:
            pytest.skip(f"root that may not step down to another user cannot be refused a file: {error}")
        try:
            yield
        finally:
            os.seteuid(0)

    return stepped_down
