"""How many files and connections a process may have open: as many as the system lets it, within reason."""

from __future__ import annotations

import resource

MOST = 65_536
LOW = 4096  # each customer with a page open is a connection


def allowed() -> int:
    """How many a process started here may have."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)


def allow() -> int:
    """Let this process have them; the usual limit of 1,024 is for programs that wait with select(2). Never fewer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= allowed():
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (allowed(), hard))
    return allowed()
