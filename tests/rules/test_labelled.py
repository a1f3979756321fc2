import pytest
from click.testing import CliRunner

from pipeline.cli import main

RIGHT = """\
# Labelled by the review desk
rules:
  taboo.not_my_business:
    flag:
    - |
      客户: 那我应该找谁
      坐席: 这与我无关
    pass:
    - |
      客户: 那我应该找谁
      坐席: 我帮您转接到相关部门
"""


def check(tmp_path, text):
    path = tmp_path / "examples.yaml"
    path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(main, ["rules", "check", "--examples", str(path)])


def test_reviewers_examples_are_judged_by_the_rulebook(tmp_path):
    done = check(tmp_path, RIGHT)
    assert done.exit_code == 0, done.output
    assert "1 rules, 2 reviewers' examples: 0" in done.output


def test_what_the_rulebook_judges_otherwise_is_listed_with_its_line(tmp_path):
    done = check(tmp_path, RIGHT.replace("这与我无关", "我帮您查一下"))
    assert done.exit_code == 1
    assert "examples.yaml:5" in done.output and "expected fail, found pass" in done.output


@pytest.mark.parametrize(
    ("text", "told"),
    [("rules:\n  taboo.nothing_such: {flag: []}\n", "taboo.nothing_such"), ("[]", "rules"), ("rules: 3", "rules"),
     ("rules:\n  taboo.abuse: {flags: []}\n", "flag or pass")],
)  # fmt: skip
def test_a_file_that_is_none_is_told(tmp_path, text, told):
    done = check(tmp_path, text)
    assert done.exit_code == 2
    assert told in done.output
