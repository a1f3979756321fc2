"""What happens before anybody answers: rings, menus, queue music. None of it is anybody's talk."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.timeline import clip, merge, total_s
from pipeline.types import Span, Tone

WAITING_KINDS = ("ringback", "music", "dtmf")
STILL_ALONE_S = {"ringback": 2.0, "dtmf": 2.0, "music": 1.0}
# In mono a menu and a talk look alike. Nobody hears menus longer than this before keying; and between the
# last key, ring or queue music and a ring there is an announcement at most, else two parties talked and
# the ring belongs to a transfer.
MONO_MENU_S = 60.0
MONO_ANNOUNCEMENT_S = 8.0
PROMPT_JOIN_S = 2.0
MIN_PROMPT_S = 1.0


def answered_at_s(tones: Sequence[Tone], voice: Sequence[Sequence[Span]]) -> float | None:
    """End of the last ring, key press or queue music before two parties talk; None when there is none.

    A ring counts while one of the two channels has not yet spoken for 2 s: later rings belong to a
    transfer.

    ::

        agent leg     menu ♪♪♪ ring ring |greeting …        ring (transfer)
        customer leg        keys         |     request …
        answered                         ↑
    """
    best: float | None = None
    for tone in sorted((t for t in tones if t.kind in WAITING_KINDS), key=lambda t: t.span):
        before = Span(0.0, tone.span.start_s)
        spoken = [total_s(clip(channel, before)) for channel in voice]
        alone = min(spoken, default=0.0) <= STILL_ALONE_S[tone.kind]
        if len(voice) == 1:
            since = total_s(clip(voice[0], Span(min(best or 0.0, before.end_s), before.end_s)))
            limit = {"ringback": MONO_ANNOUNCEMENT_S, "music": 1.0}.get(tone.kind, MONO_MENU_S)
            alone = tone.span.start_s <= MONO_MENU_S and since < limit
        if alone:
            best = max(best or 0.0, tone.span.end_s)
    return best


def menu_prompts(voice: Sequence[Span], channel: int | None, *, answered_s: float | None) -> tuple[Tone, ...]:
    """Speech on the far leg before the answer, as ``ivr`` tones."""
    if answered_s is None:
        return ()
    early = [s for s in voice if s.end_s <= answered_s + 0.05]
    joined = merge(early, join_s=PROMPT_JOIN_S)
    return tuple(Tone("ivr", s, channel) for s in joined if s.duration_s >= MIN_PROMPT_S)
