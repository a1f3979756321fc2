"""How a call goes: the steps of each kind of call, done well or with the planted fault in their place."""

from __future__ import annotations

from dataclasses import replace

from pipeline.callsim import outbound
from pipeline.callsim.closing import closing
from pipeline.callsim.flow import Flow
from pipeline.callsim.rulebook import SCENES, TABOOS
from pipeline.callsim.script import Event
from pipeline.callsim.special import SPECIAL
from pipeline.callsim.steps import ask, dictation, hold, scene, unnamed


def compose(kind: str, flow: Flow) -> None:
    """Write the whole call into ``flow``."""
    if kind == "outbound":
        outbound.opening(flow)
    else:
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
    handlers = {"booking": _booking, "complaint": _complaint, "outbound": outbound.visit}
    handlers.get(kind, _inquiry)(flow, topic)
    for rule in SCENES:
        if rule in flow.faults or (flow.chance(0.04) and _fits(rule, kind)):
            scene(flow, rule)
    for rule in (*TABOOS, "polite.ask_not_order", "handle.first_owner"):
        if rule in flow.faults:
            flow.slip(rule)
            flow.customer("after_slip")
    if "handle.record_prompt" in flow.faults or flow.chance(0.06):
        dictation(flow)
    closing(flow)


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
    ask(flow, topic["ask"], "polite.interrupt")
    _name(flow)
    _detail(flow, topic)
    hold(flow)
    flow.say(flow.desk, topic["answer"])
    if flow.chance(0.6):
        flow.say("customer", topic["more"])
        flow.say(flow.desk, topic["reply"])
    flow.customer("ack")
    if "handle.confirm_understood" not in flow.faults:
        flow.agent("confirm_understood")
        flow.customer("understood")


def _booking(flow: Flow, topic: dict[str, str]) -> None:
    ask(flow, topic["ask"], "polite.interrupt")
    _name(flow)
    _detail(flow, topic)
    hold(flow)
    flow.say(flow.desk, topic["answer"])
    flow.customer("booked")
    if "handle.repeat_booking" in flow.faults:
        flow.say(flow.desk, "好的\uff0c已经订好了。")
        flow.customer("agree")
    else:
        flow.agent("read_back")
        flow.customer("correct")


def _complaint(flow: Flow, topic: dict[str, str]) -> None:
    ask(flow, topic["vent"], "complaint.let_vent")
    _name(flow)
    said = [
        flow.bank.line(key)
        for key, rule in (("empathy", "complaint.empathy"), ("apology", "complaint.apologise_thank"))
        if rule not in flow.faults
    ]
    name = flow.bank.slots["name"]
    if name and not any(name in s for s in said):
        said.insert(0, f"{name}\uff0c")
    flow.say("agent", "".join([*(unnamed(s) for s in said), topic["need"]]))
    flow.say("customer", topic["give"])
    flow.agent("restate")
    flow.customer("correct")
    hold(flow)
    answer = "好的\uff0c情况我记下来了。" if "complaint.solution" in flow.faults else topic["solution"]
    opinion = "" if "complaint.ask_opinion" in flow.faults else flow.bank.line("ask_opinion")
    flow.say("agent", answer + opinion)
    flow.customer("complaint_agrees")
    if "complaint.follow_up" not in flow.faults:
        flow.agent("follow_up")
        flow.customer("agree")


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


def _without_nin(event: Event) -> Event:
    """The agent says 你 where 您 is due; 您好 stays, it is judged apart."""
    if event.role not in ("agent", "agent2"):
        return event
    return replace(event, text=event.text.replace("您", "你").replace("你好", "您好"))
