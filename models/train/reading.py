"""Second and third stage: the decoder learns to read what the encoder hears.

A small decoder left to itself learns the text first and the sound much later, and then writes the
stock line it knows. So its attention is taught from a forced alignment of the CTC shares (``align``):
half of the heads of the first layer look where the character just written lies, which its sound
tells; those of the last layer look at the next one, which also makes word times exact. And some
characters of its own past are replaced at random, so that it must listen.

Hearing costs most, so each batch heard is read several times over (a buffer of past batches).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from models.train.hearing import batch_of, ctc, rate_at, targets
from models.train.network import Network, half_where_fast
from models.train.optimiser import Optimiser
from models.train.tokens import number, time_token
from models.train.windows import Pool, Window, draw_window

IGNORE = -100
TAUGHT_HEADS = 2  # of each decoder layer; these become Whisper's alignment heads
FRAME_S = 0.02


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """One stage. ``replays``: further updates of the decoder per batch heard, on past batches."""

    steps: int
    rate: float
    fall: float = 0.7  # share of the stage over which the rate falls
    limit_s: float = 3600.0  # the stage ends then at the latest, its rate fallen
    frozen: bool = False
    replays: int = 2
    audio_s: float = 100.0
    shortest_s: float = 2.0
    longest_s: float = 10.0
    many: float = 0.5  # share of batches whose windows pack several sentences
    blank: float = 0.04  # share of windows without speech
    whole: float = 0.0  # share of batches of full 30 s windows
    times: float = 0.3  # share of windows read with timestamps
    guide: float = 0.5  # weight of the attention's teaching
    sounds: float = 1.0  # weight of CTC, encoder not frozen
    mask: float = 0.2  # share of windows with hidden parts
    buffer: int = 60


@dataclass(frozen=True)
class Heard:
    """A batch as the decoder sees it: tokens [B,N] in and out, and where each character lies."""

    states: Tensor  # [B,T+P,D]; half precision in the buffer
    bias: Tensor | None
    tokens: Tensor
    wanted: Tensor
    # rows (window, output position, first frame and frame after the last of its character, and of the one before)
    places: NDArray[np.int32]


@numba.njit(cache=True)
def align(shares: NDArray[np.float32], wanted: NDArray[np.int64]) -> NDArray[np.int64]:
    """Frame at which each wanted sound begins, on the best CTC path; shares [T,C] are logarithms."""
    frames, count = shares.shape[0], 2 * len(wanted) + 1
    score = np.full(count, -1e30)
    came = np.zeros((frames, count), np.int8)
    score[0] = shares[0, 0]
    if count > 1:
        score[1] = shares[0, wanted[0]]
    for t in range(1, frames):
        new = np.empty(count)
        for s in range(count):
            best, step = score[s], 0
            if s > 0 and score[s - 1] > best:
                best, step = score[s - 1], 1
            if s > 1 and s % 2 == 1 and wanted[s // 2] != wanted[s // 2 - 1] and score[s - 2] > best:
                best, step = score[s - 2], 2
            new[s] = best + shares[t, 0 if s % 2 == 0 else wanted[s // 2]]
            came[t, s] = step
        score = new
    s = count - 1 if count == 1 or score[count - 1] >= score[count - 2] else count - 2
    begins = np.zeros(len(wanted), np.int64)
    for t in range(frames - 1, -1, -1):
        if s % 2 == 1:
            begins[s // 2] = t
        s -= came[t, s]
    return begins


def character_spans(begins: NDArray[np.int64], frames: int, *, longest: int = 18) -> list[tuple[int, int]]:
    """Two sounds a character: from its onset to the next one's, at most ``longest`` frames of 20 ms."""
    starts = begins[::2].tolist()
    ends = [*starts[1:], frames]
    return [(a, max(a + 2, min(b, a + longest, frames))) for a, b in zip(starts, ends)]


def sentence_tokens(
    pool: Pool, window: Window, spans: list[tuple[int, int]], *, timed: bool
) -> tuple[list[int], list[tuple[int, int, int]]]:
    """Tokens of a window after the prompt, and (index in them, first frame, frame after) of its characters."""
    out: list[int] = []
    places = []
    at = 0
    for index, (begin, end) in zip(window.sentences, window.spans):
        if timed:
            out.append(time_token(begin / 100))
        for character in pool.texts[index]:
            places.append((len(out), *spans[at]))
            out.append(number(character))
            at += 1
        if timed:
            out.append(time_token(end / 100))
    return out, places


