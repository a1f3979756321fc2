"""The second look: what could have been said and misheard, before anything is held against the agent.

A rule that fails is judged once more with ``facts.careful``. Then a phrase matched by sounds that differ is
doubtful, and a phrase not found is *unknown* instead of missed when the window holds words that come near
it, words recognised with little confidence, or a voice without words. Whatever still fails, fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from pipeline import timeline
from pipeline.rules.facts import CallFacts
from pipeline.rules.nearmiss import NearMiss
from pipeline.rules.window import Window
from pipeline.sounds import may_part
from pipeline.text import normalise, prepare, words
from pipeline.types import Span

# Nats (see nearmiss.py) from which "said and misheard" is likelier than "left out". Set on the simulator's
# tune set so that planted omissions still fail: see docs/accuracy.md.
MAYBE = 2.0
SURE_SCORE = 0.8  # a match below this rests on sounds that differ: nobody is accused by it
PRIOR_SHARE, PRIOR_SYLLABLES = 0.03, 30  # a good recogniser, until a call's own phrases tell
SCORE_AN_ERROR_COSTS = 0.6  # of a character's share of a score, on average over damage.py's errors
# A phrase found with these scores accounts for the sounds, or to the character, for the words it covers.
SOUNDED, EXPLAINED = 0.9, 0.999
GARBLED = 3  # single characters in a row that form no words
# Single characters that stand alone in good Mandarin: pronouns, particles, numerals, units, common verbs.
EVERYDAY = frozenset(
    "我你您他她它们的了是不在有没要会能说看问查给把被让跟和与到从为对就也都还再很太最才又好行请先后上下来去这那哪谁几多少个位张次年月日号点分秒元块"
    "零一二三四五六七八九十百千万半两第前左右里外中吗吧呢啊嘛么呀哦嗯喂姓叫开关订买退换改交办发收送到等打接听讲用做当想帮找写记住走坐"
)
_ODD_RUN = re.compile(f"[^{''.join(sorted(EVERYDAY))}]{{{GARBLED},}}")
UNREAD_S = 0.8  # a voice that long without words may have said three syllables
EDGE_S = 0.3  # recognised words begin late and end early by up to this


def maybe_said(facts: CallFacts, indexes: Sequence[int], themes: Sequence[str]) -> Iterator[str]:
    """Why one of the themes may have been said in one of the utterances though it was not found."""
    texts = [facts.utterances[index].text for index in indexes]
    most = [facts.phrases.near_weights(texts, theme) for theme in themes]
    for at, index in enumerate(indexes):
        for theme, weights in zip(themes, most):
            if weights[at] >= MAYBE and (why := _may_be(facts, index, theme)):
                yield why


def _may_be(facts: CallFacts, index: int, theme: str) -> str:
    """Why the theme may have been said in an utterance though it was not found; "" when not."""
    utterance = facts.utterances[index]
    near = facts.phrases.near_miss(utterance.text, theme)
    if near is None or near.weight < MAYBE:
        return ""
    if near.weight_at(misheard_share(facts)) < MAYBE or _explained(facts, index, theme, near):
        return ""
    places = facts.phrases.places(utterance.text, role=utterance.role)
    if any(place.theme == theme and place.guarded for place in places):
        return ""  # heard, and meant otherwise
    first, last = prepare(utterance.text).original_span(near.start, near.end)
    return f"第{index + 1}句「{utterance.text[first:last][:20]}」像是「{near.variant[:20]}」,可能听错了"


def misheard_share(facts: CallFacts) -> float:
    """Share 0..1 of the agent's syllables misheard in this call, told by how exactly the phrases that were
    found were recognised: what nobody says differently shows the recogniser's errors."""
    if facts.misheard is None:
        places = [
            place
            for role in ("agent", "agent2")
            for index in facts.indexes(role)
            for place in facts.phrases.places(facts.utterances[index].text, role=role)
        ]
        said = sum(len(place.said) for place in places)
        lost = sum(len(place.said) * (1 - place.score) for place in places) / SCORE_AN_ERROR_COSTS
        facts.misheard = (lost + PRIOR_SHARE * PRIOR_SYLLABLES) / (said + PRIOR_SYLLABLES)
    return facts.misheard


