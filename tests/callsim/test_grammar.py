"""The grammar: repeatable, sets that share nothing, faults that are really there, clean calls that are."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

import pytest

from pipeline.callsim import bank
from pipeline.callsim.grammar import SETS, USUAL_KINDS, generate_scripts
from pipeline.callsim.plan import plan_call
from pipeline.callsim.rulebook import COVERED, EXCLUDES, PLANTABLE, SCENES, TOUCHES
from pipeline.callsim.script import Script
from pipeline.callsim.truth import truth_of

STANDARDS_ID = re.compile(
    r"(open|voice|polite|hold|transfer|handle|taboo|complaint|abuse|nuisance|close|hangup)\.[a-z_0-9]+"
)


@pytest.fixture(scope="module")
def scripts() -> list[Script]:
    return generate_scripts(400, 11, "train")


def said(script: Script, *roles: str) -> str:
    return "|".join(e.text for e in script.events if e.role in (roles or ("agent", "agent2")))


def test_a_call_is_the_same_however_many_are_asked_for() -> None:
    assert generate_scripts(3, 5) == generate_scripts(8, 5)[:3]
    assert generate_scripts(3, 5) != generate_scripts(3, 6)


def test_sets_share_no_free_sentence_slot_value_or_seed() -> None:
    sentences = [Counter(bank.free_sentences(s)).keys() for s in SETS]
    seeds = [{s.seed for s in generate_scripts(60, 1, name)} for name in SETS]
    voices = [
        {(p.voice.set, p.voice.seed) for s in generate_scripts(60, 1, name) for p in (s.agent, s.customer)}
        for name in SETS
    ]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not sentences[one] & sentences[other]
        assert not seeds[one] & seeds[other]
        assert not voices[one] & voices[other]
        for slot in ("surname", "city", "hotel", "day", "clock", "money"):
            assert not set(bank.slot_values(slot, SETS[one])) & set(bank.slot_values(slot, SETS[other]))


def test_standard_wordings_are_not_free_sentences() -> None:
    everybody = {t for name in bank.BANKS for b in bank.phrases(name).values() for t in b.get("all", [])}
    for name in SETS:
        assert not everybody & set(bank.free_sentences(name))


def test_no_slot_is_left_open_and_no_ascii_comma_said(scripts: list[Script]) -> None:
    for script in scripts:
        for event in script.events:
            assert not set(event.text) & set("{},?"), event.text


def test_every_kind_and_nearly_every_fault_comes_up(scripts: list[Script]) -> None:
    planted = {f for s in scripts for f in s.all_faults()}
    plantable = {f for faults in PLANTABLE.values() for f in faults}
    assert len(planted) > 0.85 * len(plantable)
    assert {s.title.split(":")[0] for s in scripts} == set(USUAL_KINDS)
    assert 0.3 < sum(not s.all_faults() for s in scripts) / len(scripts) < 0.5


@pytest.mark.parametrize("fault", sorted({f for faults in PLANTABLE.values() for f in faults}))
def test_ids_are_those_of_the_standards(fault: str) -> None:
    assert STANDARDS_ID.fullmatch(fault)
    assert all(STANDARDS_ID.fullmatch(t) for t in TOUCHES.get(fault, ()))


def test_faults_of_events_are_among_the_calls_faults(scripts: list[Script]) -> None:
    for script in scripts:
        planted = {f for e in script.events for f in e.fault}
        assert planted <= set(script.faults), script.id
        assert not set(script.faults) & set(script.must_not_find)
        assert not set(script.faults) & set(script.undecided)
        assert set(script.must_not_find) <= set(COVERED)
        assert not any(
            pair <= set(script.faults) - {"hold.return_thanks", "hangup.customer_first"} for pair in EXCLUDES
        )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("open.agent_id", "(工号|号客服)"),
        ("close.anything_else", "请问(您)?还(有什么|需要)"),
        ("close.farewell", "再见"),
        ("handle.confirm_understood", "(清楚了|够明白)"),
        ("handle.repeat_booking", "(确认一下|核对一下)"),
        ("polite.honorific", "(先生|女士)"),
        ("complaint.empathy", "(心情|感受|如果我是您)"),
        ("complaint.apologise_thank", "(非常抱歉)"),
        ("complaint.ask_opinion", "您看这样"),
        ("complaint.follow_up", "跟进"),
    ],
)
def test_what_a_fault_leaves_out_is_said_in_every_other_call(
    scripts: list[Script], rule: str, words: str
) -> None:
    seen = Counter()
    for script in scripts:
        kind = script.title.split(":")[0]
        if "polite.nin" in script.faults or rule in script.undecided or rule not in PLANTABLE[kind]:
            continue
        if kind == "transfer" and rule == "open.agent_id":
            continue  # the second agent gives a number of their own
        has = bool(re.search(words, said(script)))
        assert has == (rule not in script.faults), (script.id, rule)
        seen[has] += 1
    assert seen[True] and seen[False]


def test_scenes_in_clean_calls_use_the_standard_answer() -> None:
    scripts = generate_scripts(300, 2, "tune", clean=True)
    answers = {t for _, key in SCENES.values() for t in bank.phrases()[key]["all"]}
    bad = {t for b in bank.phrases("faults").values() for ts in b.values() for t in ts}
    assert any(e.text in answers for s in scripts for e in s.events)
    assert not any(e.text in bad for s in scripts for e in s.events if e.role != "customer")


def test_clean_calls_keep_the_measured_limits() -> None:
    for script in generate_scripts(120, 3, "heldout", clean=True):
        truth = truth_of(plan_call(script))
        assert truth["clean"] and not truth["faults"]
        assert not [o for o in truth["overlaps"] if o["kind"] == "interruption"]
        agent_waits = [w for w in truth["waits"] if w["waiting_on"] != "customer"]
        assert not [w for w in agent_waits if w["kind"] == "dead_air"]
        assert all(w["announced"] and w["thanked"] for w in agent_waits)
        for wait in agent_waits:
            marks = [wait["start_s"], *wait["reassured_at_s"], wait["end_s"]]
            assert max(b - a for a, b in pairwise(marks)) <= 15.0
        assert truth["release"]["by"] == "customer" or truth["release"]["excused"]
        assert sum(t["count"] for t in truth["tones"] if t["kind"] == "ringback" and t["start_s"] < 1) <= 3
        if "elderly" not in script.customer.flags:
            assert truth["rates"]["agent"]["cpm"] is None or 190 < truth["rates"]["agent"]["cpm"] < 245


@pytest.mark.parametrize(("arguments", "message"), [({"set": "test"}, "expected one of train"),
                                                    ({"kinds": ("prank",)}, "expected one of inquiry"),
                                                    ({"kinds": ()}, "expected one of inquiry")])  # fmt: skip
def test_unknown_sets_and_kinds_are_told(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        generate_scripts(1, 1, **arguments)  # type: ignore[arg-type]
