"""The second look: what could be misheard is unknown, what is clear still fails."""

from dataclasses import replace

from pipeline.rules.doubt import misheard_share
from pipeline.types import Span, Word

EXPECT = "expect: {say: greeting, in: {first: 2}}"


def test_an_absence_beside_a_near_miss_is_unknown_and_says_why(rule_of, facts_of):
    verdict = rule_of(EXPECT).judge(facts_of("坐席: 您好请问有什海可以绑打您\n客户: 我要订票\n坐席: 好"))
    if verdict.outcome != "pass":
        assert verdict.outcome == "unknown" and "可能听错了" in verdict.why


def test_a_plain_omission_still_fails(rule_of, facts_of):
    verdict = rule_of(EXPECT).judge(facts_of("坐席: 喂说吧\n客户: 我要订票\n坐席: 去哪里"))
    assert verdict.outcome == "fail"


def test_words_of_low_confidence_may_hide_a_phrase(rule_of, facts_of):
    facts = facts_of("坐席: 喂说吧\n客户: 我要订票\n坐席: 去哪里")
    first = facts.utterances[0]
    doubtful = tuple(
        Word(c, Span(i * 0.2, i * 0.2 + 0.2), 0.1) for i, c in enumerate("喂说吧你要哪个你说吧我听")
    )
    facts.utterances = (
        replace(first, text="喂说吧你要哪个你说吧我听", words=doubtful),
        *facts.utterances[1:],
    )
    verdict = rule_of(EXPECT).judge(facts)
    assert verdict.outcome == "unknown" and "听不清" in verdict.why


def test_characters_that_form_no_words_are_doubt(rule_of, facts_of):
    verdict = rule_of(EXPECT).judge(facts_of("坐席: 兔苛粟佃\n客户: 我要订票\n坐席: 去哪里"))
    assert verdict.outcome == "unknown" and "不成词" in verdict.why


def test_a_clean_call_is_told_from_a_garbled_one(facts_of):
    clean = facts_of("坐席: 您好请问有什么可以帮您\n坐席: 让您久等了\n坐席: 您好请问有什么可以帮您")
    garbled = facts_of("坐席: 您号请闻有神么可以邦您\n坐席: 让您九等了\n坐席: 您耗请问有什么可以榜您")
    assert 1.5 * misheard_share(clean) < misheard_share(garbled)


def test_the_second_look_leaves_the_first_alone(facts_of):
    facts = facts_of("坐席: 您好")
    assert facts.second_look.careful and not facts.careful
