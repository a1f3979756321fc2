"""The printed rulebook is the one in force."""

from pathlib import Path

from pipeline.resources import resource
from pipeline.rules.book import load_rulebook
from pipeline.rules.rulebook import rulebook_page

PAGE = Path(__file__).parent.parent.parent / "docs" / "rulebook.md"


def test_docs_rulebook_is_made_from_the_shipped_lexicons():
    made = rulebook_page(load_rulebook(resource("lexicons")))
    assert PAGE.read_text(encoding="utf-8") == made, "run: callqa rules docs --out docs/rulebook.md"


def test_every_rule_is_on_the_page_in_chinese():
    book = load_rulebook(resource("lexicons"))
    page = rulebook_page(book)
    for rule in book.rules.values():
        assert f"### {rule.title} `{rule.id}`" in page
    assert "Condition" not in page and "None" not in page
