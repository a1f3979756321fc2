"""The operators, by what they listen to. Importing this package registers them all."""

from pipeline.rules.operators import line, order, record, talk, words

__all__ = ["line", "order", "record", "talk", "words"]
