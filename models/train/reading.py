"""Second and third stage: the decoder learns to read what the encoder hears.

A small decoder left to itself learns the text first and the sound much later, and then writes the
stock line it knows. So its attention is taught from the alignment of every sentence (``alignment``):
half of the heads of the first layers look where the character just written lies, which its sound
tells; those of the last layer look at the next one, which also makes word times exact. And some
characters of its own past are replaced at random, so that it must listen.

On a processor hearing costs most, so each batch heard is read several times over (a buffer of past batches).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.train.alignment import align_new
from models.train.hearing import ctc, rate_at
from models.train.network import Network, half_where_fast
from models.train.optimiser import Optimiser
from models.train.pool import Ints, Pool, to
from models.train.tokens import TIMES, number
from models.train.windows import Layout, compose, lay_out

IGNORE = -100
TAUGHT_HEADS = 2  # of each decoder layer; these become Whisper's alignment heads
CHARACTER_FRAMES = (2, 18)  # of 20 ms, that a character is taken to last at least and at most


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """One stage. ``replays``: further updates of the decoder per batch heard, on past batches."""

    steps: int
    rate: float
    fall: float = 0.7  # share of the stage over which the rate falls
    limit_s: float = 3600.0  # the stage ends then at the latest, its rate fallen
    replays: int = 2
    audio_s: float = 100.0
    shortest_s: float = 2.0
    longest_s: float = 10.0
    many: float = 0.5  # share of batches whose windows pack several sentences
    blank: float = 0.04  # share of windows without speech
    whole: float = 0.0  # share of batches of full 30 s windows
    times: float = 0.3  # share of windows read with timestamps
    guide: float = 0.5  # weight of the attention's teaching
    sounds: float = 1.0  # weight of CTC
    mask: float = 0.2  # share of windows with hidden parts
    buffer: int = 60


@dataclass(frozen=True)
class Heard:
    """A batch as the decoder sees it: tokens [B,N] in, and what is wanted where."""

    states: Tensor  # [B,T+P,D]; half precision in the buffer
    bias: Tensor | None
    tokens: Tensor
    places: Tensor  # of all B·N, where something is wanted
    wanted: Tensor
    # rows (window, output position, first frame and frame after the last of its character, and of the one before)
    characters: Tensor


def hear(
    network: Network, pool: Pool, layout: Layout, plan: ReadingPlan, rng: np.random.Generator
) -> tuple[Heard, Tensor]:
    """Encodes a batch and lays out what the decoder must write; the second value is the CTC loss."""
    device = pool.frames.device
    with half_where_fast(device):
        states, bias = network.encoder(compose(pool, layout, rng, mask=plan.mask))
    states = states.float()
    loss = ctc(network, states[:, : layout.source.shape[1] // 2], pool, layout)
    timed = rng.random(len(layout.source)) < plan.times
    tokens, wanted, characters = written(pool, layout, timed)
    places = np.flatnonzero(wanted.ravel() != IGNORE)
    flat = (tokens, places, wanted.ravel()[places], characters)
    return Heard(states, bias, *(to(device, part) for part in flat)), loss


def written(pool: Pool, layout: Layout, timed: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
    """Tokens in and out [B,N], and a row for each character: (window, output position, its frames, those before).

    The prompt is given, but its first place tells speech from none. A ``timed`` window [B] has a time
    before and after each sentence.
    """
    spoken = np.flatnonzero(layout.spoken)
    sentence, window = layout.sentence[spoken], layout.window[spoken]
    places, whose = pool.characters(sentence)
    prompt = np.where(timed, 3, 4)
    counts = np.bincount(whose, minlength=len(spoken))
    rank = _rank(window)  # of the sentence in its window
    before = np.cumsum(counts) - counts
    new_window = np.flatnonzero(rank == 0)
    in_window = before - np.repeat(before[new_window], np.diff(np.append(new_window, len(spoken))))
    begin = (
        prompt[window] + in_window + np.where(timed[window], 2 * rank, 0)
    )  # where the sentence's tokens begin
    column = begin[whose] + timed[window][whose] + np.arange(len(places)) - before[whose]
    sizes = prompt + np.bincount(window, counts + 2 * timed[window], len(timed)).astype(np.int64)
    sizes[np.setdiff1d(np.flatnonzero(timed), window)] += 1  # no speech: the time 0
    tokens, wanted = _frame(timed, np.bincount(window, minlength=len(timed)) > 0, sizes)
    tokens[window[whose], column] = pool.tokens[places]
    with_times = timed[window]
    zero = number("<|0.00|>")
    first, pace = layout.first[spoken], layout.pace[spoken]
    start = first + pool.leads[sentence] / pace
    end = first + (pool.lengths[sentence] - pool.tails[sentence]) / pace
    for at, column_of in ((start, begin), (end, begin + counts + 1)):
        time_of = zero + np.clip(np.round(at / 2), 0, TIMES - 1).astype(np.int64)
        tokens[window[with_times], column_of[with_times]] = time_of[with_times]
    for row, size in enumerate(sizes):
        wanted[row, prompt[row] - 1 : size - 1] = tokens[row, prompt[row] : size]
    spans = _spans(pool, layout, spoken, places, whose)
    earlier = np.concatenate([np.zeros((1, 2), np.int64), spans[:-1]])
    earlier[before[new_window]] = 0
    return tokens, wanted, np.column_stack([window[whose], column - 1, spans, earlier])


def _rank(window: Ints) -> Ints:
    """How many sentences of the same window come before each."""
    return np.arange(len(window)) - np.searchsorted(window, window)


def _frame(timed: NDArray[np.bool_], speech: NDArray[np.bool_], sizes: Ints) -> tuple[Ints, Ints]:
    """Prompts and ends of [B,N] tokens in and out, the rest to be filled."""
    end, rows = number("<|endoftext|>"), np.arange(len(timed))
    tokens = np.full((len(timed), int(sizes.max())), end)
    wanted = np.full(tokens.shape, IGNORE)
    tokens[:, :3] = [number(t) for t in ("<|startoftranscript|>", "<|zh|>", "<|transcribe|>")]
    tokens[~timed, 3] = number("<|notimestamps|>")
    tokens[timed & ~speech, 3] = number("<|0.00|>")
    wanted[:, 0] = np.where(speech, number("<|zh|>"), number("<|nospeech|>"))
    wanted[rows, sizes - 1] = end
    return tokens, wanted


def _spans(pool: Pool, layout: Layout, spoken: Ints, places: Ints, whose: Ints) -> Ints:
    """First 20 ms frame of each character in its window and the one after its last."""
    pace = layout.pace[spoken][whose]
    start = layout.first[spoken][whose] / 2 + pool.begins[places] / pace
    ends = layout.first[spoken] / 2 + pool.lengths[layout.sentence[spoken]] / 2 / layout.pace[spoken]
    following = np.append(start[1:], 0.0)
    last = np.append(whose[1:] != whose[:-1], True)
    following[last] = ends
    first = np.round(start).astype(np.int64)
    shortest, longest = CHARACTER_FRAMES
    after = np.clip(np.round(following).astype(np.int64), first + shortest, first + longest)
    frames = layout.source.shape[1] // 2
    return np.column_stack([np.minimum(first, frames - shortest), np.minimum(after, frames)])


def read(network: Network, heard: Heard, *, forget: float) -> tuple[Tensor, Tensor, Tensor]:
    """Loss per token, loss of the taught heads per character, share of characters right."""
    tokens = heard.tokens
    if forget:
        text = tokens < number("<|endoftext|>")
        swap = text & (torch.rand(tokens.shape, device=tokens.device) < forget)
        tokens = torch.where(swap, torch.randint_like(tokens, 2, 2000), tokens)
    with half_where_fast(tokens.device):
        states, shares = network.decoder(tokens, heard.states.float(), heard.bias)
        logits = network.logits(states.flatten(0, 1)[heard.places])
    logits = logits.float()
    loss = F.cross_entropy(logits, heard.wanted, label_smoothing=0.05)
    right = (logits.argmax(-1) == heard.wanted).float().mean()
    return loss, _attention_loss(shares, heard.characters), right


def _attention_loss(shares: list[Tensor], characters: Tensor) -> Tensor:
    """Minus log of the attention on the frames to be looked at, mean over the taught heads of all layers."""
    total = torch.zeros((), device=characters.device)
    if not len(characters):
        return total
    window, position, first, after, first_before, after_before = characters.T
    for number_of, layer in enumerate(shares):
        last = number_of == len(shares) - 1
        begin, end = (first, after) if last else (first_before, after_before)
        looked = layer[window, :TAUGHT_HEADS, position].float()  # [K,heads,T+P]
        frame = torch.arange(looked.shape[-1], device=looked.device)
        inside = (frame >= begin[:, None]) & (frame < end[:, None])
        on_it = torch.logsumexp(looked.masked_fill(~inside[:, None], -1e9), -1).mean(1)
        some = (end > begin).float()  # nothing was written before the first character of a window
        total = total - (on_it * some).sum() / some.sum().clamp(min=1)
    return total / len(shares)


def learn_to_read(
    network: Network,
    pool: Pool,
    plan: ReadingPlan,
    *,
    rng: np.random.Generator,
    log: Callable[[str], None],
    save: Callable[[], None],
    name: str,
) -> None:
    """Trains encoder and decoder in place; takes in and aligns new shards as they come."""
    optimiser = Optimiser([network.decoder, network.encoder, network.sound_head])
    align_new(network, pool)
    network.train()
    buffer: list[Heard] = []
    begun = time.time()
    for step in range(plan.steps):
        done = max(step / plan.steps, (time.time() - begun) / plan.limit_s)
        if done >= 1:
            break
        layout = _layout(pool, plan, rng)
        heard, sound_loss = hear(network, pool, layout, plan, rng)
        batches = [heard]
        if buffer:
            batches += [buffer[int(i)] for i in rng.integers(0, len(buffer), plan.replays)]
        if plan.replays:
            _remember(buffer, heard, plan, rng)
        for batch in batches:
            loss, guide, right = read(network, batch, forget=0.1)
            total = loss + plan.guide * guide
            if batch is heard:
                shown = loss, guide, right, sound_loss
                total = total + plan.sounds * sound_loss
            optimiser.zero_grad()
            total.backward()
            optimiser.step(rate_at(step, done, plan.rate, fall=plan.fall))
        if step % 20 == 19:
            values = [
                f"{part} {value.item():.3f}" for part, value in zip(("loss", "guide", "right", "ctc"), shown)
            ]
            log(f"{name} {step + 1} {' '.join(values)} window {layout.source.shape[1] / 100:.1f}s "
                f"{(time.time() - begun) / (step + 1):.3f} s/step of {len(pool)} sentences")  # fmt: skip
        if step % 100 == 99:
            pool.grow()
            align_new(network, pool)
            save()


def _remember(buffer: list[Heard], heard: Heard, plan: ReadingPlan, rng: np.random.Generator) -> None:
    kept = replace(heard, states=heard.states.detach().half())
    if len(buffer) < plan.buffer:
        buffer.append(kept)
    else:
        buffer[int(rng.integers(len(buffer)))] = kept


def _layout(pool: Pool, plan: ReadingPlan, rng: np.random.Generator) -> Layout:
    """One batch of windows of one length. Whole ones are often a short window's sentences, then padding:
    how the product's windows look."""
    if rng.random() < plan.whole:
        seconds, many = 30.0, True
    else:
        many = bool(rng.random() < plan.many)
        low = max(plan.shortest_s, 0.5 * plan.longest_s) if many else plan.shortest_s
        seconds = float(rng.uniform(low, plan.longest_s))
    length = int(seconds * 100) // 2 * 2
    contents = np.full(max(3, round(plan.audio_s / seconds)), length)
    if seconds == 30.0:
        alone = rng.random(len(contents)) < 0.4
        contents[alone] = rng.integers(200, 1000, int(alone.sum()))
    return lay_out(pool, contents, length, rng, many=many, blank=plan.blank)
