"""Calls the desk makes: who speaks first, what the record says, and rules that look at the direction."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.callsim.grammar import USUAL_KINDS, generate_scripts
from pipeline.callsim.plan import plan_call
from pipeline.callsim.records import generic_row
from pipeline.callsim.render import Rendered
from pipeline.callsim.rulebook import PLANTABLE
from pipeline.callsim.script import Script
from pipeline.callsim.truth import truth_of
from pipeline.rules.accuracy import measure_rules
from pipeline.rules.book import Rulebook, lexicon_folder, load_rulebook
from pipeline.rules.facts import CallFacts
from pipeline.rules.simulated import simulated_call


@pytest.fixture(scope="module")
def scripts() -> list[Script]:
    return generate_scripts(80, 9, "tune", kinds=("outbound",))


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook(lexicon_folder(""))


def rings_of(script: Script) -> int:
    return sum(e.count for e in script.events if e.do == "ringback" and e.on == "customer")


def test_they_are_drawn_only_when_named() -> None:
    assert "outbound" not in USUAL_KINDS
    assert {s.direction for s in generate_scripts(60, 9, "tune")} == {"inbound"}
    mixed = generate_scripts(60, 9, "tune", kinds=("inquiry", "outbound"))
    assert {s.direction for s in mixed} == {"inbound", "outbound"}


def test_the_customer_picks_up_and_the_agent_says_who_calls(scripts: list[Script]) -> None:
    for script in scripts:
        first, second, *_ = [e for e in script.events if e.do == "say"]
        assert (first.role, second.role) == ("customer", "agent")
        assert first.text.startswith("喂")
        assert ("您好" in second.text) == ("open.greeting" not in script.faults)
        truth = truth_of(plan_call(script))
        ringing = [t for t in truth["tones"] if t["kind"] == "ringback" and t["start_s"] < 1]
        assert truth["answered_at_s"] <= truth["utterances"][0]["start_s"]
        assert [t["count"] for t in ringing] == ([rings_of(script)] if rings_of(script) else [])


def test_the_record_says_outbound_and_how_long_it_rang(scripts: list[Script]) -> None:
    script = next(s for s in scripts if rings_of(s) > 3)
    row = generic_row(Rendered(script, np.zeros((1, 0), np.float32), truth_of(plan_call(script))))
    assert row["direction"] == "outbound"
    assert float(row["ring_s"]) > 15


def test_faults_are_those_that_a_caller_can_make(scripts: list[Script]) -> None:
    planted = {f for s in scripts for f in s.all_faults()}
    assert not planted & {"open.rings", "open.late_apology", "handle.confirm_understood"}
    assert len(planted & set(PLANTABLE["outbound"])) > 20
    assert all({"open.rings", "handle.confirm_understood"} <= set(s.must_not_find) for s in scripts)


def test_long_ringing_is_a_fault_of_calls_that_come_in_alone(scripts: list[Script], book: Rulebook) -> None:
    late = next(s for s in scripts if rings_of(s) > 3)
    outcomes = {}
    for direction in ("outbound", "inbound"):
        # An inbound call rings on the desk's side; the record alone must not decide how often it rang.
        call = simulated_call(replace(late, direction=direction))  # type: ignore[arg-type]
        facts = CallFacts(
            call.conversation, call.measured, phrases=book.index, festivals=book.festivals, sound=True
        )
        verdicts = book.judge(facts, book.order)
        outcomes[direction] = (verdicts["open.rings"].outcome, verdicts["open.late_apology"].outcome)
    assert outcomes == {"outbound": ("not_applicable", "not_applicable"), "inbound": ("fail", "fail")}


def test_clean_ones_lose_nothing_and_planted_faults_are_found(scripts: list[Script], book: Rulebook) -> None:
    tally = measure_rules(book, (simulated_call(s) for s in scripts))
    assert tally.clean_calls > 20
    assert tally.clean_spoilt == 0
    assert tally.false.total() == 0
    assert tally.recall > 0.9
