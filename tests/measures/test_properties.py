"""What holds for every call: times add up, and nothing depends on where, which side or how loud."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.config import MeasureConfig
from pipeline.measures import compute_all, scene_of
from pipeline.measures.activity import activity
from pipeline.measures.events import find_events
from pipeline.timeline import total_s
from pipeline.types import MIN_SPAN_S, Conversation, Measure, Role
from tests.measures.build import Pair, talk

LENGTH_S = 60.0
_moment = st.integers(0, 580).map(lambda tenth: tenth / 10)


def _leg(off_s: float) -> st.SearchStrategy[list[Pair]]:
    """Talk on a grid that meets no threshold exactly: a tie falls either way by the last bit of a float."""
    spoken = st.tuples(_moment, st.integers(2, 60)).map(
        lambda s: (s[0] + off_s, min(LENGTH_S, s[0] + off_s + s[1] / 10 + 0.0137))
    )
    return st.lists(spoken, max_size=8)


agents, customers = _leg(0.0), _leg(0.0371)
quick = settings(max_examples=40, deadline=None)
LINES = ["您好请问有什么可以帮您", "麻烦您稍等一下", "好的", "对不起让您久等了", "我想查一下我的订单", "再见"]
OTHER: dict[Role | None, Role | None] = {"agent": "customer", "customer": "agent", None: None}


def said(agent: list[Pair], customer: list[Pair]) -> list[tuple[Role, float, float, str]]:
    lines = [("agent", a, b) for a, b in agent] + [("customer", a, b) for a, b in customer]
    return [
        (r, a, b, LINES[i % len(LINES)]) for i, (r, a, b) in enumerate(sorted(lines, key=lambda x: x[1:]))
    ]  # type: ignore[misc]


def measures(conversation: Conversation) -> dict[tuple[str, Role | None], Measure]:
    chosen = MeasureConfig()
    scene = scene_of(conversation, find_events(conversation, chosen), chosen)
    return {(m.name, m.role): m for m in compute_all(scene)}


@quick
@given(agents, customers)
def test_silence_and_talk_add_up_to_the_call(agent: list[Pair], customer: list[Pair]) -> None:
    heard = activity(talk(agent, customer))
    spoken = total_s(heard.agent) + total_s(heard.customer) - total_s(heard.both)
    assert abs(total_s(heard.silences) + spoken - heard.window.duration_s) < 1e-6


@quick
@given(agents, customers)
def test_the_numbers_told_add_up_to_the_call(agent: list[Pair], customer: list[Pair]) -> None:
    """Both parties' talk, less what they said at once, and the silence make the conversation."""
    found = {key: m.value for key, m in measures(talk(agent, customer)).items()}
    whole = float(found["conversation_s", None] or 0)
    talked = sum(float(found["talk_s", role] or 0) for role in ("agent", "customer")) - float(
        found["overlap_s", None] or 0
    )
    assert abs(talked + float(found["silence_share", None] or 0) * whole - whole) < 0.001 * (whole + 4)


@quick
@given(agents, customers)
def test_gaps_lie_in_silences_and_never_overlap(agent: list[Pair], customer: list[Pair]) -> None:
    conversation = talk(agent, customer)  # without words no plea can join two silences
    heard = activity(conversation)
    found = find_events(conversation).gaps
    assert abs(total_s(g.span for g in found) - sum(g.span.duration_s for g in found)) < 1e-6
    long = [s for s in heard.silences if s.duration_s >= MeasureConfig().listed_gap_s - 1e-6]
    assert [g.span for g in found] == long


@quick
@given(agents, customers, st.integers(1, 200))
def test_a_later_call_is_the_same_call_later(agent: list[Pair], customer: list[Pair], by: int) -> None:
    """Shifted by seconds that ring before the answer, every duration stays and every moment moves."""
    late = [[(a + by, b + by) for a, b in leg] for leg in (agent, customer)]
    now = find_events(talk(agent, customer, said(agent, customer), answered_s=0.0))
    then = find_events(
        talk(late[0], late[1], said(*late), duration_s=LENGTH_S + by, answered_s=float(by))  # type: ignore[arg-type]
    )
    inside = [g for g in then.gaps if g.kind != "before_answer"]
    assert [(g.kind, round(g.span.start_s - by, 6), g.waiting_on) for g in inside] == [
        (g.kind, round(g.span.start_s, 6), g.waiting_on) for g in now.gaps
    ]
    assert [(o.kind, o.by) for o in then.overlaps] == [(o.kind, o.by) for o in now.overlaps]
    assert now.hangup is not None and then.hangup is not None
    assert then.hangup.side == now.hangup.side
    assert round((then.hangup.released_at_s or 0) - by, 6) == round(now.hangup.released_at_s or 0, 6)


@quick
@given(agents, customers)
def test_swapping_the_channels_changes_nothing_but_the_channels(
    agent: list[Pair], customer: list[Pair]
) -> None:
    one = measures(talk(agent, customer, said(agent, customer), agent_channel=0))
    other = measures(talk(agent, customer, said(agent, customer), agent_channel=1))
    assert {k: m.value for k, m in one.items()} == {k: m.value for k, m in other.items()}


@quick
@given(agents, customers)
def test_swapping_the_parties_swaps_their_numbers(agent: list[Pair], customer: list[Pair]) -> None:
    starts = [a for a, _ in (*agent, *customer)]
    assume(len(set(starts)) == len(starts))  # who began first must not be a draw
    same_for_both = ("talk_s", "talk_share", "turn_count", "longest_monologue_s", "response_latency_s")
    one, other = measures(talk(agent, customer)), measures(talk(customer, agent))
    for (name, role), found in one.items():
        if name in same_for_both:
            assert found.value == other[name, OTHER[role]].value, name


@quick
@given(agents, customers, st.integers(-25, 0))
def test_gain_changes_levels_and_nothing_else(agent: list[Pair], customer: list[Pair], gain: int) -> None:
    one = measures(talk(agent, customer, said(agent, customer)))
    other = measures(talk(agent, customer, said(agent, customer), levels=(-20.0 + gain, -24.0 + gain)))
    levels = {"level_dbfs", "loudness_lufs"}
    for key, found in one.items():
        if key[0] in levels and isinstance(found.value, float):
            assert abs(float(other[key].value or 0) - found.value - gain) < 0.01
        elif key[0] not in levels:
            assert found.value == other[key].value, key


@quick
@given(agents, customers, st.integers(1, 599))
def test_a_call_cut_in_two_and_joined_is_the_same_call(
    agent: list[Pair], customer: list[Pair], cut: int
) -> None:
    """Voice spans that a cut divides say the same as the whole ones; a half too short to be a span is lost."""
    at = cut / 10 + 0.05

    def parts(a: float, b: float) -> list[Pair]:
        return [(a, at), (at, b)] if min(at - a, b - at) >= MIN_SPAN_S else [(a, b)]

    halves = [[part for span in leg for part in parts(*span)] for leg in (agent, customer)]
    whole, joined = talk(agent, customer), talk(halves[0], halves[1])
    joined = replace(joined, utterances=whole.utterances)
    assert find_events(joined) == find_events(whole)
