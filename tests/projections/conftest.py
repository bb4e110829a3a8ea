"""What several tests of read models need."""

import pytest

from projections.incidents import search


@pytest.fixture(params=["by matches", "by walking"])
def searched(request, monkeypatch):
    """Words are looked for in both ways, however frequent the planner takes them to be."""
    if request.param == "by walking":
        monkeypatch.setattr(search, "_WALK", 0)
        monkeypatch.setattr(search, "_UNKNOWN_SHARE", 0)
