"""A script says what is wrong with it: where, what was expected, what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.callsim.script import ScriptError, parse_script, read_script


def script(**changes: Any) -> dict[str, Any]:
    return {"id": "one", "events": [{"agent": "您好"}]} | changes


def test_a_short_script_has_sensible_defaults() -> None:
    read = parse_script(script())
    assert (read.layout, read.line.codec, read.release.by) == ("stereo", "ulaw", "customer")
    assert read.events[0].role == "agent"
    assert read.all_faults() == ()


def test_faults_of_events_and_of_the_call_are_gathered_once() -> None:
    read = parse_script(
        script(faults=["open.greeting"], events=[{"agent": "喂", "fault": ["open.greeting", "taboo.retort"]}])
    )
    assert read.all_faults() == ("open.greeting", "taboo.retort")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"events": []}, "events: expected a list"),
        ({"events": [{"agent": "您好", "do": "hold"}]}, "event 1: expected one of agent, customer"),
        ({"events": [{"do": "sing"}]}, "do: expected one of ringback.*found 'sing'"),
        ({"events": [{"agent": "您好", "gap": 1}]}, "event 1: expected one of .*found 'gap'"),
        ({"events": [{"agent": "……"}]}, "expected words to say, found '……'"),
        ({"events": [{"do": "hold", "seconds": -1}]}, "seconds: expected 0 or more, found -1"),
        ({"events": [{"do": "hold", "style": "polka"}]}, "style: expected one of piano.*found 'polka'"),
        ({"layout": "quad"}, "layout: expected stereo, mono or legs, found 'quad'"),
        ({"line": {"codec": "opus"}}, "codec: expected one of ulaw.*found 'opus'"),
        ({"started_at": "2026-11-21T09:00:00"}, "expected a time zone"),
        ({"started_at": "yesterday"}, "expected a date and time, found 'yesterday'"),
        ({"agent": "李静"}, "agent: expected a mapping, found '李静'"),
    ],
)
def test_what_is_wrong_is_told(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ScriptError, match=message):
        parse_script(script(**changes))


def test_a_file_that_is_no_script_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ScriptError, match=r"bad\.yaml: expected a YAML script"):
        read_script(path)
    with pytest.raises(ScriptError, match=r"missing\.yaml"):
        read_script(tmp_path / "missing.yaml")
