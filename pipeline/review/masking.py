"""Phone, identity and card numbers out of sight and hearing, for roles without the right to them.

A recogniser writes digits as 138 or as 一三八 and in as many pieces as the speaker makes, so digits
are found as spoken: runs of at least three, chained over pauses and short interjections; a chain of
seven or more is a number (the shortest telephone number has seven digits).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.timeline import merge
from pipeline.types import Span, Utterance, Word

_DIGIT = "0-9０-９零〇一二三四五六七八九幺两"
_GLUE = r"[\s\-–—,，、.。·]{0,3}"
_RUN = re.compile(rf"[{_DIGIT}](?:{_GLUE}[{_DIGIT}]){{2,}}(?:{_GLUE}[xX])?")
_LONG = re.compile(rf"[{_DIGIT}](?:{_GLUE}[{_DIGIT}]){{6,}}(?:{_GLUE}[xX])?")
MIN_DIGITS = 7
CHAIN_S = 10.0  # dictated pieces follow each other within this
PAD_S = 0.08  # a word's time may be a little off; the tone covers it
MARK = "＊"


@dataclass(frozen=True, slots=True)
class _Piece:
    utterance: int
    start: int  # characters of the utterance's text
    end: int
    digits: int
    span: Span


def mask_text(text: str) -> str:
    """A text by itself: every run of seven digits or more is covered."""
    return _LONG.sub(lambda found: _cover(found.group()), text)


def mask_utterances(utterances: Sequence[Utterance]) -> tuple[tuple[Utterance, ...], tuple[Span, ...]]:
    """The utterances with numbers covered in text and words, and the spans to bleep, merged."""
    pieces = _numbers(utterances)
    by_utterance: dict[int, list[_Piece]] = {}
    for piece in pieces:
        by_utterance.setdefault(piece.utterance, []).append(piece)
    masked = tuple(
        _masked(said, by_utterance[i]) if i in by_utterance else said for i, said in enumerate(utterances)
    )
    bleeps = merge(Span(max(0.0, p.span.start_s - PAD_S), p.span.end_s + PAD_S) for p in pieces)
    return masked, bleeps


def _numbers(utterances: Sequence[Utterance]) -> list[_Piece]:
    found: list[_Piece] = []
    for role in dict.fromkeys(u.role for u in utterances):
        pieces = [p for i, u in enumerate(utterances) if u.role == role for p in _pieces(i, u)]
        chain: list[_Piece] = []
        for piece in pieces:
            if chain and piece.span.start_s - chain[-1].span.end_s > CHAIN_S:
                found += _if_number(chain)
                chain = []
            chain.append(piece)
        found += _if_number(chain)
    return found


def _if_number(chain: list[_Piece]) -> list[_Piece]:
    return chain if sum(p.digits for p in chain) >= MIN_DIGITS else []


def _pieces(index: int, said: Utterance) -> list[_Piece]:
    return [
        _Piece(
            index,
            m.start(),
            m.end(),
            len(re.findall(f"[{_DIGIT}]", m.group())),
            _span(said, m.start(), m.end()),
        )
        for m in _RUN.finditer(said.text)
    ]


def _span(said: Utterance, start: int, end: int) -> Span:
    """The time of some characters: of the words that hold them, or by share where words do not fit."""
    places = _word_places(said)
    if places is None:
        if not said.text:
            return said.span
        # without word times nothing is certain: cover the whole utterance
        return said.span
    hit = [w.span for w, lo, hi in places if lo < end and hi > start]
    return Span(min(s.start_s for s in hit), max(s.end_s for s in hit)) if hit else said.span


def _word_places(said: Utterance) -> list[tuple[Word, int, int]] | None:
    """Each word with its place in the text; None when words and text do not fit together."""
    at, places = 0, []
    for word in said.words:
        found = said.text.find(word.text.strip(), at)
        if found < 0 or not word.text.strip():
            return None
        at = found + len(word.text.strip())
        places.append((word, found, at))
    return places or None


def _masked(said: Utterance, pieces: list[_Piece]) -> Utterance:
    chars = list(said.text)
    for piece in pieces:
        chars[piece.start : piece.end] = _cover(said.text[piece.start : piece.end])
    text = "".join(chars)
    places = _word_places(said)
    words = () if places is None else tuple(replace(w, text=text[lo:hi]) for w, lo, hi in places)
    return replace(said, text=text, words=words)


def _cover(number: str) -> str:
    return re.sub(rf"[{_DIGIT}xX]", MARK, number)
