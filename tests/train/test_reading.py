import numpy as np
import torch
import torch.nn.functional as F

from models.train.hearing import rate_at
from models.train.network import PADDING_SAMPLES, POSITIONS, Encoder, Size, sinusoids
from models.train.optimiser import orthogonal
from models.train.reading import align, character_spans
from models.train.speech import pack, unpack
from models.train.tokens import SPECIAL, number, time_token, tokens


def test_alignment_finds_where_each_sound_begins() -> None:
    best = [0, 0, 3, 3, 0, 5, 0, 0, 5, 0]  # a path with blanks; the 5 comes twice
    shares = np.full((len(best), 6), -9.0, np.float32)
    shares[np.arange(len(best)), best] = -0.01
    assert align(shares, np.array([3, 5, 5])).tolist() == [2, 5, 8]


def test_characters_last_until_the_next_and_no_longer_than_a_syllable() -> None:
    begins = np.array([10, 12, 20, 22, 60, 63])
    assert character_spans(begins, 100) == [(10, 20), (20, 38), (60, 78)]


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
    assert np.abs(unpack(pack(mel)).T - mel).max() < 0.01


def test_muon_steps_are_nearly_orthogonal() -> None:
    values = torch.linalg.svdvals(orthogonal(torch.randn(2, 24, 96)))
    assert values.min() > 0.5 and values.max() < 1.4


def test_the_rate_warms_up_and_falls() -> None:
    rates = [rate_at(step, step / 1000, 1.0) for step in (0, 100, 299, 999)]
    assert rates[0] < 0.05 and rates[1] == rates[2] == 1.0 and rates[3] < 0.06
