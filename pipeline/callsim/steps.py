"""Steps that calls of several kinds share: the customer's matter, a wait, a small scene, a dictation."""

from __future__ import annotations

from pipeline.callsim.flow import Flow
from pipeline.callsim.rulebook import SCENES
from pipeline.callsim.sounds import MUSIC_STYLES

LONG_LINE = 14  # characters from which a line leaves room for a backchannel


def ask(flow: Flow, text: str, rule: str) -> None:
    """The customer's first long line, perhaps cut into by the agent."""
    planted = flow.faults & {rule, "polite.interrupt"}
    if planted:
        flow.say("customer", f"是这样的\uff0c我跟你说\uff0c{text.rstrip('。？')}\uff0c而且我还想说的是\uff0c")
        flow.say(
            "agent",
            flow.bank.fault("polite.interrupt"),
            gap_s=-float(flow.rng.uniform(1.2, 1.8)),
            overlap="interruption",
            gave_way=True,
            fault=tuple(sorted(planted)),
        )
        flow.say("customer", "我还没有说完呢。")
    else:
        flow.say("customer", text)
        if len(text) >= LONG_LINE and flow.chance(0.25):
            flow.agent("backchannel", at_s=float(flow.rng.uniform(1.2, 1.9)), overlap="backchannel")


def unnamed(text: str) -> str:
    """Without the comma a name left behind when it was not to be said."""
    return text.lstrip("\uff0c").replace("\uff0c\uff0c", "\uff0c")


def hold(flow: Flow) -> None:
    """A wait as the standards want it, or with its faults; and perhaps plain dead air."""
    if "hold.dead_air" in flow.faults:
        flow.do("wait", seconds=float(flow.rng.uniform(6, 11)), fault=("hold.dead_air",))
        return
    faults = {f for f in flow.faults if f.startswith("hold.")}
    if not faults and not flow.chance(0.35):
        return
    asked = "hold.ask_first" not in faults
    thanked = not faults & {"hold.return_thanks", "hold.over_30s"}
    # A long wait without thanks would break hold.over_30s too.
    long = bool(faults & {"hold.over_30s", "hold.reassure_15s"}) or (thanked and flow.chance(0.15))
    if asked:
        flow.say(flow.desk, unnamed(flow.bank.line("hold_ask")))
        flow.customer("agree")
    reassured = long and "hold.reassure_15s" not in faults
    stretches = [float(s) for s in flow.rng.uniform(9.5, 11.5, 3)] if reassured else [_seconds(flow, long)]
    sound = "music" if not asked or flow.chance(0.7) else "silence"
    style = str(flow.rng.choice(MUSIC_STYLES))
    for i, seconds in enumerate(stretches):
        if i:
            flow.agent("reassure", reassures=True)
        flow.do("hold", seconds=seconds, sound=sound, style=style, announced=asked, agreed=asked,
                thanked=thanked, fault=tuple(sorted(faults)) if i == 0 else ())  # fmt: skip
    if thanked:
        name = flow.bank.slots["name"]
        both = f"很抱歉\uff0c{name}\uff0c让您久等了\uff0c这边为您查询到了。"
        flow.say(flow.desk, unnamed(both if long else flow.bank.line("hold_return")))


def _seconds(flow: Flow, long: bool) -> float:
    return float(flow.rng.uniform(32, 40) if long else flow.rng.uniform(6, 12))


def scene(flow: Flow, rule: str) -> None:
    caller, answer = SCENES[rule]
    flow.customer(caller)
    if rule in flow.faults:
        flow.slip(rule)
        flow.customer("after_slip")
    else:
        flow.agent(answer)
        flow.customer("agree")


def dictation(flow: Flow) -> None:
    """Something long to write down: asked first, or read out at once."""
    if "handle.record_prompt" in flow.faults:
        flow.say(flow.desk, flow.bank.fill("受理号码是{phone}。"), fault=("handle.record_prompt",))
    else:
        flow.agent("record_prompt")
        flow.customer("agree")
        flow.agent("record_go")
    flow.customer("ack")
