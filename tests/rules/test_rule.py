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


def test_nothing_near_is_told_in_words(rule_of, facts_of):
    verdict = rule_of("expect: {say: greeting}").judge(facts_of("坐席: 喂,说吧\n客户: 我要订票"))
    assert verdict.near_miss is None and verdict.why.endswith("没有接近的说法")


def test_what_was_said_is_not_looked_for_again(rule_of, facts_of):
    rule = rule_of("expect: {all: [{say: farewell}, {say: greeting}]}")
    verdict = rule.judge(facts_of("坐席: 喂,说吧\n客户: 我要订票\n坐席: 感谢您的来电"))
    assert verdict.outcome == "fail" and verdict.near_miss is None  # not 感谢您的来电, which is there


def test_a_measure_out_of_bounds_has_nothing_near(rule_of, facts_of):
    rule = rule_of("expect: {measure: {name: x, min: 5}}")
    assert rule.judge(facts_of("坐席: 好\n测量: x=3")).why == "测试(x = 3)"


def test_what_may_not_be_can_be_played_wherever_in_the_demand_it_stands(rule_of, facts_of):
    gap = "{gap: {kinds: hold, announced: false}}"
    by = f"{{preceded: {{of: {gap}, by: {{keyword: 稍等}}}}}}"
    rule = rule_of(f"expect: {{all: [{{any: [{{not: {gap}}}, {by}]}}, {{utterance: {{}}}}]}}")
    verdict = rule.judge(facts_of("坐席: 好\n音乐 20s\n坐席: 查到了"))
    assert verdict.outcome == "fail" and verdict.evidence[0].quote == "等待音乐 20.0 秒"


def test_a_match_shows_what_it_was_taken_for(rule_of, facts_of):
    rule = rule_of("forbid: {say: greeting}")
    exact, like = (
        rule.judge(facts_of(f"坐席: {said}")).evidence[0]
        for said in ("您好请问有什么可以帮您", "您好请闻有什么可以帮您")
    )
    assert (exact.score, exact.matched) == (1.0, "")
    assert like.score < 1 and like.matched == "您好[啊|呀]…请问[有]什么(可以|能)<帮>"


def test_the_second_look_spares_a_keyword_written_with_other_characters(rule_of, facts_of):
    rule = rule_of("expect: {keyword: 发票}")
    assert rule.judge(facts_of("坐席: 好的没有问题")).outcome == "fail"
    heard = rule.judge(facts_of("坐席: 法票给您开好了"))
    assert heard.outcome == "unknown" and "同音" in heard.why


def test_words_over_several_utterances_are_shown_together(rule_of, facts_of):
    rule = rule_of("forbid: {keyword: {all: [退款, 不行], per: joined}}")
    (place,) = rule.judge(facts_of("0-2 坐席: 退款啊\n3-4 客户: 对\n5-6 坐席: 不行")).evidence
    assert (place.quote, place.span.start_s, place.span.end_s) == ("退款…不行", 0.0, 6.0)


@pytest.mark.parametrize(
    ("when", "applies", "does_not"),
    [
        ("{record: {business: complaint}}", "记录: business=complaint", "记录: business=inquiry"),
        ("{record: {direction: inbound}}", "记录: direction=inbound", "记录: direction=outbound"),
        ("{record: {team: 一组}}", "记录: team=一组", "记录: team=二组"),
        ("{measure: {name: x, above: 3}}", "测量: x=4", "测量: x=2"),
        ("{keyword: 投诉, role: customer}", "客户: 我要投诉", "客户: 我要订票"),
    ],
)
def test_every_kind_of_applicability(rule_of, facts_of, when, applies, does_not):
    rule = rule_of(f"when: {when}\nexpect: {{keyword: 抱歉}}")
    assert rule.judge(facts_of(f"坐席: 好\n{applies}")).outcome == "fail"
    assert rule.judge(facts_of(f"坐席: 好\n{does_not}")).outcome == "not_applicable"


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
