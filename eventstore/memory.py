"""How much memory the embedded PostgreSQL gets for its pages. Used by embedded.py when it starts one."""

from __future__ import annotations

from pathlib import Path

import psutil

_MIB = 2**20
_LEAST_MIB = 256
_MOST_MIB = 8192
_SHARE = 4
_CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")  # cgroup v2: bytes, or "max"


def shared_buffers_mib(data_bytes: int, memory_bytes: int) -> int:
    """As much as the data fills, up to a quarter of memory: its reads then go to no file.

    Not the quarter at once: a server takes 21 MiB at rest for each GiB, used or not. In powers of two, so that a
    growing hub seldom starts with another size.
    """
    holds_all = 1 << max(0, (data_bytes - 1) // _MIB).bit_length()
    return max(_LEAST_MIB, min(holds_all, memory_bytes // _SHARE // _MIB, _MOST_MIB))


def memory_bytes() -> int:
    """What this machine has, or this container may take of it."""
    total: int = psutil.virtual_memory().total
    limit = _CONTAINER_LIMIT.read_text().strip() if _CONTAINER_LIMIT.exists() else "max"
    return total if limit == "max" else min(total, int(limit))