def hear(
    network: Network,
    pool: Pool,
    inventory: dict[str, int],
    windows: list[Window],
    plan: ReadingPlan,
    rng: np.random.Generator,
) -> tuple[Heard, Tensor | None]:
    """Encodes a batch and lays out what the decoder must write; the second value is the CTC loss."""
    length = len(windows[0].mel) // 2
    device = next(network.parameters()).device
    wanted = [targets(pool, w, inventory) for w in windows]
    with torch.set_grad_enabled(not plan.frozen):
        with half_where_fast(device):
            states, bias = network.encoder(batch_of(windows).to(device))
        states = states.float()
        spoken = [i for i, w in enumerate(wanted) if w]
        loss = None
        if not plan.frozen and plan.sounds:
            loss = ctc(network, states[spoken, :length], [wanted[i] for i in spoken])
        with torch.no_grad():
            shares = F.log_softmax(network.sound_head(states[:, :length].detach()), -1).cpu().numpy()
    rows, places = [], []
    for i, window in enumerate(windows):
        spans = character_spans(align(shares[i], np.array(wanted[i])), length) if wanted[i] else []
        timed = rng.random() < plan.times
        body, where = sentence_tokens(pool, window, spans, timed=timed)
        prompt = ["<|startoftranscript|>", "<|zh|>", "<|transcribe|>"] + (
            [] if timed else ["<|notimestamps|>"]
        )
        if timed and not body:
            body = [time_token(0.0)]
        first = len(prompt)
        rows.append(([number(p) for p in prompt], body, not wanted[i]))
        before = [(0, 0), *((a, b) for _, a, b in where[:-1])]
        places += [(i, first - 1 + k, a, b, *last) for (k, a, b), last in zip(where, before)]
    tokens, out = _laid_out(rows)
    return Heard(
        states, bias, tokens.to(device), out.to(device), np.array(places, np.int32).reshape(-1, 6)
    ), loss


def _laid_out(rows: list[tuple[list[int], list[int], bool]]) -> tuple[Tensor, Tensor]:
    """Tokens in and out [B,N]; the prompt is given, but its first place tells speech from none."""
    longest = max(len(p) + len(b) for p, b, _ in rows)
    tokens = torch.full((len(rows), longest), number("<|endoftext|>"))
    out = torch.full((len(rows), longest), IGNORE)
    for i, (prompt, body, silent) in enumerate(rows):
        line = prompt + body
        tokens[i, : len(line)] = torch.tensor(line)
        out[i, len(prompt) - 1 : len(line)] = torch.tensor([*body, number("<|endoftext|>")])
        out[i, 0] = number("<|nospeech|>") if silent else number("<|zh|>")
    return tokens, out


def read(network: Network, heard: Heard, *, forget: float) -> tuple[Tensor, Tensor, Tensor]:
    """Loss per token, loss of the taught heads per character, share of characters right."""
    tokens = heard.tokens
    if forget:
        text = tokens < number("<|endoftext|>")
        swap = text & (torch.rand(tokens.shape, device=tokens.device) < forget)
        tokens = torch.where(swap, torch.randint_like(tokens, 2, 2000), tokens)
    keep = heard.wanted != IGNORE
    with half_where_fast(tokens.device):
        states, shares = network.decoder(tokens, heard.states.float(), heard.bias)
        logits = network.logits(states[keep])
    logits = logits.float()
    wanted = heard.wanted[keep]
    loss = F.cross_entropy(logits, wanted, label_smoothing=0.05)
    right = (logits.argmax(-1) == wanted).float().mean()
    return loss, _attention_loss(shares, heard.places), right


def _attention_loss(shares: list[Tensor], places: NDArray[np.int32]) -> Tensor:
    """Minus log of the attention on the frames to be looked at, mean over the taught heads of all layers."""
    if not len(places):
        return torch.zeros(())
    where = torch.from_numpy(places.astype(np.int64)).to(shares[0].device)
    total = torch.zeros((), device=where.device)
    for number_of, layer in enumerate(shares):
        last = number_of == len(shares) - 1
        rows = where[:, [0, 1, 2, 3]] if last else where[where[:, 5] > 0][:, [0, 1, 4, 5]]
        if not len(rows):
            continue
        looked = layer[rows[:, 0], :TAUGHT_HEADS, rows[:, 1]]  # [K,heads,T+P]
        frame = torch.arange(looked.shape[-1], device=where.device)
        inside = (frame >= rows[:, 2:3]) & (frame < rows[:, 3:4])
        total = total - torch.logsumexp(looked.masked_fill(~inside[:, None], -1e9), -1).mean()
    return total / len(shares)


