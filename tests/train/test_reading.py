from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from models.train.alignment import best_path
from models.train.hearing import rate_at
from models.train.network import PADDING_SAMPLES, POSITIONS, Encoder, Size, sinusoids
from models.train.optimiser import orthogonal
from models.train.pool import Pool, spread
from models.train.reading import IGNORE, written
from models.train.speech import OFFSET, SCALE, Shard, pack
from models.train.tokens import SPECIAL, number, time_token, tokens
from models.train.windows import compose, lay_out, plain


def test_alignment_finds_where_each_sound_begins() -> None:
    best = [0, 0, 3, 3, 0, 5, 0, 0, 5, 0]  # a path with blanks; the 5 comes twice
    shares = torch.full((2, len(best) + 3, 6), -9.0)
    shares[0, torch.arange(len(best)), best] = -0.01
    shares[0, len(best) :, 5] = -0.01  # not its own any more
    shares[1, torch.arange(2), [0, 4]] = -0.01
    begins = best_path(
        shares, torch.tensor([[3, 5, 5], [4, 0, 0]]), torch.tensor([len(best), 2]), torch.tensor([3, 1])
    )
    assert begins[0].tolist() == [2, 5, 8]
    assert begins[1, 0] == 1


TEXTS = ["您好", "请稍等", "不客气", "好"]


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    """Four sentences, whose frames tell sentence and place; each character begins 5 frames after the one before."""
    rng = np.random.default_rng(0)
    lengths = [60, 90, 92, 40]
    frames = rng.integers(60, 120, (sum(lengths), 80)).astype(np.uint8)
    sounds = ["n in2 h ao3", "q ing3 sh ao1 d eng3", "b u4 k e4 q i4", "h ao3"]
    edges, kinds = np.array([[10, 8]] * 4), ["phrase"] * 4
    Shard(frames, np.cumsum(lengths), edges, TEXTS, sounds, kinds).save(tmp_path / "00000.npz")
    pool = Pool(tmp_path, device=torch.device("cpu"))
    assert pool.grow() == 4
    pool.begins = np.concatenate([5 + 5 * np.arange(len(t)) for t in TEXTS]).astype(np.int32)
    pool.add_blanks([np.full((300, 80), -1.0, np.float32)])
    return pool


def test_windows_hold_the_sentences_they_say_they_do(pool: Pool) -> None:
    layout = lay_out(pool, np.full(40, 300), 300, np.random.default_rng(1), many=True, blank=0.2)
    assert (np.diff(layout.window) >= 0).all() and len(set(layout.window)) == 40
    assert (~layout.spoken).any() and layout.spoken.sum() > 40
    for k in np.flatnonzero(layout.spoken):
        i, row, first = layout.sentence[k], layout.window[k], layout.first[k]
        length = int(pool.lengths[i] / layout.pace[k])
        there = layout.source[row, first : first + length]
        assert (layout.owner[row, first : first + length] == k).all()
        assert there[0] == pool.starts[i] and (np.diff(there) >= 0).all()
        assert pool.starts[i] + pool.lengths[i] - 3 <= there[-1] < pool.starts[i] + pool.lengths[i]
    used = layout.owner >= 0
    assert (used == (layout.source >= 0)).all()


def test_composed_windows_are_the_rendered_frames_but_for_level_and_colour(pool: Pool) -> None:
    layout = lay_out(pool, np.full(3, 100), 100, np.random.default_rng(1), many=False)
    mel = compose(pool, layout, np.random.default_rng(2)).numpy()
    assert mel.shape == (3, 80, 100)
    assert (mel.transpose(0, 2, 1)[layout.source < 0] == 0).all()
    heard = pool.frames.numpy()[layout.source[0][:40]] / SCALE - OFFSET
    assert np.abs(mel[0, :, :40].mean() - heard.mean()) < 0.5
    single = plain(pool, np.array([3, 0])).numpy()
    assert np.allclose(single[0, :, :40].T, pool.frames.numpy()[pool.starts[3] :] [:40] / SCALE - OFFSET)  # fmt: skip
    assert (single[0, :, 40:] == 0).all()


