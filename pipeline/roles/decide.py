"""Which party is the agent: the clues of the words, the channel map and known voices, as one probability.

Two parties: the difference of their scores is the log-odds that the first is the agent. The channel
map is one more clue, with the log-odds of its own reliability; words that contradict it are reported,
and words that are certain overrule it. Under a threshold nobody has a role, and the reason is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import exp, log

from pipeline.config import DiarizeConfig
from pipeline.roles.alone import doubts, one_person, shown
from pipeline.roles.evidence import (
    Clues,
    Weights,
    clue_titles,
    is_menu,
    load_weights,
    party_clues,
    phrase_names,
    things_said,
)
from pipeline.strings import text
from pipeline.timeline import overlap, total_s
from pipeline.types import Audition, Call, Diarization, Role, Span, Utterance

MAX_LOG_ODDS = 7.0  # 99.9 %: no set of words is surer than this
MIN_PHRASE_CLUES = 2  # different kinds of phrases before words may overrule a channel map
ALIKE = (
    0.9  # certainty that voices were told apart, below which mixed words count fully, as with a third voice
)
LENIENT = 0.5  # and their share where two voices stand apart
MIXED = 2.0  # log-odds for either side at once, from which a label says much of both parties
CLEAR = 1.0  # log-odds from which a third party's phrases place it
SHOWN = 0.15  # contributions smaller than this are not listed as evidence
_SETTINGS = DiarizeConfig()
TRANSFER_SLACK_S = 5.0  # a first agent may say goodbye this long into the second's first words

Party = str


@dataclass(frozen=True, slots=True)
class Decision:
    """``roles`` per party; ``probability`` that all are right; ``evidence`` readable, strongest first."""

    roles: Mapping[Party, Role]
    probability: float
    evidence: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    swapped: bool = False


def settle_roles(
    utterances: Sequence[Utterance],
    diarization: Diarization,
    *,
    call: Call,
    audition: Audition | None = None,
) -> tuple[tuple[Utterance, ...], Diarization]:
    """The same utterances and turns with the roles that words, map and voices settle.

    ``utterances`` carry ``speaker`` (mono) or ``channel`` (stereo) and the mean word probability as
    ``confidence``, which is multiplied by the role confidence here.
    """
    menus = [tone.span for tone in audition.tones if tone.kind == "ivr"] if audition else []
    spoken = [u for u in utterances if not _inside(u.span, menus)]
    prior = _map_prior(diarization, call)
    decision = decide(
        spoken,
        call=call,
        prior=prior,
        voices=diarization.voice_log_odds,
        min_probability=diarization.min_role_probability,
        swap_probability=diarization.swap_probability,
        told_apart=diarization.speaker_certainty,
    )
    sure = decision.probability >= diarization.min_role_probability
    roles = decision.roles if sure else {}
    notes = decision.notes if sure else (*decision.notes, text("roles.unsure", percent=decision.probability))
    settled = tuple(
        replace(u, role=_role(u, roles, menus), confidence=u.confidence * decision.probability)
        for u in utterances
    )
    turns = tuple(
        replace(t, role=roles.get(_party(t), "unknown"), confidence=decision.probability)
        for t in diarization.turns
    )
    return settled, replace(
        diarization,
        turns=turns,
        exclusive=tuple(replace(t, role=roles.get(_party(t), "unknown")) for t in diarization.exclusive),
        role_source="words" if decision.swapped or diarization.role_source != "channel" else "channel",
        role_confidence=decision.probability,
        evidence=(*diarization.evidence, *decision.evidence),
        notes=(*diarization.notes, *(notes if utterances else ())),
    )


def decide(
    utterances: Sequence[Utterance],
    *,
    call: Call,
    prior: Mapping[Party, float] | None = None,
    voices: Mapping[Party, float] | None = None,
    weights: Weights | None = None,
    min_probability: float = _SETTINGS.min_role_probability,
    swap_probability: float = _SETTINGS.swap_probability,
    told_apart: float = 1.0,
) -> Decision:
    """Roles of the parties that speak. ``prior``: log-odds from the channel map; ``voices``: from profiles;
    ``told_apart``: how sure the diarizer is that its speakers are different voices.

    Words surer than ``min_probability`` that the map is wrong are reported, than ``swap_probability``
    believed.
    """
    known, extra = weights or load_weights(), voices or {}
    said = {party: [u for u in utterances if _party(u) == party] for party in _parties(utterances)}
    menus: dict[Party, Role] = {party: "ivr" for party, own in said.items() if is_menu(own)}
    people = {party: own for party, own in said.items() if party not in menus}
    if len(menus) == len(said):
        return Decision(menus, 1.0 if menus else 0.0)
    talk = [u for own in people.values() for u in own]
    clues = {party: party_clues(own, talk, direction=call.direction) for party, own in people.items()}
    scores = {party: known.score(clues[party]) + extra.get(party, 0.0) for party in people}
    if prior:
        limits = (min_probability, swap_probability)
        return _against_map(scores, clues, prior, menus, known, limits)
    if len(people) == 1:
        ((party, own),) = people.items()
        role, probability, against = one_person(own, clues[party], known)
        evidence = _listed(clues, known, extra) + shown(party, against, clue_titles(), SHOWN)
        return Decision({**menus, party: role}, probability, evidence)
    said_of = {party: known.score(things_said(clues[party])) + extra.get(party, 0.0) for party in people}
    roles, odds = _several(people, scores, said_of)
    strict = len(people) > 2 or told_apart < ALIKE
    against = _incoherent(people, clues, roles, known, share=1.0 if strict else LENIENT)
    if told_apart < 0.5:
        against["voices_alike"] = log(max(told_apart, 0.001) / (1 - told_apart))
    evidence = _listed(clues, known, extra) + shown("", against, clue_titles(), SHOWN)
    return Decision({**menus, **roles}, _sigmoid(odds + sum(against.values())), evidence)


def _incoherent(
    people: Mapping[Party, Sequence[Utterance]],
    clues: Mapping[Party, Clues],
    roles: Mapping[Party, Role],
    weights: Weights,
    *,
    share: float,
) -> dict[str, float]:
    """What in the words says that a label holds two people, as log-odds against the roles, 0 or less.

    ``share`` of the weights that a lone voice meets: a stray sentence is no second person. A label that
    says much of both parties is.
    """
    against = {"other_party": 0.0, "self_answers": 0.0}
    for party, own in people.items():
        if roles[party] == "unknown":
            continue
        as_agent = doubts(own, clues[party], weights, "agent")
        as_customer = doubts(own, clues[party], weights, "customer")
        mixed = min(as_agent["other_party"], as_customer["other_party"]) >= MIXED
        found = as_customer if roles[party] == "customer" else as_agent
        for name in against:
            against[name] += (1.0 if mixed else share) * weights.doubt[name] * found[name]
    return against


def _several(
    people: Mapping[Party, Sequence[Utterance]], scores: Mapping[Party, float], said: Mapping[Party, float]
) -> tuple[dict[Party, Role], float]:
    """Agent and customer are the two ends of the scale; a third party is placed by what it says alone.

    ``said``: its phrases' part of the score. With too little of it the party has no role. On the agent's
    end it is a second agent when it begins where the first leaves off, as after a transfer; otherwise it
    is the same person under two labels.
    """
    ranked = sorted(people, key=lambda party: -scores[party])
    top, bottom = ranked[0], ranked[-1]
    sides: dict[Party, Role] = {party: _side(said[party]) for party in ranked[1:-1]}
    sides |= {top: "agent", bottom: "customer"}
    agents = sorted((p for p in ranked if sides[p] == "agent"), key=lambda p: people[p][0].span)
    for earlier, later in pairwise(agents):
        if people[later][0].span.start_s > people[earlier][-1].span.end_s - TRANSFER_SLACK_S:
            sides[later] = "agent2"
    return sides, min(scores[top] - scores[bottom], MAX_LOG_ODDS)


def _side(odds: float) -> Role:
    if abs(odds) < CLEAR:
        return "unknown"
    return "agent" if odds > 0 else "customer"


def _against_map(
    scores: Mapping[Party, float],
    clues: Mapping[Party, Clues],
    prior: Mapping[Party, float],
    menus: Mapping[Party, Role],
    weights: Weights,
    limits: tuple[float, float],
) -> Decision:
    """Stereo: do the words agree with the channel map, and if not, which of them is right?"""
    agent = max(prior, key=lambda party: prior[party])
    others = [party for party in prior if party != agent]
    words = scores.get(agent, 0.0) - max((scores.get(party, 0.0) for party in others), default=0.0)
    words = max(-MAX_LOG_ODDS, min(MAX_LOG_ODDS, words))
    total = words + prior[agent]
    against = _sigmoid(-words)
    kinds = {name for own in clues.values() for name, v in own.items() if v > 0 and name in phrase_names()}
    certain = against >= limits[1] and len(kinds) >= MIN_PHRASE_CLUES and total < 0
    notes: tuple[str, ...] = ()
    if certain:
        notes = (text("roles.swapped", percent=against),)
    elif against >= limits[0]:
        notes = (text("roles.contradicted", percent=against),)
    mapped: Role = "customer" if certain else "agent"
    other: Role = "agent" if certain else "customer"
    roles = {party: mapped if party == agent else other for party in prior}
    odds = -words if certain else total
    return Decision({**roles, **menus}, _sigmoid(odds), _listed(clues, weights, {}), notes, certain)


def _map_prior(diarization: Diarization, call: Call) -> dict[Party, float]:
    """Log-odds of the channel map; empty when the channels do not tell."""
    channels = {turn.channel for turn in diarization.turns}
    if call.agent_channel is None or not channels:
        return {}
    if diarization.role_source == "channel":
        p = min(max(diarization.role_confidence, 0.5), 0.999)
        return {_channel_party(c): (1 if c == call.agent_channel else -1) * log(p / (1 - p)) for c in (0, 1)}
    return {}


def _party(item: object) -> Party:
    speaker, channel = getattr(item, "speaker", None), getattr(item, "channel", None)
    return speaker if speaker is not None else _channel_party(channel)


def _channel_party(channel: int | None) -> Party:
    return f"ch{channel}"


def _parties(utterances: Sequence[Utterance]) -> list[Party]:
    return list(dict.fromkeys(_party(u) for u in sorted(utterances, key=lambda u: u.span)))


def _inside(span: Span, menus: Sequence[Span]) -> bool:
    return bool(menus) and total_s(overlap([span], menus)) > 0.5 * span.duration_s


def _role(utterance: Utterance, roles: Mapping[Party, Role], menus: Sequence[Span]) -> Role:
    return "ivr" if _inside(utterance.span, menus) else roles.get(_party(utterance), "unknown")


def _listed(clues: Mapping[Party, Clues], weights: Weights, voices: Mapping[Party, float]) -> tuple[str, ...]:
    """Each clue that moved the balance, strongest first: "S0 开场问候 +1.4"."""
    titles = clue_titles()
    found = [
        (weights.clue.get(name, 0.0) * value, party, titles[name])
        for party, own in clues.items()
        for name, value in own.items()
    ]
    found += [(value, party, titles["voice_profile"]) for party, value in voices.items()]
    found.sort(key=lambda entry: -abs(entry[0]))
    return tuple(f"{party} {title} {weight:+.1f}" for weight, party, title in found if abs(weight) >= SHOWN)


def _sigmoid(odds: float) -> float:
    return 1 / (1 + exp(-odds))
