"""The demo recogniser from nothing: ``python -m models.train.asr --out models/demo/asr``.

Sentences are drawn and rendered (espeak-ng), the encoder learns their sounds, the decoder learns to read,
both are polished on whole 30 s windows, and CTranslate2 converts the result. One seed, no downloads.
With a GPU a larger network is trained in ten minutes while all cores but two render for it; two cores
alone take two hours for a smaller one. ``--smoke`` does every step in a minute on a scale that learns nothing.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.train.corpus import MIX, Corpus
from models.train.export import export, load_network, network_of, save_network
from models.train.hearing import HearingPlan, learn_to_hear, sound_error
from models.train.network import Network, Size
from models.train.pool import Pool
from models.train.reading import ReadingPlan, learn_to_read
from models.train.speech import blank_clips, render_shard
from models.train.tokens import tokens
from pipeline.callsim.voices import VoiceSet

SEED = 7
SHORT = 16  # characters of a sentence of the first shards, at most
LONG = 40


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what comes out. ``short``: shards of short sentences, for the beginning.

    ``ahead``: shards that must be there before the training begins; the others are rendered beside it.
    """

    size: Size
    shards: int
    ahead: int
    sentences: int  # a shard
    short: int
    blanks: int
    hearing: HearingPlan
    reading: tuple[tuple[str, ReadingPlan], ...]


CPU = Recipe(
    size=Size(vocabulary=len(tokens())),
    shards=32,
    ahead=32,
    sentences=2000,
    short=4,
    blanks=100,
    hearing=HearingPlan(steps=5000, limit_s=1320),
    reading=(
        ("read", ReadingPlan(steps=6000, rate=2e-3, longest_s=9.0, whole=0.03, limit_s=4200)),
        ("whole", ReadingPlan(steps=200, rate=1.5e-4, longest_s=10.0, whole=0.4, limit_s=360)),
    ),
)
GPU = Recipe(
    size=Size(width=224, heads=7, encoder_layers=6, decoder_layers=3, vocabulary=len(tokens())),
    shards=4000,  # as many as time allows
    ahead=30,
    sentences=500,
    short=20,
    blanks=200,
    hearing=HearingPlan(steps=20_000, limit_s=160, audio_s=2000),
    reading=(
        (
            "read",
            ReadingPlan(
                steps=20_000, rate=2e-3, longest_s=9.0, whole=0.03, limit_s=380, replays=0, audio_s=2000
            ),
        ),
        (
            "whole",
            ReadingPlan(
                steps=2000, rate=2e-4, longest_s=10.0, whole=0.4, limit_s=50, replays=0, audio_s=2000
            ),
        ),
    ),
)
SMOKE = Recipe(
    size=Size(width=32, heads=2, encoder_layers=1, decoder_layers=1, vocabulary=len(tokens())),
    shards=2,
    ahead=1,
    sentences=32,
    short=0,
    blanks=2,
    hearing=HearingPlan(steps=6, flat_steps=2, audio_s=10),
    reading=(
        ("read", ReadingPlan(steps=3, rate=1e-3, audio_s=10, longest_s=6.0)),
        ("whole", ReadingPlan(steps=1, rate=1e-3, audio_s=60, whole=1.0)),
    ),
)


def train(recipe: Recipe, *, scratch: Path, log: Callable[[str], None], seed: int = SEED) -> Path:
    """Renders into ``scratch``, trains there; the checkpoint of the last stage.

    Shards and finished stages that lie in ``scratch`` are used again: a run that was stopped goes on.
    """
    torch.manual_seed(seed)
    torch.set_float32_matmul_precision("high")
    with rendering(recipe, scratch / "shards", seed=seed, log=log):
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        pool = Pool(scratch / "shards", device=device)
        log(f"{pool.grow()} sentences rendered before the training begins")
        pool.add_blanks(_blanks(recipe, scratch, seed=seed))
        network = Network(recipe.size, sounds=len(pool.inventory) + 2).to(device)
        network.encoder.embed_positions.weight.requires_grad = False  # Whisper's are fixed
        for number, (name, learn) in enumerate(_stages(recipe, network, pool, scratch, log)):
            done = scratch / f"{name}.pt"
            if done.exists():
                load_network(done, network)
                log(f"{name}: done before, {done}")
                continue
            learn(rng=np.random.default_rng([seed, 1, number]))
            save_network(network, done)
        log(
            f"sounds read wrong in unknown voices: {sound_error(network, _unknown(recipe, scratch, pool, seed)):.1%}"
        )
    return done


