"""How calls end: thanks, anything else, goodbye, and who lets go."""

from __future__ import annotations

from pipeline.callsim.flow import Flow
from pipeline.callsim.script import Release


def closing(flow: Flow) -> None:
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
