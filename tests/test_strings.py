"""Both languages say everything, with the same blanks to fill."""

import re

from pipeline.strings import strings

BLANK = re.compile(r"\{(\w+)")


def test_both_languages_have_the_same_words_and_blanks():
    zh, en = strings("zh"), strings("en")
    assert zh.keys() == en.keys()
    for key, words in zh.items():
        assert set(BLANK.findall(words)) == set(BLANK.findall(en[key])), key
        assert words.strip() and en[key].strip(), key
