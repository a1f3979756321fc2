"""Phrases are found as recognisers write them, with the place, the variant and the score."""

from __future__ import annotations

import pytest

from pipeline.rules.match import PhraseError, PhraseMatcher, PhraseTheme, Place, compile_phrases, join
from pipeline.text import prepare

SYNONYMS = {"帮": ("帮", "帮助")}
THEMES = (
    PhraseTheme("greeting", ("您好[啊|呀]…请问[有]什么(可以|能)<帮>[到]您", "您好请讲"), synonyms=SYNONYMS),
    PhraseTheme("agent_id", ("(工号|编号)[是]{工号}", "{工号}号(坐席|话务员|客服)[为您服务]")),
    PhraseTheme("dont_know", ("不知道", "不清楚"), mode="sound", unless_before=("您", "你", "客户")),
    PhraseTheme("waited", ("让您久等了", "{称呼}让您久等了")),
    PhraseTheme("callback", ("{时间}(之内|内|以内)…给您(回复|回电话)",)),
    PhraseTheme("ignore", ("我们不管",), guards=("quotation", "negation", "question")),
    PhraseTheme("amount", ("一共[是]{金额}",)),
    PhraseTheme("desk", ("转[到]{部门}",)),
)


@pytest.fixture(scope="module")
def matcher() -> PhraseMatcher:
    return compile_phrases(THEMES)


def hits(matcher: PhraseMatcher, text: str, theme: str) -> list[Place]:
    return [hit for hit in matcher.find(prepare(text)) if hit.theme == theme]


@pytest.mark.parametrize(
    ("theme", "text", "said"),
    [
        ("greeting", "喂您好啊,请问有什么可以帮到您呢", "您好啊,请问有什么可以帮到您"),
        ("greeting", "您好这里是客服中心请问有神么可以帮助您", "您好这里是客服中心请问有神么可以帮助您"),
        ("greeting", "您好,請講", "您好,請講"),
        ("agent_id", "我的工号是8021", "工号是8021"),
        ("agent_id", "巴林二幺号客服为您服务", "巴林二幺号客服为您服务"),
        ("waited", "对不起王先生,让您九等了", "让您九等了"),
        ("waited", "让银久等了了解一下", "让银久等了"),  # the second 了 is not the phrase's
        ("waited", "让让银久等了", "让银久等了"),
        ("callback", "我们24小时之内一定给您回复", "24小时之内一定给您回复"),
        ("callback", "二十四小时内给您回户", "二十四小时内给您回户"),
        ("amount", "一共是120元", "一共是120元"),
        ("desk", "帮您转到技术部", "转到技术部"),
    ],
)
def test_found_with_its_place(matcher: PhraseMatcher, theme: str, text: str, said: str) -> None:
    (hit,) = hits(matcher, text, theme)
    assert said in hit.said or hit.said in said
    assert text[hit.start : hit.end] == hit.said
    assert 0.66 <= hit.score <= 1.0 and hit.guarded is None


@pytest.mark.parametrize(
    ("theme", "text"),
    [
        ("greeting", "您好我想查一下订单"),
        ("agent_id", "我的工号已经给您了"),
        ("callback", "一定尽快给您回复"),
        ("dont_know", "您知道不"),
        ("waited", ""),
        ("waited", "😀\ue123"),
    ],
)
def test_not_found(matcher: PhraseMatcher, theme: str, text: str) -> None:
    assert hits(matcher, text, theme) == []


@pytest.mark.parametrize(
    ("theme", "text", "why"),
    [
        ("dont_know", "您不知道密码是吗", "question"),
        ("dont_know", "您刚才说你不清楚", "quotation"),
        ("dont_know", "如果您不清楚的话", "context"),
        ("dont_know", "他说“不知道”就挂了", "quotation"),
        ("ignore", "您说我们不管您", "quotation"),
        ("ignore", "我们不会说我们不管的", "negation"),
        ("dont_know", "这个我不清楚", None),
        ("dont_know", "我不值到", None),
    ],
)
def test_what_turns_the_meaning(matcher: PhraseMatcher, theme: str, text: str, why: str | None) -> None:
    (hit,) = hits(matcher, text, theme)
    assert hit.guarded == why


def test_a_taboo_word_needs_its_borders(matcher: PhraseMatcher) -> None:
    inside = hits(matcher, "您知不知道密码", "dont_know")
    assert all(hit.guarded for hit in inside)


def test_a_phrase_broken_by_a_backchannel_is_joined(matcher: PhraseMatcher) -> None:
    first, second = "对不起让您", "久等了"
    assert hits(matcher, first, "waited") == [] == hits(matcher, second, "waited")
    (hit,) = hits(matcher, join(first, second), "waited")
    assert hit.start < len(first) < hit.end


@pytest.mark.parametrize(
    ("variant", "expected"),
    [("您好[请讲", "closing"), ("您好(请|讲", "closing"), ("您好{姓}", "slot"),
     ("<无>您好", "synonym"), ("您好]", "opening"), ("啊呢嗯", "characters"),
     ("甲|乙", "only inside"), ("(一|二|三|四|五|六|七|八)" * 4, "combinations")],
)  # fmt: skip
def test_a_variant_that_cannot_be_read_says_where(variant: str, expected: str) -> None:
    with pytest.raises(PhraseError, match=expected) as error:
        compile_phrases([PhraseTheme("some.theme", (variant,))])
    assert "some.theme" in str(error.value)


def test_a_megabyte_is_searched(matcher: PhraseMatcher) -> None:
    text = "今天天气不错" * 20_000 + "让您久等了"
    assert [hit.start for hit in hits(matcher, text, "waited")] == [120_000]