def test_what_the_decoder_must_write(pool: Pool) -> None:
    """The whole batch against one built window by window, character by character."""
    layout = lay_out(pool, np.full(30, 300), 300, np.random.default_rng(3), many=True, blank=0.2)
    timed = np.random.default_rng(4).random(30) < 0.5
    rows, wanted, characters = written(pool, layout, timed)
    places = iter(characters.tolist())
    for row in range(30):
        prompt = ["<|startoftranscript|>", "<|zh|>", "<|transcribe|>"] + (
            [] if timed[row] else ["<|notimestamps|>"]
        )
        line = [number(p) for p in prompt]
        before = [0, 0]
        mine = [k for k in np.flatnonzero(layout.window == row) if layout.spoken[k]]
        for k in mine:
            i, first, pace = layout.sentence[k], layout.first[k], layout.pace[k]
            if timed[row]:
                line.append(time_token(round((first + 10 / pace) / 2) * 0.02))
            for n, character in enumerate(TEXTS[i]):
                _, position, begin, after, *earlier = next(places)
                assert position == len(line) - 1 and earlier == before
                assert begin == round(first / 2 + (5 + 5 * n) / pace)
                assert begin + 2 <= after <= begin + 18
                before = [begin, after]
                line.append(number(character))
            if timed[row]:
                line.append(time_token(round((first + (pool.lengths[i] - 8) / pace) / 2) * 0.02))
        if timed[row] and not mine:
            line.append(time_token(0.0))
        assert rows[row, : len(line)].tolist() == line
        assert (rows[row, len(line) :] == number("<|endoftext|>")).all()
        out = [*line[len(prompt) :], number("<|endoftext|>")]
        assert wanted[row, len(prompt) - 1 : len(prompt) - 1 + len(out)].tolist() == out
        assert wanted[row, 0] == number("<|zh|>" if mine else "<|nospeech|>")
        assert (wanted[row, 1 : len(prompt) - 1] == IGNORE).all() and (
            wanted[row, len(line) :] == IGNORE
        ).all()
    assert next(places, None) is None


def test_ranges_are_spread_one_after_the_other() -> None:
    assert spread(np.array([7, 3, 0]), np.array([2, 0, 3])).tolist() == [7, 8, 0, 1, 2]


def test_sampled_padding_stands_for_the_whole_window() -> None:
    """A crop with sampled padding is far nearer to the computed 30 s window than the crop alone."""
    torch.manual_seed(0)
    encoder = Encoder(Size(width=32, heads=2, encoder_layers=2, decoder_layers=1, vocabulary=8)).eval()
    encoder.embed_positions.weight.data = 0.3 * sinusoids(POSITIONS, 32)
    mel = torch.randn(1, 80, 300)
    with torch.no_grad():
        sampled, bias = encoder(mel)
        whole, none = encoder(torch.nn.functional.pad(mel, (0, 2 * POSITIONS - 300)))
        alone = F.gelu(encoder.conv2(F.gelu(encoder.conv1(mel)))).transpose(1, 2)
        alone = alone + encoder.embed_positions.weight[:150]
        for layer in encoder.layers:
            alone = layer(alone, None)
        alone = encoder.layer_norm(alone)
    assert bias is not None and none is None
    assert sampled.shape[1] == 150 + PADDING_SAMPLES
    off = (sampled[:, :140] - whole[:, :140]).abs().mean()
    assert off < 0.25 * (alone[:, :140] - whole[:, :140]).abs().mean()


def test_tokens_are_where_faster_whisper_looks_for_them() -> None:
    names = tokens()
    assert len(names) == len(set(names)) and len(names) % 8 == 0
    assert "" in names  # what makes CTranslate2 call the model multilingual
    assert max(number(c) for c in "您好") < number("<|endoftext|>") == min(number(s) for s in SPECIAL)
    assert number("<|notimestamps|>") + 1 == number("<|0.00|>") == time_token(0.0)
    assert names[time_token(30.0)] == names[-1] == "<|30.00|>"


def test_packed_features_come_back() -> None:
    mel = np.random.default_rng(0).uniform(-1.5, 2.0, (80, 20)).astype(np.float32)
    assert np.abs(pack(mel) / SCALE - OFFSET - mel.T).max() < 0.01


def test_muon_steps_are_nearly_orthogonal() -> None:
    values = torch.linalg.svdvals(orthogonal(torch.randn(2, 24, 96)))
    assert values.min() > 0.5 and values.max() < 1.4


def test_the_rate_warms_up_and_falls() -> None:
    rates = [rate_at(step, step / 1000, 1.0) for step in (0, 100, 299, 999)]
    assert rates[0] < 0.05 and rates[1] == rates[2] == 1.0 and rates[3] < 0.06
