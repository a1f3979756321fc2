"""Every demand of the five standards has its rule; the ids are those of the standards table."""

import pytest

from pipeline.resources import resource
from pipeline.rules.book import load_rulebook
from pipeline.rules.check import check

ROWS = [
    "open.greeting", "open.agent_id", "open.rings", "open.late_apology", "open.festival", "open.no_voice",
    "open.caller_cannot_hear", "voice.rate", "voice.rate_elderly", "voice.volume", "voice.tone",
    "voice.clarity", "voice.concise", "polite.nin", "polite.words", "polite.honorific",
    "polite.ask_not_order", "polite.interrupt", "polite.thanks_reply", "polite.disturb",
    "polite.misunderstanding", "polite.language_match", "polite.unclear", "polite.bad_line",
    "hold.ask_first", "hold.return_thanks", "hold.over_30s", "hold.reassure_15s", "hold.dead_air",
    "hold.total", "transfer.announce", "transfer.busy", "handle.confirm_understood",
    "handle.record_prompt", "handle.repeat_booking", "handle.verify_identity", "handle.cross_sell",
    "handle.callback_time", "handle.unavailable", "handle.first_owner", "taboo.abuse", "taboo.dignity",
    "taboo.blame_customer", "taboo.retort", "taboo.provoke", "taboo.not_my_business", "taboo.dont_know",
    "taboo.blame_department", "taboo.rules_say_no", "taboo.yes_but", "taboo.false_promise",
    "taboo.joke_nickname", "taboo.private", "complaint.let_vent", "complaint.empathy",
    "complaint.apologise_thank", "complaint.questions", "complaint.solution", "complaint.ask_opinion",
    "complaint.follow_up", "complaint.feel_felt_found", "complaint.escalate", "abuse.warn",
    "abuse.two_warnings", "nuisance.close_politely", "close.anything_else", "close.farewell",
    "close.order", "hangup.customer_first", "hangup.silent_customer", "hangup.talk_before_release",
]  # fmt: skip


@pytest.fixture(scope="module")
def shipped():
    return load_rulebook(resource("lexicons"))


def test_the_table_has_71_rows():
    assert len(ROWS) == len(set(ROWS)) == 71


@pytest.mark.parametrize("row", ROWS)
def test_every_row_has_a_rule_with_source_and_examples(shipped, row):
    assert row in shipped.rules, f"no rule for {row} in lexicons/"
    rule = shipped.rules[row]
    assert rule.status != "retired" and rule.source
    outcomes = {outcome for outcome, _ in rule.examples}
    assert {"fail", "pass"} <= outcomes or outcomes == {"unknown"}


def test_every_row_counts_on_some_scorecard(shipped):
    scored = {item.rule for template in shipped.templates for item in template.items}
    assert set(ROWS) - scored == set()


def test_the_four_templates_are_there_and_one_takes_every_call(shipped):
    assert {"hotline", "travel", "service-hall", "complaint"} <= {t.name for t in shipped.templates}
    assert any(template.fits is None for template in shipped.templates)
    assert {t.school for t in shipped.templates} == {"deduct", "weighted"}


@pytest.mark.slow
def test_the_shipped_rulebook_checks_clean(shipped):
    assert [str(finding) for finding in check(shipped)] == []
