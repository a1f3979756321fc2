"""Line clicks: a relay or a codec switching leaves a spike of a few samples, louder than all around it."""

from __future__ import annotations

import numpy as np

from pipeline.listen.frames import FloatArray

STEP_S = 0.005
SHARP = 8.0  # peak of the second difference over the neighbourhood's usual one
MIN_PEAK = 0.02  # −34 dBFS: softer ones are codec noise
AROUND = 10  # blocks either side: 50 ms


def find_clicks(signal: FloatArray, rate_hz: int) -> tuple[float, ...]:
    """Times of clicks in ``signal`` ``[n]``, in seconds.

    The second difference weighs what no voice has: a jump within one sample. A block counts when its
    largest is eight times that of every block within 50 ms, its direct neighbours aside.

    ::

        signal   ~~~~~~~~│~~~~~~~
        clicks           ×
    """
    size = round(STEP_S * rate_hz)
    count = (len(signal) - 2) // size
    if count < 2 * AROUND + 1:
        return ()
    bend = np.abs(np.diff(signal, n=2))[: count * size].reshape(count, size)
    peak = bend.max(axis=1)
    padded = np.pad(peak, AROUND, mode="reflect")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1).copy()
    around[:, AROUND - 1 : AROUND + 2] = 0
    rivals = around.max(axis=1)
    hits = np.flatnonzero((peak > MIN_PEAK) & (peak > SHARP * rivals))
    found: list[float] = []
    for i in hits:
        at = float((i * size + int(bend[i].argmax())) / rate_hz)
        if not found or at - found[-1] > STEP_S:  # a click on a block's border is one click
            found.append(at)
    return tuple(found)
