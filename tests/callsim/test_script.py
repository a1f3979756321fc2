"""A script says what is wrong with it: where, what was expected, what was found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.callsim.checks import ScriptError
from pipeline.callsim.script import parse_script, read_script, read_scripts


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
        ({"events": [{"do": "hold", "seconds": -1}]}, "seconds: expected 0 to 86400, found -1"),
        ({"events": [{"do": "hold", "style": "polka"}]}, "style: expected one of piano.*found 'polka'"),
        ({"layout": "quad"}, "layout: expected one of stereo, mono, legs, found 'quad'"),
        ({"line": {"codec": "opus"}}, "codec: expected one of ulaw.*found 'opus'"),
        ({"started_at": "2026-11-21T09:00:00"}, "expected a time zone"),
        ({"started_at": "yesterday"}, "expected a date and time, found 'yesterday'"),
        ({"agent": "李静"}, "agent: expected a mapping, found '李静'"),
        ({"agent": {"cpm": "fast"}}, "agent: cpm: expected a number, found 'fast'"),
        ({"agent": {"cpm": 0}}, "agent: cpm: expected 30 to 900, found 0"),
        ({"agent": {"id": 6035}}, "agent: id: expected text .*found 6035"),
        ({"agent": {"flags": "elderly"}}, "flags: expected a list, found 'elderly'"),
        ({"agent": {"voice": {"set": "mine"}}}, "voice: set: expected one of train"),
        ({"agent": {"voice": {"colour": 3}}}, "voice: expected one of .*found 'colour'"),
        ({"agent": {"voice": {"variant": "f99"}}}, "variant: expected one of f1.*found 'f99'"),
        ({"line": {"noise": "pink"}}, "line: noise: expected one of line, comfort, digital, found 'pink'"),
        ({"line": {"loss": 3}}, "line: loss: expected 0 to 1, found 3"),
        ({"direction": "sideways"}, "direction: expected one of inbound, outbound.*found 'sideways'"),
        ({"agent_channel": 2}, "agent_channel: expected 0 to 1, found 2"),
        ({"agent_channel": 0.5}, "agent_channel: expected a whole number, found 0.5"),
        ({"cut_s": True}, "cut_s: expected a number, found True"),
        ({"release": {"by": "nobody"}}, "release: by: expected one of agent.*found 'nobody'"),
        ({"id": "../evil"}, r"id: expected letters.*found '../evil'"),
        (
            {"events": [{"agent": "您好", "language": "fr"}]},
            "language: expected one of cmn, yue, en, found 'fr'",
        ),
        ({"events": [{"agent": "您好", "gave_way": "no"}]}, "gave_way: expected true or false, found 'no'"),
        ({"events": [{"do": "dtmf", "digits": "1A"}]}, "digits: expected keys of 123456789.*found '1A'"),
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


def test_two_scripts_of_one_id_would_overwrite_each_other(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.yaml", "b.yaml")]
    for path in paths:
        path.write_text("{id: one, events: [{agent: 您好}]}", encoding="utf-8")
    with pytest.raises(
        ScriptError, match=r"b\.yaml: id: expected one of its own, found 'one' as in .*a\.yaml"
    ):
        read_scripts(paths)
