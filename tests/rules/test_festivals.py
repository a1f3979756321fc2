"""Festivals by date."""

from datetime import date

import pytest

from pipeline.resources import resource
from pipeline.rules.book import load_rulebook
from pipeline.rules.festivals import Festivals


@pytest.mark.parametrize(
    ("day", "name"),
    [
        ("2026-02-16", "春节"), ("2026-02-20", "春节"), ("2026-03-01", ""), ("2026-01-01", "元旦"),
        ("2026-10-01", "国庆节"), ("2026-09-25", "中秋节"),
        ("2026-11-21", ""), ("2041-10-01", "国庆节"), ("2041-02-01", None),
    ],
)  # fmt: skip
def test_the_shipped_table(day, name):
    assert load_rulebook(resource("lexicons")).festivals.on(date.fromisoformat(day)) == name


def test_without_moving_feasts_every_year_is_known():
    assert Festivals({"元旦": ("01-01",)}).on(date(2041, 5, 5)) == ""


def test_a_date_that_is_none_is_refused():
    with pytest.raises(ValueError):
        Festivals({"春节": ("2026-02-30",)})
