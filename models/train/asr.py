"""The demo recogniser from nothing: ``python -m models.train.asr --out models/demo/asr``.

Sentences are drawn and rendered (espeak-ng), the encoder learns their sounds, the decoder learns to read,
both are polished on whole 30 s windows, and CTranslate2 converts the result. One seed, no downloads.
``--smoke`` does every step in a few minutes on a scale that learns nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from models.train.corpus import MIX, Corpus
from models.train.export import export, load_network
from models.train.hearing import HearingPlan, learn_to_hear, sound_inventory
from models.train.network import Network, Size
from models.train.reading import ReadingPlan, learn_to_read
from models.train.speech import blank_clips, render_shard
from models.train.tokens import tokens
from models.train.windows import Pool

SEED = 7


@dataclass(frozen=True, slots=True)
class Recipe:
    """Everything that decides what comes out. ``short``: shards of short sentences, for the beginning."""

    size: Size
    shards: int
    sentences: int  # a shard
    short: int
    blanks: int
    hearing: HearingPlan
    reading: tuple[tuple[str, ReadingPlan], ...]


FULL = Recipe(
    size=Size(vocabulary=len(tokens())),
    shards=32,
    sentences=2000,
    short=4,
    blanks=100,
    hearing=HearingPlan(steps=5000, limit_s=1320),
    reading=(
        ("read", ReadingPlan(steps=6000, rate=2e-3, longest_s=9.0, whole=0.03, limit_s=4200)),
        ("whole", ReadingPlan(steps=200, rate=1.5e-4, longest_s=10.0, whole=0.4, limit_s=360)),
    ),
)
SMOKE = Recipe(
    size=Size(width=32, heads=2, encoder_layers=1, decoder_layers=1, vocabulary=len(tokens())),
    shards=1,
    sentences=32,
    short=0,
    blanks=2,
    hearing=HearingPlan(steps=6, flat_steps=2, audio_s=10),
    reading=(
        ("read", ReadingPlan(steps=3, rate=1e-3, audio_s=10, longest_s=6.0)),
        ("whole", ReadingPlan(steps=1, rate=1e-3, audio_s=60, whole=1.0)),
    ),
)


def train(recipe: Recipe, out: Path, *, scratch: Path, log: Callable[[str], None], seed: int = SEED) -> None:
    """Renders into ``scratch``, trains, writes the model folder ``out``.

    Shards and finished stages that lie in ``scratch`` are used again: a run that was stopped goes on.
    """
    torch.manual_seed(seed)
    pool = rendered(recipe, scratch / "shards", seed=seed, log=log)
    blanks = _blanks(recipe, scratch, seed=seed)
    inventory = sound_inventory(pool)
    network = Network(recipe.size, sounds=len(inventory) + 2)
    network = network.to("cuda" if torch.cuda.is_available() else "cpu")
    network.encoder.embed_positions.weight.requires_grad = False  # Whisper's are fixed
    stages: list[tuple[str, Callable[[np.random.Generator], None]]] = [
        ("hear", lambda rng: learn_to_hear(network, pool, inventory, recipe.hearing, rng=rng, log=log)),
        *(
            (name, partial(_read, network, pool, blanks, inventory, plan, scratch, name, log))
            for name, plan in recipe.reading
        ),
    ]
    for number, (name, learn) in enumerate(stages):
        done = scratch / f"{name}.pt"
        if done.exists():
            load_network(done, network)
            log(f"{name}: done before, {done}")
            continue
        learn(np.random.default_rng([seed, 1, number]))
        torch.save(network.state_dict(), done)
    export(network.cpu(), out)
    log(f"written: {out}")


def rendered(recipe: Recipe, folder: Path, *, seed: int, log: Callable[[str], None]) -> Pool:
    """All shards of the recipe, rendered where they are missing, as one pool."""
    folder.mkdir(parents=True, exist_ok=True)
    missing = [i for i in range(recipe.shards) if not _shard_path(folder, i).exists()]
    with ProcessPoolExecutor(max_workers=2) as workers:
        for index in workers.map(partial(_render, recipe, folder, seed), missing):
            log(f"rendered {index + 1}/{recipe.shards}")
    pool = Pool(folder)
    pool.grow()
    return pool


def _render(recipe: Recipe, folder: Path, seed: int, index: int) -> int:
    torch.set_num_threads(1)
    longest = 16 if index < recipe.short else 40
    rng = np.random.default_rng([seed, index])
    shard = render_shard(Corpus("train"), recipe.sentences, rng, voices="train", mix=MIX, longest=longest)
    shard.save(_shard_path(folder, index))
    return index


def _shard_path(folder: Path, index: int) -> Path:
    return folder / f"{index:03d}.npz"


def _blanks(recipe: Recipe, scratch: Path, *, seed: int) -> list[NDArray[np.float32]]:
    path = scratch / "blanks.npz"
    if not path.exists():
        np.savez(path, *blank_clips(recipe.blanks, np.random.default_rng([seed, 2])))
    with np.load(path) as held:
        return [held[name] for name in held.files]


def _read(
    network: Network,
    pool: Pool,
    blanks: list[NDArray[np.float32]],
    inventory: dict[str, int],
    plan: ReadingPlan,
    scratch: Path,
    name: str,
    log: Callable[[str], None],
    rng: np.random.Generator,
) -> None:
    def save() -> None:  # a look at how far it has come, and all that is left when the machine stops
        torch.save(network.state_dict(), scratch / f"{name}.part.pt")

    learn_to_read(network, pool, blanks, inventory, plan, rng=rng, log=log, save=save, name=name)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder for the CTranslate2 model")
    parser.add_argument(
        "--scratch", type=Path, default=Path("/tmp/callqa-asr"), help="shards and checkpoints"
    )
    parser.add_argument(
        "--smoke", action="store_true", help="every step, in a minute or two, learning nothing"
    )
    chosen = parser.parse_args(arguments)
    chosen.scratch.mkdir(parents=True, exist_ok=True)
    begun = time.time()
    train(
        SMOKE if chosen.smoke else FULL,
        chosen.out,
        scratch=chosen.scratch,
        log=lambda text: print(f"{time.time() - begun:6.0f} s  {text}", flush=True),
    )


if __name__ == "__main__":
    main()