def _explained(facts: CallFacts, index: int, theme: str, near: NearMiss) -> bool:
    """The syllables that do not fit stand where another phrase was found, so they were heard rightly; where
    all fit by sound, the characters that do not."""
    utterance = facts.utterances[index]
    offsets = prepare(utterance.text).offsets
    odd, score = (near.odd, SOUNDED) if near.odd else (near.homophones, EXPLAINED)
    others = [
        place
        for place in facts.phrases.places(utterance.text, role=utterance.role)
        if place.theme != theme and place.score >= score and "…" not in place.matched
    ]
    return bool(odd) and all(any(o.start <= offsets[at] < o.end for o in others) for at in odd)


def blurred(facts: CallFacts, window: Window, role: str, *, syllables: int) -> str:
    """Why at least so many syllables of the role's in the window were not surely recognised; "" when all
    were: words of low confidence side by side, characters that form no words, or a voice without words."""
    for index in facts.chosen(role, window):
        if len(said := garbled(facts, index)) >= max(GARBLED, min(syllables, 4)):
            return f"第{index + 1}句「{said[:20]}」不成词,可能听错了"
        if index not in facts.unsure:
            facts.unsure[index] = max(_unsure_runs(facts, index), key=len, default="")
        run = facts.unsure[index]
        if len(run) >= syllables:
            return f"第{index + 1}句「{run[:20]}」听不清"
    unread = _unread(facts, window, role)
    return f"{unread.start_s:.1f} 秒起有人说话 {unread.duration_s:.1f} 秒,没有识别出文字" if unread else ""


def garbled(facts: CallFacts, index: int) -> str:
    """``_no_words``, worked out once a call: every rule that fails asks for it."""
    if index not in facts.garbled:
        facts.garbled[index] = _no_words(facts, index)
    return facts.garbled[index]


def _no_words(facts: CallFacts, index: int) -> str:
    """The longest run of single characters that are neither words of everyday talk nor part of a phrase
    that was found: what a recogniser writes when it did not understand."""
    utterance = facts.utterances[index]
    prepared = prepare(utterance.text)
    if not any(map(_may_be_no_words, _ODD_RUN.findall(prepared.chars))):
        return ""  # most: no need to cut it into words
    places = facts.phrases.places(utterance.text, role=utterance.role)
    found = [p for p in places if p.score >= SOUNDED and "…" not in p.matched]
    longest = run = ""
    at = 0
    for word in words(utterance.text):
        known = len(word) > 1 or word in EVERYDAY
        offset = prepared.offsets[at]
        known = known or any(place.start <= offset < place.end for place in found)
        at += len(word)
        run = "" if known or at in prepared.breaks else run + word
        longest = max(longest, run, key=len)
    return longest


def _may_be_no_words(run: str) -> bool:
    """Can so many characters of the run stand alone side by side?"""
    alone = 1
    for one, other in pairwise(run):
        alone = alone + 1 if may_part(one, other) else 1
        if alone == GARBLED:
            return True
    return False


def _unsure_runs(facts: CallFacts, index: int) -> Iterator[str]:
    words = facts.utterances[index].words
    for unsure, run in groupby(words, key=lambda word: word.probability < facts.doubts.words):
        if unsure:
            yield normalise("".join(word.text for word in run))


def _unread(facts: CallFacts, window: Window, role: str) -> Span | None:
    """The first stretch of the role's voice in the window that no recognised utterance accounts for."""
    channels = {facts.utterances[i].channel for i in facts.indexes(role)} - {None}
    for channel in sorted(channel for channel in channels if channel is not None):
        left = timeline.overlap(unread_voice(facts, channel), window.spans)
        long_enough = [span for span in left if span.duration_s >= UNREAD_S]
        if long_enough:
            return long_enough[0]
    return None


def unread_voice(facts: CallFacts, channel: int) -> tuple[Span, ...]:
    """The channel's voice that no recognised utterance accounts for, worked out once a call."""
    if channel not in facts.unread:
        audition = facts.conversation.audition
        voice = audition.voice[channel] if audition and channel < len(audition.voice) else ()
        read = [
            Span(u.span.start_s - EDGE_S, u.span.end_s + EDGE_S)
            for u in facts.utterances
            if u.channel in (channel, None)
        ]
        facts.unread[channel] = timeline.subtract(voice, read) if voice else ()
    return facts.unread[channel]
