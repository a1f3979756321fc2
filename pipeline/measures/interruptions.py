"""Both at once as numbers: interruptions, backchannels, words that met or helped."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.measures.registry import Reading, Scene, for_call, measure, per_party, untold
from pipeline.timeline import total_s
from pipeline.types import Overlap, Role

_INTERRUPTION = "parameters of Alibaba Cloud SCA 抢话设置; settings interruption_*"


def _by(scene: Scene, role: Role, kind: str) -> list[Overlap]:
    return [o for o in scene.events.overlaps if o.by == role and o.kind == kind]


def _counted(scene: Scene, kind: str, *, gave_way: bool = False) -> list[Reading]:
    def read(role: Role) -> Reading:
        found = [o for o in _by(scene, role, kind) if o.gave_way or not gave_way]
        return Reading(float(len(found)), evidence=tuple(o.span for o in found))

    return per_party(scene, read)


@measure(
    "interruption_count",
    unit="times",
    description="抢话次数:对方还在说时插进来,不含应和(嗯、好的)与接话。",
    formula="overlaps of kind interruption begun by this party",
    example="agent cuts in twice → agent 2",
    source=_INTERRUPTION + "; S1 S3",
)
def interruption_count(scene: Scene) -> Iterable[Reading]:
    """How often the party takes the other's floor away.

    ::

        customer  ▇▇▇▇▇▇▇          ▇▇▇▇▇▇
        agent           ▇▇▇▇▇▇          ▇▇▇▇▇      → agent 2
    """
    return _counted(scene, "interruption")


@measure(
    "interruption_total_s",
    unit="s",
    description="抢话时双方同时说话的总时长。",
    formula="sum of the overlaps of kind interruption begun by this party",
    example="0.8 s and 1.4 s → 2.2",
    source=_INTERRUPTION,
)
def interruption_total_s(scene: Scene) -> Iterable[Reading]:
    """How long both then speak at once.

    ::

        customer  ▇▇▇▇▇▇▇          ▇▇▇▇▇▇▇
        agent           ▇▇▇▇▇▇          ▇▇▇▇▇
        both            0.8             1.4        → 2.2
    """
    return per_party(scene, lambda role: total_s(o.span for o in _by(scene, role, "interruption")))


@measure(
    "interruption_gave_way_count",
    unit="times",
    description="抢话后对方让出话头的次数。",
    formula="interruptions after which the first speaker stops within 1 s and the other goes on",
    example="customer falls silent when the agent cuts in → agent 1",
    source=_INTERRUPTION,
)
def interruption_gave_way_count(scene: Scene) -> Iterable[Reading]:
    """How often the one who was speaking falls silent.

    ::

        customer  ▇▇▇▇▇▇▇|stops    ▇▇▇▇▇▇▇▇▇▇▇▇ goes on
        agent           ▇▇▇▇▇▇          ▇▇▇▇▇      → agent 1
    """
    return _counted(scene, "interruption", gave_way=True)


@measure(
    "backchannel_count",
    unit="times",
    description="应和次数:对方说话时的嗯、好的、对。",
    formula="overlaps of kind backchannel by this party",
    example="嗯 during the customer's account, three times → agent 3",
)
def backchannel_count(scene: Scene) -> Iterable[Reading]:
    """Signs of listening, which take nothing away.

    ::

        customer  ▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇▇
        agent        嗯    嗯   好的               → agent 3
    """
    return _counted(scene, "backchannel")


@measure(
    "cooperative_count",
    unit="times",
    description="接话次数:双方话头相碰、同时开口或帮对方补全,不算抢话。",
    formula="overlaps of kind cooperative begun by this party",
    example="both begin at once → 1",
)
def cooperative_count(scene: Scene) -> Iterable[Reading]:
    """Turns that meet, and words that help.

    ::

        customer  ▇▇▇▇▇▇▇▇
        agent            ▇▇▇▇▇▇                    → agent 1
    """
    return _counted(scene, "cooperative")


@measure(
    "overlap_s",
    unit="s",
    description="双方同时说话的总时长。",
    formula="seconds in which both parties have voice, echo taken out",
    example="0.4 s and 1.4 s → 1.8",
)
def overlap_s(scene: Scene) -> Iterable[Reading]:
    """Both at once, for whatever reason.

    ::

        agent     ▇▇▇▇▇    ▇▇▇▇▇
        customer      ▇▇▇▇▇   ▇▇
        both          ▇       ▇▇                   0.4 + 1.4 → 1.8
    """
    if scene.heard.without_roles:
        return [untold("no_roles")]
    return for_call(scene, lambda: total_s(scene.heard.both))


@measure(
    "overlap_share",
    unit="share",
    description="双方同时说话的时间占通话时长的比例。",
    formula="overlap_s / conversation_s",
    example="1.8 s of 90 s → 0.02",
)
def overlap_share(scene: Scene) -> Iterable[Reading]:
    """Its part of the conversation.

    ::

        conversation |-------- 90 s --------|
        both             ▇       ▇▇                1.8 / 90 → 0.02
    """
    if scene.heard.without_roles:
        return [untold("no_roles")]
    whole = scene.heard.window.duration_s
    return for_call(scene, lambda: total_s(scene.heard.both) / whole if whole else None)
