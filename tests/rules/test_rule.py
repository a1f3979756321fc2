"""From a condition's answer to a verdict."""

from dataclasses import replace

import pytest

HEARD = {"hit": "坐席: 好", "miss": "坐席: 没有", "unknown": "坐席(听不清): 听不清楚的一句话"}


@pytest.mark.parametrize(
    ("demand", "outcomes"),
    [("expect", ("pass", "fail", "unknown")), ("forbid", ("fail", "pass", "unknown"))],
)
def test_expect_fails_on_a_miss_and_forbid_on_a_hit(rule_of, facts_of, demand, outcomes):
    rule = rule_of(f"{demand}: {{keyword: 好}}")
    assert tuple(rule.judge(facts_of(text)).outcome for text in HEARD.values()) == outcomes


def test_when_decides_first(rule_of, facts_of):
    rule = rule_of("when: {record: {business: complaint}}\nexpect: {keyword: 抱歉}")
    assert rule.judge(facts_of("记录: business=booking\n坐席: 好")).outcome == "not_applicable"
    assert rule.judge(facts_of("记录: business=complaint\n坐席: 好")).outcome == "fail"
    told = rule.judge(facts_of("坐席: 抱歉"))
    assert (told.outcome, told.why) == ("unknown", "不能确定是否适用:通话记录没有 business")


def test_a_trigger_that_never_came_does_not_apply(rule_of, facts_of):
    rule = rule_of("expect: {response: {to: {keyword: 谢谢, role: customer}, with: {keyword: 不客气}}}")
    assert rule.judge(facts_of("坐席: 好")).outcome == "not_applicable"


def test_a_miss_shows_the_window_and_the_nearest(rule_of, facts_of):
    verdict = rule_of("expect: {say: greeting, in: {first: 2}}").judge(
        facts_of("0-2 坐席: 您好请问您有什么事情\n3-4 客户: 我要订票\n5-6 坐席: 好")
    )
    assert verdict.outcome == "fail" and verdict.evidence == ()
    assert (verdict.searched.start_s, verdict.searched.end_s) == (0.0, 6.0)
    assert verdict.near_miss is not None and 0.3 < verdict.near_miss.score < 1
    assert "您好" in verdict.near_miss.quote


def test_a_taboo_that_needed_more_said_shows_the_words_that_were(rule_of, facts_of):
    rule = rule_of("when: {keyword: 不知道}\nexpect: {keyword: 帮您查}")
    verdict = replace(rule, kind="taboo").judge(facts_of("客户: 几点起飞\n5-6 坐席: 不知道\n客户: 哦"))
    assert verdict.outcome == "fail"
    assert [(e.quote, e.span.start_s) for e in verdict.evidence] == [("不知道", 5.0)]


def test_a_guarded_taboo_says_why_it_does_not_count(rule_of, facts_of):
    rule = rule_of("expect: {say: dont_know}")  # expected, so that the guard shows in the miss
    verdict = rule.judge(facts_of("坐席: 我们不会说不知道"))
    assert verdict.outcome == "fail" and "不算" in verdict.why


def test_one_mumbled_line_does_not_leave_every_taboo_open(rule_of, facts_of):
    rule = rule_of("forbid: {keyword: 滚蛋}")
    long_call = "坐席: 您好请问有什么可以帮您请您把订单号告诉我我来帮您查一下\n" * 3
    mostly_clear = rule.judge(facts_of(f"{long_call}坐席(听不清): 这句话听不清"))
    assert mostly_clear.outcome == "pass" and 0.8 < mostly_clear.confidence < 1
    half_lost = rule.judge(facts_of("坐席: 您好请问有什么\n坐席(听不清): 这句话听不清楚啊"))
    assert half_lost.outcome == "unknown"


def test_a_taboo_heard_badly_is_never_held_against_the_agent(rule_of, facts_of):
    clear = "坐席: 您好请问有什么可以帮您请您把订单号告诉我我来帮您查一下\n" * 9
    verdict = rule_of("forbid: {keyword: 滚蛋}").judge(facts_of(f"{clear}坐席(听不清): 滚蛋"))
    assert verdict.outcome == "unknown" and verdict.evidence[0].quote == "滚蛋"


def test_another_rules_outcome_is_a_condition(rule_of, facts_of, book):
    facts = facts_of("坐席: 喂")
    rule = rule_of("when: {rule: open.greeting}\nexpect: {keyword: 抱歉}")
    assert rule.judge(facts).outcome == "unknown"  # not judged yet
    book.judge(facts, book.needed(["open.greeting"]))
    assert rule.judge(facts).outcome == "fail"
