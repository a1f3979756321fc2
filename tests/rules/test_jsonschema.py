"""The schema that editors complete by: what loads is valid by it, what does not is not."""

import jsonschema
import pytest

from pipeline.resources import resource
from pipeline.rules.jsonschema import lexicon_schema, scorecard_schema
from pipeline.rules.yamltree import Map, Seq, Tree, parse_yaml, read_yaml

LEXICONS = resource("lexicons")
SCHEMAS = {"*.yaml": lexicon_schema(), "scorecards/*.yaml": scorecard_schema()}


def plain(tree: Tree):  # type: ignore[no-untyped-def]
    if isinstance(tree, Map):
        return {name: plain(value) for name, value in tree.items.items()}
    return [plain(item) for item in tree.items] if isinstance(tree, Seq) else tree.value


@pytest.mark.parametrize("files", SCHEMAS)
def test_every_shipped_file_is_valid(files):
    found = sorted(LEXICONS.glob(files))
    assert found
    for path in found:
        jsonschema.Draft202012Validator(SCHEMAS[files]).validate(plain(read_yaml(path)))


@pytest.mark.parametrize(
    "text",
    [
        "phrase: {a: [b]}",
        "rules: {x: {title: 甲, kind: say, group: 组, expect: {sey: greeting}}}",
        "rules: {x: {title: 甲, kind: sey, group: 组, expect: {say: greeting}}}",
        "rules: {x: {title: 甲, kind: say, group: 组, expect: {say: greeting, keyword: 好}}}",
        "rules: {x: {title: 甲, kind: say, group: 组, expect: {utterance: {}, in: {during: holdd}}}}",
        "rules: {x: {kind: say, group: 组, expect: {say: greeting}}}",
    ],
)
def test_what_does_not_load_is_marked_in_the_editor(text):
    validator = jsonschema.Draft202012Validator(SCHEMAS["*.yaml"])
    assert not validator.is_valid(plain(parse_yaml(text, file="a.yaml")))
