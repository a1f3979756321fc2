"""How a call goes: the steps of each kind of call, done well or with the planted fault in their place."""

from __future__ import annotations

from dataclasses import replace

from pipeline.callsim.flow import Flow
from pipeline.callsim.rulebook import SCENES, TABOOS
from pipeline.callsim.script import Event, Release
from pipeline.callsim.sounds import MUSIC_STYLES
from pipeline.callsim.special import SPECIAL

LONG_LINE = 14  # characters from which a line leaves room for a backchannel


def compose(kind: str, flow: Flow) -> None:
    """Write the whole call into ``flow``."""
    _opening(flow)
    if kind in SPECIAL:
        SPECIAL[kind](flow)
    else:
        _service(flow, kind)
    if "polite.nin" in flow.faults:
        flow.events = [_without_nin(e) for e in flow.events]


def _service(flow: Flow, kind: str) -> None:
    topic = flow.bank.topic("inquiry" if kind == "transfer" else kind)
    if kind == "transfer":
        _transfer(flow)
    {"booking": _booking, "complaint": _complaint}.get(kind, _inquiry)(flow, topic)
    for rule in SCENES:
        if rule in flow.faults or (flow.chance(0.04) and _fits(rule, kind)):
            _scene(flow, rule)
    for rule in (*TABOOS, "polite.ask_not_order", "handle.first_owner"):
        if rule in flow.faults:
            flow.slip(rule)
            flow.customer("after_slip")
    if "handle.record_prompt" in flow.faults or flow.chance(0.06):
        _dictation(flow)
    _closing(flow)


def _fits(rule: str, kind: str) -> bool:
    return kind == "complaint" if rule == "complaint.escalate" else kind != "transfer"


def _opening(flow: Flow) -> None:
    late = bool(flow.faults & {"open.rings", "open.late_apology"})
    rings = int(flow.rng.integers(4, 6)) if late else int(flow.rng.choice([0, 0, 1, 2]))
    if rings:
        flow.do("ringback", count=rings)
    if "open.greeting" in flow.faults:
        flow.slip("open.greeting")
    else:
        flow.say("agent", _greeting(flow, late=late))
    if "polite.language_match" in flow.faults or flow.chance(0.03):
        _foreign(flow)


def _greeting(flow: Flow, *, late: bool) -> str:
    words = flow.bank.line("greeting")
    hello, rest = words.split("\uff0c", 1)
    number = "" if "open.agent_id" in flow.faults else flow.bank.line("agent_id") + "\uff0c"
    apology = flow.bank.line("late_apology") if late and "open.late_apology" not in flow.faults else ""
    return f"{hello}\uff0c{apology}{number}{rest}"


def _foreign(flow: Flow) -> None:
    language = "en" if flow.chance(0.5) else "yue"
    flow.customer(f"foreign_{language}", language=language)
    if "polite.language_match" in flow.faults:
        flow.slip("polite.language_match")
    else:
        flow.agent("ask_putonghua")
    flow.customer("foreign_yes")


def _ask(flow: Flow, text: str, rule: str) -> None:
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


def _name(flow: Flow) -> None:
    """The customer's surname is asked, and from then on used, or never."""
    flow.agent("ask_name")
    flow.customer("give_name")
    if "polite.honorific" in flow.faults:
        flow.bank.slots["name"] = ""


def _detail(flow: Flow, topic: dict[str, str]) -> None:
    name = flow.bank.slots["name"]
    flow.say(flow.desk, f"好的\uff0c{name}\uff0c{topic['need']}" if name else f"好的\uff0c{topic['need']}")
    flow.say("customer", topic["give"])


def _inquiry(flow: Flow, topic: dict[str, str]) -> None:
    _ask(flow, topic["ask"], "polite.interrupt")
    _name(flow)
    _detail(flow, topic)
    _hold(flow)
    flow.say(flow.desk, topic["answer"])
    if flow.chance(0.6):
        flow.say("customer", topic["more"])
        flow.say(flow.desk, topic["reply"])
    flow.customer("ack")
    if "handle.confirm_understood" not in flow.faults:
        flow.agent("confirm_understood")
        flow.customer("understood")


def _booking(flow: Flow, topic: dict[str, str]) -> None:
    _ask(flow, topic["ask"], "polite.interrupt")
    _name(flow)
    _detail(flow, topic)
    _hold(flow)
    flow.say(flow.desk, topic["answer"])
    flow.customer("booked")
    if "handle.repeat_booking" in flow.faults:
        flow.say(flow.desk, "好的\uff0c已经订好了。")
        flow.customer("agree")
    else:
        flow.agent("read_back")
        flow.customer("correct")


