"""Calls in which one party is never heard: was the caller asked, and when."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.measures.activity import AGENT_ROLES
from pipeline.measures.cues import says
from pipeline.measures.registry import Reading, Scene, for_call, measure, untold
from pipeline.types import Utterance


def first_prompts(scene: Scene, cue: str) -> list[Utterance]:
    """The agent's calls to a silent customer before the customer's first voice."""
    first = min((s.start_s for s in scene.heard.customer), default=float("inf"))
    greeted = False
    found = []
    for said in scene.conversation.utterances:
        if said.role not in AGENT_ROLES or said.span.start_s > first:
            continue
        if greeted and says(said.text, cue):
            found.append(said)
        greeted = True
    return found


@measure(
    "no_voice",
    unit="text",
    description="从一开始就没有声音的一方:none 无、customer 客户、agent 坐席、both 双方。",
    formula="a party without voice for no_voice_s after the other's first turn, or in the whole conversation",
    example="greeting, then 8 s without the caller → customer",
    source="S0 S1",
)
def no_voice(scene: Scene) -> Iterable[Reading]:
    """Is one of the two not there from the start?

    ::

        agent     |您好,请讲|   8 s …
        customer                                   → customer
    """
    if scene.heard.without_roles:
        return [untold("no_roles")]
    return for_call(scene, lambda: silent_party(scene))


def silent_party(scene: Scene) -> str:
    agent, customer = scene.heard.agent, scene.heard.customer
    if not agent and not customer:
        return "both"
    silent = []
    for role, own, other in (("agent", agent, customer), ("customer", customer, agent)):
        if not own:
            silent.append(role)
        elif other and other[0].start_s < own[0].start_s:
            first_turn = next((t for t in scene.turns if t.role != role), None)
            waited = own[0].start_s - (first_turn.span.end_s if first_turn else other[0].end_s)
            if waited >= scene.settings.no_voice_s:
                silent.append(role)
    return silent[0] if silent else "none"


@measure(
    "no_voice_prompts",
    unit="prompts",
    description="客户无声时坐席的提示次数。",
    formula="agent utterances with no_voice_first or no_voice_second of cues.yaml, before the customer's first voice",
    example="请问您听得到吗? → 1",
    source="S0 S1",
)
def no_voice_prompts(scene: Scene) -> Iterable[Reading]:
    """How often the silent customer is called.

    ::

        agent     |您好|    |请问您听得到吗?|   |听不到您的声音|
        customer                                   → 2
    """

    def read() -> Reading:
        spans = {u.span for cue in ("no_voice_first", "no_voice_second") for u in first_prompts(scene, cue)}
        return Reading(float(len(spans)), evidence=tuple(sorted(spans)))

    return for_call(scene, read)


def _first_prompt(scene: Scene, cue: str) -> list[Reading]:
    def read() -> Reading:
        found = first_prompts(scene, cue)
        if not found:
            return untold("no_prompt")
        return Reading(found[0].span.start_s, evidence=(found[0].span,))

    return for_call(scene, read)


@measure(
    "no_voice_first_prompt_s",
    unit="s",
    description="第一次提示(请讲、请问您听得到吗)的时刻。",
    formula="start of the first prompt after the greeting while the customer is silent",
    example="greeting at 1 s, 请问您听得到吗 at 6 s → 6",
    source="S0 S1",
)
def no_voice_first_prompt_s(scene: Scene) -> Iterable[Reading]:
    """When the silent customer is first called.

    ::

        agent     |您好|    |请问您听得到吗?|
                            ↑ 6 s
    """
    return _first_prompt(scene, "no_voice_first")


@measure(
    "no_voice_second_prompt_s",
    unit="s",
    description="第二次提示(听不到您的声音,请换部电话)的时刻。",
    formula="start of the first no_voice_second prompt while the customer is silent",
    example="听不到您的声音,请您换部电话 at 12 s → 12",
    source="S0 S1",
)
def no_voice_second_prompt_s(scene: Scene) -> Iterable[Reading]:
    """When the silent customer is told so.

    ::

        agent     |您好|    |听得到吗?|   |听不到您的声音,请换部电话|
                                          ↑ 12 s
    """
    return _first_prompt(scene, "no_voice_second")
