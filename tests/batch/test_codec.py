import math
import random
from array import array
from dataclasses import replace

import pytest

from pipeline.batch.codec import TornArtefact, decode, encode
from pipeline.types import Audition, ChannelGate, Frames, Measured, Span, Tone

AUDITION = Audition(
    duration_s=3.0,
    gate=ChannelGate("stereo", (False, False), (0.0, 0.25), (None, -30.5), (None, 21.0)),
    voice=((Span(0.0, 1.0),), ()),
    tones=(Tone("busy", Span(1.0, 2.0), 0, 3),),
    digital_silence=((), (Span(0.5, 0.75),)),
    level_dbfs=Frames(0.02, (array("f", [-20.5, -100.0]), array("f", [math.nan]))),
    pitch_hz=None,
)


def test_an_artefact_comes_back_as_it_went():
    back = decode(encode(AUDITION), Audition)
    assert back.voice == AUDITION.voice
    assert back.gate == AUDITION.gate
    assert back.level_dbfs.values[0] == AUDITION.level_dbfs.values[0]
    assert math.isnan(back.level_dbfs.values[1][0])


def test_the_same_object_gives_the_same_bytes():
    assert encode(decode(encode(AUDITION), Audition)) == encode(AUDITION)


def test_what_hardly_shrinks_is_stored_as_it_is_and_the_rest_small():
    rng = random.Random(1)
    noise = Frames(0.02, (array("f", [rng.uniform(-60, -20) for _ in range(5_000)]),))
    silence = Frames(0.02, (array("f", [-100.0] * 5_000),))
    sizes = [len(encode(replace(AUDITION, level_dbfs=level))) for level in (noise, silence)]
    assert sizes[0] > 20_000 > 1_000 > sizes[1]
    assert decode(encode(replace(AUDITION, level_dbfs=noise)), Audition).level_dbfs == noise


@pytest.mark.parametrize("damage", [lambda b: b[:-4], lambda b: b"", lambda b: b"not zlib"])
def test_torn_bytes_are_told(damage):
    with pytest.raises(TornArtefact):
        decode(damage(encode(AUDITION)), Audition)


def test_another_type_is_told():
    with pytest.raises(TornArtefact):
        decode(encode(AUDITION), Measured)


def test_only_float_arrays_may_be_stored():
    with pytest.raises(TypeError, match="array"):
        encode(array("d", [1.0]))