def _complaint(flow: Flow, topic: dict[str, str]) -> None:
    _ask(flow, topic["vent"], "complaint.let_vent")
    _name(flow)
    said = [
        flow.bank.line(key)
        for key, rule in (("empathy", "complaint.empathy"), ("apology", "complaint.apologise_thank"))
        if rule not in flow.faults
    ]
    name = flow.bank.slots["name"]
    if name and not any(name in s for s in said):
        said.insert(0, f"{name}\uff0c")
    flow.say("agent", "".join([*(_unnamed(s) for s in said), topic["need"]]))
    flow.say("customer", topic["give"])
    flow.agent("restate")
    flow.customer("correct")
    _hold(flow)
    answer = "好的\uff0c情况我记下来了。" if "complaint.solution" in flow.faults else topic["solution"]
    opinion = "" if "complaint.ask_opinion" in flow.faults else flow.bank.line("ask_opinion")
    flow.say("agent", answer + opinion)
    flow.customer("complaint_agrees")
    if "complaint.follow_up" not in flow.faults:
        flow.agent("follow_up")
        flow.customer("agree")


def _unnamed(text: str) -> str:
    """Without the comma a name left behind when it was not to be said."""
    return text.lstrip("\uff0c").replace("\uff0c\uff0c", "\uff0c")


def _hold(flow: Flow) -> None:
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
        flow.say(flow.desk, _unnamed(flow.bank.line("hold_ask")))
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
        flow.say(flow.desk, _unnamed(both if long else flow.bank.line("hold_return")))


def _seconds(flow: Flow, long: bool) -> float:
    return float(flow.rng.uniform(32, 40) if long else flow.rng.uniform(6, 12))


def _scene(flow: Flow, rule: str) -> None:
    caller, answer = SCENES[rule]
    flow.customer(caller)
    if rule in flow.faults:
        flow.slip(rule)
        flow.customer("after_slip")
    else:
        flow.agent(answer)
        flow.customer("agree")


def _dictation(flow: Flow) -> None:
    """Something long to write down: asked first, or read out at once."""
    if "handle.record_prompt" in flow.faults:
        flow.say(flow.desk, flow.bank.fill("受理号码是{phone}。"), fault=("handle.record_prompt",))
    else:
        flow.agent("record_prompt")
        flow.customer("agree")
        flow.agent("record_go")
    flow.customer("ack")


def _transfer(flow: Flow) -> None:
    flow.customer("transfer_reason")
    if "transfer.announce" in flow.faults:
        flow.say("agent", "嗯。", fault=("transfer.announce",))
    else:
        flow.agent("transfer_announce")
        flow.customer("agree")
    told = "transfer.announce" not in flow.faults
    rings = int(flow.rng.integers(1, 3))
    flow.do("ringback", count=rings, announced=told, agreed=told, thanked=True)
    flow.desk = "agent2"
    flow.agent("transfer_greeting")


def _closing(flow: Flow) -> None:
    faults = flow.faults
    if "polite.thanks_reply" in faults or flow.chance(0.5):
        flow.customer("customer_thanks")
        if "polite.thanks_reply" not in faults:
            flow.agent("thanks_reply")
    ends_well = not any(f.startswith(("close.", "hangup.")) for f in faults)
    if "hangup.silent_customer" in faults or (ends_well and flow.chance(0.05)):
        _silent_end(flow)
        return
    if "close.order" in faults:
        flow.agent("farewell")
    if "close.anything_else" not in faults:
        flow.agent("anything_else")
        flow.customer("nothing_else")
    if not faults & {"close.farewell", "close.order"}:
        flow.agent("farewell")
    _goodbye(flow)


def _goodbye(flow: Flow) -> None:
    hurried = "hangup.customer_first" in flow.faults
    if not hurried and flow.chance(0.6):
        flow.customer("customer_bye")
    if "hangup.talk_before_release" in flow.faults:
        flow.slip("hangup.talk_before_release")
    if hurried:
        flow.release = Release(by="agent", after_s=float(flow.rng.uniform(0.2, 0.7)))
    else:
        busy = int(flow.rng.choice([0, 0, 3, 4, 6]))
        flow.release = Release(by="customer", after_s=float(flow.rng.uniform(0.6, 1.6)), busy=busy)


def _silent_end(flow: Flow) -> None:
    """Business done, and the customer says nothing more."""
    flow.agent("anything_else")
    if "hangup.silent_customer" in flow.faults:
        flow.do("wait", seconds=2.0, waiting_on="customer")
        flow.agent("farewell")
        flow.release = Release(by="agent", after_s=0.5)
        return
    flow.do("wait", seconds=5.5, waiting_on="customer")
    flow.agent("silent_close")
    flow.release = Release(by="agent", after_s=5.5, excused="silent_customer")


def _without_nin(event: Event) -> Event:
    """The agent says 你 where 您 is due; 您好 stays, it is judged apart."""
    if event.role not in ("agent", "agent2"):
        return event
    return replace(event, text=event.text.replace("您", "你").replace("你好", "您好"))