def _stages(
    recipe: Recipe, network: Network, pool: Pool, scratch: Path, log: Callable[[str], None]
) -> list[tuple[str, partial[None]]]:
    stages = [("hear", partial(learn_to_hear, network, pool, recipe.hearing, log=log))]
    for name, plan in recipe.reading:
        # a look at how far it has come, and all that is left when the machine stops
        save = partial(save_network, network, scratch / f"{name}.part.pt")
        stages.append((name, partial(learn_to_read, network, pool, plan, log=log, save=save, name=name)))
    return stages


@contextmanager
def rendering(recipe: Recipe, folder: Path, *, seed: int, log: Callable[[str], None]) -> Iterator[None]:
    """The recipe's first shards are there when the block begins; the others come while it lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [i for i in range(recipe.shards) if not _shard_path(folder, i).exists()]
    cores = os.cpu_count() or 2
    workers = ProcessPoolExecutor(max_workers=cores if recipe.ahead == recipe.shards else max(1, cores - 2))
    try:
        coming = [workers.submit(_render, recipe, folder, seed, i) for i in missing]
        for index, shard in zip(missing, coming):
            if index < recipe.ahead:
                shard.result()
                log(f"rendered {index + 1}/{recipe.ahead}")
        yield
    finally:
        workers.shutdown(wait=True, cancel_futures=True)


def _render(recipe: Recipe, folder: Path, seed: int, index: int, voices: VoiceSet = "train") -> None:
    torch.set_num_threads(1)
    rng = np.random.default_rng([seed, index])
    longest = SHORT if index < recipe.short else LONG
    shard = render_shard(Corpus("train"), recipe.sentences, rng, voices=voices, mix=MIX, longest=longest)
    shard.save(_shard_path(folder, index))


def _shard_path(folder: Path, index: int) -> Path:
    return folder / f"{index:05d}.npz"


def _unknown(recipe: Recipe, scratch: Path, pool: Pool, seed: int) -> Pool:
    """One shard by the tuning voices, to look at; nothing learns from it."""
    folder = scratch / "unknown"
    folder.mkdir(exist_ok=True)
    if not _shard_path(folder, recipe.short).exists():
        _render(recipe, folder, seed + 1, recipe.short, "tune")
    unknown = Pool(folder, device=pool.frames.device)
    unknown.inventory = pool.inventory
    unknown.grow()
    return unknown


def _blanks(recipe: Recipe, scratch: Path, *, seed: int) -> list[NDArray[np.float32]]:
    path = scratch / "blanks.npz"
    if not path.exists():
        np.savez(path, *blank_clips(recipe.blanks, np.random.default_rng([seed, 2])))
    with np.load(path) as held:
        return [held[name] for name in held.files]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--out", type=Path, help="folder for the CTranslate2 model; without it nothing is converted"
    )
    parser.add_argument(
        "--scratch", type=Path, default=Path("/tmp/callqa-asr"), help="shards and checkpoints"
    )
    parser.add_argument("--smoke", action="store_true", help="every step, in a minute, learning nothing")
    parser.add_argument(
        "--convert", type=Path, help="only convert this checkpoint, trained on another machine"
    )
    chosen = parser.parse_args(arguments)
    begun = time.time()

    def log(text: str) -> None:
        print(f"{time.time() - begun:6.0f} s  {text}", flush=True)

    checkpoint = chosen.convert
    if checkpoint is None:
        chosen.scratch.mkdir(parents=True, exist_ok=True)
        recipe = SMOKE if chosen.smoke else GPU if torch.cuda.is_available() else CPU
        checkpoint = train(recipe, scratch=chosen.scratch, log=log)
        log(f"trained: {checkpoint}")
    if chosen.out is not None:
        export(network_of(checkpoint), chosen.out)
        log(f"written: {chosen.out}")


if __name__ == "__main__":
    main()
