"""What it costs to lay a phrase on words heard: see ``kernels/fitting.py``.

Edits of sound are added up (NEAR, ADDED, FAR): recognisers mishear towards near sounds, while another word (不会
for 不管) is usually far.
"""

from __future__ import annotations

NEAR = 1.0  # a syllable replaced by one that shares its initial or final; the least any edit costs
ADDED = 1.25  # a syllable too many or too few: four characters cannot afford it
FAR = 1.5  # any other syllable
NEGATORS = frozenset("不没未别无非勿")  # one more or less turns the meaning round: never a small edit
# Beside a gap or slot a stretch may use this share of its own characters: one edit from three on.
# Two characters with one wrong, somewhere in a gap, would be found in almost any sentence.
STRETCH_SHARE = 0.34
SOUND_WEIGHT = 0.75  # of edits of sound in a score; those of characters have the rest
MIN_SCORE = 0.6
