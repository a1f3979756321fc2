import tomllib

import pytest

from pipeline.config import Config, ConfigError, load_config
from pipeline.config_doc import commented_toml, field_comments


def write(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "callqa.toml"
    path.write_bytes(text.encode(encoding))
    return path


def test_no_file_gives_the_defaults():
    assert load_config(None) == Config()


def test_values_are_read_into_their_sections(tmp_path):
    path = write(tmp_path, 'profile = "cpu"\n[ingest]\nsettle_s = 9\nfilename_patterns = ["freepbx"]\n'
                           "[ingest.agent_channel]\noutbound = 1\n")  # fmt: skip
    config = load_config(path)
    assert (config.profile, config.ingest.settle_s) == ("cpu", 9.0)
    assert config.ingest.filename_patterns == ("freepbx",)
    assert config.ingest.agent_channel == {"outbound": 1}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('profil = "cpu"', r"unknown key 'profil'.*expected one of:.*profile"),
        ("[ingest]\nsetle_s = 3", r"unknown key 'ingest.setle_s'"),
        ("[ingest]\nsettle_s = 'long'", r"'ingest.settle_s' expected float, found 'long'"),
        ("ingest = 3", r"'ingest' expected a table, found 3"),
        ("[batch]\nworkers = true", r"'batch.workers' expected int, found True"),
        ("[ingest]\nfilename_patterns = [1]", r"filename_patterns\[0\]' expected str, found 1"),
        ("profile = ", r"expected TOML in UTF-8"),
    ],
)
def test_a_wrong_setting_is_named_with_file_expected_and_found(tmp_path, text, told):
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=told) as error:
        load_config(path)
    assert str(path) in str(error.value)


def test_a_file_from_windows_is_read(tmp_path):
    assert load_config(write(tmp_path, '\ufeffprofile = "gpu"\r\n')).profile == "gpu"


def test_a_file_in_gbk_and_a_missing_one_are_told(tmp_path):
    with pytest.raises(ConfigError, match="UTF-8"):
        load_config(write(tmp_path, 'results = "结果"', encoding="gbk"))
    with pytest.raises(ConfigError, match="No such file"):
        load_config(tmp_path / "none.toml")


def test_the_commented_file_is_the_defaults_once_uncommented(tmp_path):
    lines = commented_toml().splitlines()
    keys = [line[1:] if line.startswith("#") and not line.startswith("# ") else line for line in lines]
    tomllib.loads("\n".join(keys))
    assert load_config(write(tmp_path, "\n".join(keys))) == Config()


def test_what_a_newcomer_must_set_is_explained_in_lines_that_fit():
    lines = commented_toml().splitlines()
    assert max(map(len, lines)) <= 120
    for key in ("profile", "timezone", "filename_patterns", "cdr_reader", "cdr_columns", "agent_channel"):
        at = next(i for i, line in enumerate(lines) if line.startswith(f"#{key} ="))
        assert lines[at - 1].startswith("# "), key


def test_comments_come_from_the_source():
    assert "not chosen" in field_comments(Config)["profile"]
