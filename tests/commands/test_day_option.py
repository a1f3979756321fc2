from datetime import date

import pytest

from pipeline.commands.day_option import parse_day
from pipeline.config import ConfigError

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("text", "day"),
    [("yesterday", "2026-02-28"), ("today", "2026-03-01"), ("2026-11-21", "2026-11-21")],
)
def test_days(text, day):
    assert parse_day(text, zone="Asia/Shanghai", today=TODAY) == day


@pytest.mark.parametrize("text", ["21.11.2026", "2026-02-30", "gestern", ""])
def test_what_is_no_day_is_told(text):
    with pytest.raises(ConfigError, match="expected YYYY-MM-DD"):
        parse_day(text, zone="Asia/Shanghai", today=TODAY)


def test_a_zone_nobody_knows_is_told():
    with pytest.raises(ConfigError, match="timezone expected"):
        parse_day("yesterday", zone="Asia/Atlantis")
