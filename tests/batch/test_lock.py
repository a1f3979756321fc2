import os

import pytest

from pipeline.batch.lock import ResultsInUse, ResultsNotWritable, hold


def test_the_second_run_refuses_and_names_the_first(tmp_path):
    with hold(tmp_path / "r"), pytest.raises(ResultsInUse, match=str(os.getpid())), hold(tmp_path / "r"):
        pass


def test_the_lock_goes_with_the_run(tmp_path):
    for _ in range(2):
        with hold(tmp_path):
            pass


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(ResultsNotWritable, match="can be written"), hold(blocked):
        pass
