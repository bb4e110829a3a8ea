"""A process takes as many open files as it may have, and no more than are within reason."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from services import open_files


@pytest.fixture
def few_files() -> Iterator[int]:
    """This process may have 256 open; the hard limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_limit_is_raised_as_far_as_the_system_lets_it(few_files: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_files, "MOST", 300)
    assert open_files.allow() == 300
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (300, few_files)
    monkeypatch.setattr(open_files, "MOST", 260)
    assert open_files.allow() == 300  # what it has it keeps
    monkeypatch.setattr(open_files, "MOST", 2**62)
    assert open_files.allowed() in {few_files, 2**62}
