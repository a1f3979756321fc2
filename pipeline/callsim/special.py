"""Calls without business: abuse, nuisance, a caller nobody hears, a caller who hears nobody."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.callsim.flow import Flow
from pipeline.callsim.script import Release


def _abuse(flow: Flow) -> None:
    flow.customer("abuse", level_db=3.0)
    for _ in range(2):
        if "abuse.warn" in flow.faults:
            flow.slip("abuse.warn")
        else:
            flow.agent("abuse_warning")
        flow.customer("abuse", level_db=3.0)
    if "abuse.warn" in flow.faults:
        flow.release = Release(by="agent", after_s=0.4)
        return
    flow.agent("abuse_release")
    flow.release = Release(by="agent", after_s=1.0, excused="two_abuse_warnings")


def _nuisance(flow: Flow) -> None:
    flow.customer("nuisance")
    flow.say("agent", "请问您有什么业务需要办理吗？")
    flow.customer("nuisance")
    if "nuisance.close_politely" in flow.faults:
        flow.slip("nuisance.close_politely")
    else:
        flow.agent("nuisance_line")
    flow.release = Release(by="agent", after_s=0.8, excused="nuisance")


def _no_voice(flow: Flow) -> None:
    flow.do("wait", seconds=float(flow.rng.uniform(4, 6)), waiting_on="customer")
    if "open.no_voice" in flow.faults:
        flow.release = Release(by="agent", after_s=0.5)
        return
    flow.agent("no_voice_first")
    flow.do("wait", seconds=float(flow.rng.uniform(4, 6)), waiting_on="customer")
    flow.agent("no_voice_last")
    flow.release = Release(by="agent", after_s=5.5, excused="silent_customer")


def _cannot_hear(flow: Flow) -> None:
    flow.customer("cannot_hear_caller")
    if "open.caller_cannot_hear" in flow.faults:
        flow.slip("open.caller_cannot_hear")
    else:
        flow.agent("cannot_hear")
    flow.customer("cannot_hear_caller")
    flow.release = Release(by="agent", after_s=1.0, excused="dead_line")


SPECIAL: dict[str, Callable[[Flow], None]] = {
    "abuse": _abuse,
    "nuisance": _nuisance,
    "no_voice": _no_voice,
    "cannot_hear": _cannot_hear,
}
