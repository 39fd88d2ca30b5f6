"""What a gateway asks of the C library."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

_THREADS = """
import ctypes, threading
from gateway import memory
libc = ctypes.CDLL(None)
if {few}:
    memory.few_heaps()
libc.fdopen.restype = ctypes.c_void_p
libc.malloc.restype = ctypes.c_void_p
gate = threading.Barrier(9)
def allocate():
    libc.malloc(ctypes.c_size_t(1000))
    gate.wait()
threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads:
    thread.start()
gate.wait()
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
"""


def heaps(few: bool) -> int:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    program = [sys.executable, "-c", _THREADS.format(few=few)]
    done = subprocess.run(program, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(__import__("ctypes").CDLL(None), "malloc_info"), reason="glibc's own"
)
def test_threads_share_two_heaps() -> None:
    assert heaps(few=False) > 2, "else there is nothing to ask for"
    assert heaps(few=True) <= 2
