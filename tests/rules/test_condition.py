"""A count over what was found: doubts are worked out only where the sure hits do not decide."""

import pytest

from pipeline.rules.answer import Hit
from pipeline.rules.condition import Count, counted
from pipeline.rules.operator import Findings
from pipeline.rules.window import Window
from pipeline.types import Evidence, Span

WINDOW = Window(None, (Span(0.0, 9.0),))
SURE = Hit(Evidence(Span(0.0, 1.0), "agent", "您好", 1.0), 0)
UNSURE = SURE._replace(doubtful=True)


def dear() -> tuple[tuple[str, ...], float]:
    raise AssertionError("the doubts were asked for")


def test_a_sure_hit_needs_no_doubts() -> None:
    assert counted(Findings((SURE,), unasked=dear), Count(), WINDOW).value == "hit"
    assert counted(Findings((SURE, SURE), unasked=dear), Count(min=2), WINDOW).value == "hit"


@pytest.mark.parametrize(
    ("hits", "count"),
    [
        ((), Count()),
        ((UNSURE,), Count()),
        ((SURE,), Count(min=2)),
        ((SURE,), Count(max=1)),
        ((), Count(max=0)),
    ],
)
def test_elsewhere_they_are_asked_and_tell(hits: tuple[Hit, ...], count: Count) -> None:
    with pytest.raises(AssertionError, match="asked for"):
        counted(Findings(hits, unasked=dear), count, WINDOW)
    told = counted(Findings(hits, unasked=lambda: (("听不清",), 0.5)), count, WINDOW)
    assert told.value == "unknown" and told.why == "听不清"
    assert told == counted(Findings(hits, doubts=("听不清",), doubt=0.5), count, WINDOW)
