"""Calls the desk makes: the answer that was promised, a visit after the service, a word in time.

The customer picks up and speaks first; however long it rang is nobody's fault.
"""

from __future__ import annotations

from pipeline.callsim.flow import Flow
from pipeline.callsim.steps import ask, hold, unnamed


def opening(flow: Flow) -> None:
    """Ringing, which reaches the agent from the customer's side, 喂, and who is calling whom."""
    rings = int(flow.rng.choice([0, 1, 2, 3, 5, 6]))
    if rings:
        flow.do("ringback", count=rings, on="customer")
    flow.customer("hello")
    if "polite.honorific" in flow.faults:
        flow.bank.slots["name"] = ""
    if "open.greeting" in flow.faults:
        flow.slip("open.greeting")
    else:
        number = "" if "open.agent_id" in flow.faults else "\uff0c" + flow.bank.line("agent_id")
        whom = flow.bank.line("whom" if flow.bank.slots["name"] else "whom_unnamed")
        flow.say("agent", f"您好\uff0c{flow.bank.line('desk')}{number}\uff0c很高兴为您服务。{whom}")
    flow.customer("self")
    flow.agent("disturb")
    flow.customer("free")


def visit(flow: Flow, topic: dict[str, str]) -> None:
    """What the call is for, the customer's question, the answer, perhaps how the service was."""
    flow.say("agent", unnamed(f"{flow.bank.slots['name']}\uff0c{topic['news']}"))
    ask(flow, topic["ask"], "polite.interrupt")
    hold(flow)
    flow.say("agent", topic["answer"])
    flow.customer("ack")
    if flow.chance(0.5):
        flow.agent("satisfied")
        flow.customer("satisfaction")
