"""Makes models/demo/diarization from nothing: segmentation, embedding and PLDA, on simulated calls.

    python -m models.train.diarization --out models/demo/diarization [--smoke]

The result is a folder that ``pyannote.audio.Pipeline.from_pretrained`` loads offline, built of
pyannote.audio's own classes. Everything is seeded; on one core of 2024 with bfloat16 the embedding takes
about 45 minutes (6,000 steps, and rendering its voices), the segmentation 8. It knows synthetic voices only.
"""

from __future__ import annotations

import os

os.environ["PYANNOTE_METRICS_ENABLED"] = "0"  # before pyannote is imported: it reads this at import

import argparse
import pickle
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import yaml

from models.train.clustering import tune
from models.train.fit import save
from models.train.mono_calls import Speaker, recoloured, render_bank
from models.train.segmentation import train_segmentation
from models.train.voiceprint import embed_bank, fit_plda, sharpened, train_embedding, widened

# Variants that the embedding never hears, so that its PLDA is fitted on voices as strange to it as any caller's.
PLDA_VARIANTS = (
    "Andrea", "Gene2", "aunty", "edward2", "f2", "grandma", "iven2", "klatt3", "m3", "m6", "robosoft3",
    "sandro", "steph2", "travis",
)  # fmt: skip


@dataclass(frozen=True)
class Size:
    """How long to train."""

    segmentation_voices: tuple[int, int] = (664, 12)  # eight of each variant, phrases of each
    segmentation_steps: int = 2000
    embedding_voices: tuple[int, int] = (1992, 10)  # 24 of each variant
    colours: int = 3  # voices made of each of these by an equaliser
    embedding_steps: int = 6000
    batch: int = 32
    plda_voices: tuple[int, int] = (196, 10)  # 14 of each variant kept for it
    plda_chunks: int = 1200
    tune_voices: int = 16
    tune_calls: int = 12
    tune_s: float = 30.0


SMOKE = Size(
    segmentation_voices=(4, 2),
    segmentation_steps=3,
    embedding_voices=(4, 2),
    colours=2,
    embedding_steps=3,
    batch=4,
    plda_voices=(4, 2),
    plda_chunks=50,
    tune_voices=3,
    tune_calls=2,
    tune_s=8.0,
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--smoke", action="store_true", help="a few steps, to prove that it works end to end")
    parser.add_argument("--part", choices=("all", "segmentation", "embedding", "clustering"), default="all")
    parser.add_argument("--scratch", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    size = SMOKE if options.smoke else Size()
    if options.part in ("all", "segmentation"):
        bank = _bank(size.segmentation_voices, options.seed, options.scratch)
        keep = options.scratch / "segmentation.pt"
        save(
            train_segmentation(
                bank, steps=size.segmentation_steps, batch=size.batch, seed=options.seed, keep=keep
            ),
            options.out / "segmentation",
        )
    if options.part in ("all", "embedding"):
        bank = _bank(size.embedding_voices, options.seed, options.scratch)
        model = train_embedding(
            _for_embedding(bank, size, options.seed),
            steps=size.embedding_steps,
            batch=size.batch,
            seed=options.seed,
            keep=options.scratch / "embedding.pt",
        )
        unheard = _unheard(size, options.seed)
        vectors, voices = embed_bank(model, unheard, chunks=size.plda_chunks, seed=options.seed)
        model = sharpened(model, vectors, voices)
        save(widened(model), options.out / "embedding", half=True)
        vectors, voices = embed_bank(model, unheard, chunks=size.plda_chunks, seed=options.seed + 1)
        fit_plda(vectors, voices, options.out / "plda")
    write_config(options.out)
    if options.part in ("all", "clustering"):
        chosen = tune(
            options.out,
            seed=options.seed,
            voices=size.tune_voices,
            calls=size.tune_calls,
            seconds=size.tune_s,
        )
        write_config(options.out, threshold=chosen["threshold"], fa=chosen["Fa"], fb=chosen["Fb"])


def _bank(size: tuple[int, int], seed: int, scratch: Path) -> list[Speaker]:
    """Training voices (how many, phrases of each), kept in ``scratch`` because rendering them takes minutes."""
    voices, sentences = size
    kept = scratch / f"voices-{seed}-{voices}-{sentences}.pickle"
    if kept.is_file():
        return list(pickle.loads(kept.read_bytes()))
    bank = render_bank(seed, set="train", voices=voices, sentences=sentences)
    kept.write_bytes(pickle.dumps(bank))
    return bank


def _for_embedding(bank: list[Speaker], size: Size, seed: int) -> list[Speaker]:
    """Voices the network learns: those of PLDA_VARIANTS stay unheard."""
    kept = [speaker for speaker in bank if speaker.voice.variant not in PLDA_VARIANTS]
    return recoloured(kept, np.random.default_rng((seed, 6)), times=size.colours)


def _unheard(size: Size, seed: int) -> list[Speaker]:
    """Voices for the PLDA: the network keeps those of its training tighter together than any other."""
    voices, sentences = size.plda_voices
    return render_bank(seed + 100, set="train", voices=voices, sentences=sentences, variants=PLDA_VARIANTS)


def write_config(out: Path, *, threshold: float = 0.6, fa: float = 0.07, fb: float = 0.8) -> None:
    """``config.yaml``: local parts only, so that nothing is ever asked of a hub."""
    config = {
        "dependencies": {"pyannote.audio": "4.0.7"},
        "pipeline": {
            "name": "pyannote.audio.pipelines.SpeakerDiarization",
            "params": {
                "clustering": "VBxClustering",
                "segmentation": "$model/segmentation",
                "segmentation_batch_size": 16,
                "segmentation_step": 0.2,
                "embedding": "$model/embedding",
                "embedding_batch_size": 16,
                "embedding_exclude_overlap": True,
                "plda": "$model/plda",
            },
        },
        "params": {
            "clustering": {"threshold": threshold, "Fa": fa, "Fb": fb},
            "segmentation": {"min_duration_off": 0.0},
        },
    }
    (out / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))


if __name__ == "__main__":
    main()
