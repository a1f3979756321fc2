"""Inner loops compiled by numba: where strings are many and short, calling a library costs more than its work.

Strings come as arrays of small codes, many of them end to end: the i-th is ``codes[starts[i]:starts[i + 1]]``.
Compiled code is kept beside its file and renewed when that file changes, not when one it imports does: after
a change in ``codes`` or ``edits`` delete ``__pycache__``.
"""
