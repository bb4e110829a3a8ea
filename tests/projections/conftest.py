"""What several tests of read models need."""

import pytest

from projections.articles import ARTICLES
from projections.incidents import search
from projections.knowledge_usage import KNOWLEDGE_USAGE
from tests.projections.histories import Recorder
from tests.projections.told_visits import SCRIPT, published
from tests.projections.views import fold_all, make_views


@pytest.fixture(params=["by matches", "by walking"])
def searched(request, monkeypatch):
    """Words are looked for in both ways, however frequent the planner takes them to be."""
    if request.param == "by walking":
        monkeypatch.setattr(search, "_WALK", 0)
        monkeypatch.setattr(search, "_UNKNOWN_SHARE", 0)


@pytest.fixture
def told(database, keys):
    """A connection to where the scripted visits are told, folded five facts at a time."""
    make_views(database)
    recorder = Recorder(database, keys)
    recorder.record(published())
    for facts in SCRIPT:
        recorder.record(facts)
    fold_all(database, keys, batch=5, projections=[ARTICLES, KNOWLEDGE_USAGE])
    with database.transaction() as opened:
        yield opened
