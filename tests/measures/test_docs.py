from __future__ import annotations

from pipeline.measures import REGISTRY
from pipeline.measures.docs import PAGE, page, timeline


def test_the_page_is_what_the_register_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m pipeline.measures.docs"


def test_every_measure_tells_its_formula_and_an_example() -> None:
    for info in REGISTRY.values():
        assert info.description and info.formula and info.example and info.unit, info.name


def test_every_measure_shows_itself_on_a_timeline() -> None:
    for info in REGISTRY.values():
        assert "\n" in timeline(info) or "→" in timeline(info), info.name
