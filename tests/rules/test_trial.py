"""``callqa rules try``: themes, near ones, and the operators that are no theme."""

from pipeline.rules.book import load_rulebook
from pipeline.rules.trial import asked_otherwise, hear

LEX = """
phrases:
  greeting: [您好请问有什么可以帮您]
rules:
  a: {title: 问候, kind: say, group: 组, expect: {say: greeting}}
  b: {title: 发票, kind: say, group: 组, when: {regex: '开.{0,2}票', role: customer}, expect: {keyword: 发票}}
  c: {title: 旧的, kind: say, group: 组, status: retired, expect: {keyword: 您好}}
"""


def book_of(tmp_path):
    (tmp_path / "a.yaml").write_text(LEX, encoding="utf-8")
    return load_rulebook(tmp_path)


def test_keywords_and_patterns_are_shown_beside_the_themes(tmp_path):
    book = book_of(tmp_path)
    found = asked_otherwise(book, "您好发票要发票开好了", role="agent")
    assert [(f.rule, f.operator, f.said) for f in found] == [("b", "keyword", ("发票",))]
    found = asked_otherwise(book, "我要开张票", role="customer")
    assert [(f.rule, f.operator, f.said) for f in found] == [("b", "regex", ("开张票",))]


def test_what_is_near_is_long_and_like_enough_to_be_worth_a_look(tmp_path):
    book = book_of(tmp_path)
    heard, near = hear(book, "您好请问有省么时候开门", role="agent")
    assert [n.theme for n in (heard or near)] == ["greeting"]
    for noise in ("以帮", "不是我", "你自己去问别人"):
        assert hear(book, noise, role="agent") == ([], [])
