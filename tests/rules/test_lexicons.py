"""The shipped lexicons: every row of the standard, every scorecard, the demo day, words badly heard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipeline.callsim.demo_day import demo_day, scripts_in
from pipeline.rules.book import Rulebook, lexicon_folder, load_rulebook
from pipeline.rules.facts import CallFacts
from pipeline.rules.phrase_accuracy import bank_sentences, phrase_counts, taboo_alarms
from pipeline.rules.scoring import choose_template, score_call
from pipeline.rules.simulated import simulated_call

STANDARDS = Path(__file__).parents[2].parent / "shared" / "standards.md"
# Measured from sound: the truth path has no sound to measure.
BY_SOUND = {"voice.rate", "voice.volume", "voice.clarity", "voice.tone"}


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return load_rulebook(lexicon_folder(""))


@pytest.mark.skipif(not STANDARDS.exists(), reason="the standards page lies outside the project")
def test_every_row_of_the_standard_is_a_rule(book: Rulebook) -> None:
    rows = re.findall(r"^\| ([a-z_]+\.[a-z_0-9]+) \|", STANDARDS.read_text(encoding="utf-8"), re.M)
    assert len(rows) >= 70
    assert set(rows) - set(book.rules) == set()


def test_every_rule_proves_itself_and_names_its_source(book: Rulebook) -> None:
    for name, rule in book.rules.items():
        kinds = {outcome for outcome, _ in rule.examples}
        assert {"fail", "pass"} <= kinds, name
        assert rule.source and rule.title, name


def test_every_scorecard_holds_every_rule_it_can_judge(book: Rulebook) -> None:
    assert {t.name for t in book.templates} == {"hotline", "travel", "service-hall", "complaint"}
    assert {t.school for t in book.templates} == {"deduct", "weighted"}
    for template in book.templates:
        assert set(book.rules) - {item.rule for item in template.items} == set(), template.name


@pytest.mark.parametrize("script", scripts_in(demo_day()), ids=lambda s: s.id)
def test_the_demo_day_comes_out_right(book: Rulebook, script) -> None:  # type: ignore[no-untyped-def]
    call = simulated_call(script)
    facts = CallFacts(
        call.conversation, call.measured, phrases=book.index, festivals=book.festivals, sound=True
    )
    card = score_call(book, facts, choose_template(book, facts))
    failed = {item.rule_id for item in card.items if item.outcome == "fail"}
    assert call.planted - failed <= BY_SOUND
    assert failed & call.forbidden == set()
    if call.clean:
        assert failed == set()


def test_phrases_survive_recognition_errors(book: Rulebook) -> None:
    sentences = bank_sentences("heldout", calls=2, seed=5)
    clean = phrase_counts(book, sentences, cer=0.0, seed=1)
    damaged = phrase_counts(book, sentences, cer=0.10, seed=1)
    assert clean.recall >= 0.99 and clean.precision >= 0.97
    assert damaged.recall >= 0.93 and damaged.precision >= 0.97  # 92 sentences: the margin is sampling


def test_no_taboo_is_heard_in_good_service(book: Rulebook) -> None:
    lines = [sentence for _, sentence in bank_sentences("heldout", calls=2, seed=9)]
    assert taboo_alarms(book, lines, cer=0.0, seed=1) == []
