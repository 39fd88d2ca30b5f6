"""How the process keeps its memory: set once, when a gateway starts."""

from __future__ import annotations

import ctypes
import gc
import sys

_HEAPS = 2
_ALONE = 256 * 1024
"""From this size (bytes) a piece of memory goes back to the system as soon as it is free."""
# glibc's numbers for `mallopt`.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8


def few_heaps() -> None:
    """Share two heaps among all threads. Before the threads start.

    The C library (glibc) gives each thread a heap of its own and keeps in each what a chunk took at its largest: with a
    dozen threads, tens of megabytes that nobody uses. Elsewhere there is nothing to do.
    """
    if sys.platform != "linux":
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_M_ARENA_MAX, _HEAPS)
        set_option(_M_MMAP_THRESHOLD, _ALONE)


def settle() -> None:
    """Set aside what is loaded, and look for garbage less often. When everything is loaded.

    Hundreds of thousands of objects (modules, statements, settings) stay for good; looking through them again and again
    cost a fifth of the time of taking claims in. Claims themselves make no cycles.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