def learn_to_read(
    network: Network,
    pool: Pool,
    blanks: list[NDArray[np.float32]],
    inventory: dict[str, int],
    plan: ReadingPlan,
    *,
    rng: np.random.Generator,
    log: Callable[[str], None],
    save: Callable[[], None],
    name: str,
) -> None:
    """Trains the decoder, and with it the encoder unless the plan freezes it, in place."""
    modules = [network.decoder] if plan.frozen else [network.decoder, network.encoder, network.sound_head]
    optimiser = Optimiser(modules)
    network.train()
    buffer: list[Heard] = []
    mean: list[float] = []
    begun = time.time()
    for step in range(plan.steps):
        done = max(step / plan.steps, (time.time() - begun) / plan.limit_s)
        if done >= 1:
            break
        windows, seconds = _windows(pool, blanks, plan, rng)
        heard, sound_loss = hear(network, pool, inventory, windows, plan, rng)
        batches = [heard]
        if buffer:
            batches += [buffer[int(i)] for i in rng.integers(0, len(buffer), plan.replays)]
        _remember(buffer, heard, plan, rng)
        for batch in batches:
            loss, guide, right = read(network, batch, forget=0.1)
            total = loss + plan.guide * guide
            if batch is heard:
                shown = (loss.item(), guide.item(), right.item())
                if sound_loss is not None:
                    total = total + plan.sounds * sound_loss
            optimiser.zero_grad()
            total.backward()
            optimiser.step(rate_at(step, done, plan.rate, fall=plan.fall))
        mean = [0.95 * m + 0.05 * v for m, v in zip(mean or shown, shown)]
        if step % 20 == 19:
            extra = f" ctc {float(sound_loss):.3f}" if sound_loss is not None else ""
            log(f"{name} {step + 1}/{plan.steps} loss {mean[0]:.3f} guide {mean[1]:.3f} right {mean[2]:.3f}"
                f"{extra} window {seconds:.1f}s {(time.time() - begun) / (step + 1):.2f} s/step")  # fmt: skip
        if step % 100 == 99:
            pool.grow()
            save()


def _remember(buffer: list[Heard], heard: Heard, plan: ReadingPlan, rng: np.random.Generator) -> None:
    kept = Heard(heard.states.detach().half(), heard.bias, heard.tokens, heard.wanted, heard.places)
    if len(buffer) < plan.buffer:
        buffer.append(kept)
    else:
        buffer[int(rng.integers(len(buffer)))] = kept


def _windows(
    pool: Pool, blanks: list[NDArray[np.float32]], plan: ReadingPlan, rng: np.random.Generator
) -> tuple[list[Window], float]:
    """One batch of windows of one length."""
    if rng.random() < plan.whole:
        seconds, many = 30.0, True
    else:
        many = rng.random() < plan.many
        low = max(plan.shortest_s, 0.5 * plan.longest_s) if many else plan.shortest_s
        seconds = float(rng.uniform(low, plan.longest_s))
    length = int(seconds * 100) // 2 * 2
    count = max(3, round(plan.audio_s / seconds))
    windows = []
    while len(windows) < count:
        if blanks and rng.random() < plan.blank:
            windows.append(_blank_window(blanks, length, rng))
            continue
        alone = not many or (seconds == 30.0 and rng.random() < 0.4)
        if seconds == 30.0 and alone:
            window = _one_in_many(pool, length, rng)
        else:
            window = draw_window(pool, length, rng, many=many, mask=rng.random() < plan.mask)
        if window.sentences:
            windows.append(window)
    return windows, seconds


def _one_in_many(pool: Pool, length: int, rng: np.random.Generator) -> Window:
    """A short window's sentences, and padding to the end: how the product's windows look."""
    short = draw_window(pool, int(rng.uniform(200, 1000)) // 2 * 2, rng, many=True, mask=False)
    mel = np.zeros((length, 80), np.float32)
    mel[: len(short.mel)] = short.mel
    return Window(mel, short.sentences, short.spans)


def _blank_window(blanks: list[NDArray[np.float32]], length: int, rng: np.random.Generator) -> Window:
    """Silence, tones or music, and padding after it."""
    clip = blanks[int(rng.integers(len(blanks)))]
    part = min(length, len(clip), int(rng.integers(50, length + 1)))
    start = int(rng.integers(0, len(clip) - part + 1))
    mel = np.zeros((length, 80), np.float32)
    mel[:part] = clip[start : start + part] + rng.uniform(-0.2, 0.2)
    return Window(mel, [], [])
