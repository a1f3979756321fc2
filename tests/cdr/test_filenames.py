from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.cdr.filenames import NameFacts, compile_patterns, read_name
from pipeline.config import ConfigError

ZONE = ZoneInfo("Asia/Shanghai")
ALL = compile_patterns(("freepbx", "fusionpbx", "generic"))
AT = datetime(2024, 11, 5, 9, 17, 30, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("path", "facts"),
    [
        (
            "/rec/2024/11/05/out-71222-002-20241105-091730-1730780250.107.wav",
            NameFacts("1730780250.107", AT, AT.date(), agent_id="002", direction="outbound"),
        ),
        (
            "external-1001-13800000000-20241105-091730-1730780250.8.wav",
            NameFacts("1730780250.8", AT, AT.date(), agent_id="1001", direction="inbound"),
        ),
        (
            "/rec/q-600-13800000000-20241105-091730-1730780250.9.WAV",
            NameFacts("1730780250.9", AT, AT.date(), direction="inbound"),
        ),
        (
            "force-0821-3201-20241105-091730-1730780250.10.wav",
            NameFacts("1730780250.10", AT, AT.date()),
        ),
        (
            "/recordings/x.com/archive/2024/Nov/05/a5c9f6c0-e752-11e3-8bfb-65b6c3cdac7d.mp3",
            NameFacts("a5c9f6c0-e752-11e3-8bfb-65b6c3cdac7d", None, date(2024, 11, 5)),
        ),
        ("a5c9f6c0-e752-11e3-8bfb-65b6c3cdac7d.wav", NameFacts("a5c9f6c0-e752-11e3-8bfb-65b6c3cdac7d")),
        ("day/20241105-091730.wav", NameFacts(None, AT, AT.date())),
        ("2024-11-05_09-17-30_A1001_in_x.mp3", NameFacts(None, AT, AT.date(), agent_id="A1001", direction="inbound")),
        ("20241105091730-outbound.wav", NameFacts(None, AT, AT.date(), direction="outbound")),
    ],
)  # fmt: skip
def test_presets(path: str, facts: NameFacts) -> None:
    assert read_name(path, ALL, ZONE) == facts


@pytest.mark.parametrize(
    "path", ["holiday.wav", "20241399-091730.wav", "20241105-256199.wav", "1730780250.wav", "2024.wav"]
)
def test_names_that_tell_nothing(path: str) -> None:
    assert read_name(path, ALL, ZONE) is None


def test_own_pattern_with_named_groups() -> None:
    own = compile_patterns((r"(?P<team>[^/]+)/(?P<epoch>\d{10})_(?P<agent_name>[^_]+)_(?P<inbound>IN)?",))
    facts = read_name("售后/1730769450_王芳_IN.wav", own, ZONE)
    assert facts is not None
    assert (facts.team, facts.agent_name, facts.direction, facts.started_at) == (
        "售后",
        "王芳",
        "inbound",
        AT,
    )


@pytest.mark.parametrize(("pattern", "says"), [("(?P<a>x", "missing"), ("asteriks", "named groups")])
def test_pattern_that_is_none(pattern: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        compile_patterns((pattern,))
