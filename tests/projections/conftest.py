"""What several tests of read models need."""

import pytest

from eventstore.database import Database
from eventstore.keys import Keys
from projections.articles import ARTICLES
from projections.incidents import search
from projections.knowledge_usage import KNOWLEDGE_USAGE
from tests.projections.histories import Recorder
from tests.projections.told_visits import SCRIPT, published
from tests.projections.views import fold_all


@pytest.fixture(params=["by matches", "by walking"])
def searched(request, monkeypatch):
    """Words are looked for in both ways, however frequent the planner takes them to be."""
    if request.param == "by walking":
        monkeypatch.setattr(search, "_WALK", 0)
        monkeypatch.setattr(search, "_UNKNOWN_SHARE", 0)


@pytest.fixture
def database_url(new_database, started_template):
    """With every read model, and empty."""
    with new_database(started_template) as url:
        yield url


@pytest.fixture(scope="session")
def told_database(new_database, started_template):
    """Where the scripted visits are told, folded five facts at a time."""
    with new_database(started_template) as url:
        database = Database(url)
        database.open()
        keys = Keys(database)
        recorder = Recorder(database, keys)
        for facts in (published(), *SCRIPT):
            recorder.record(facts)
        fold_all(database, keys, batch=5, projections=[ARTICLES, KNOWLEDGE_USAGE])
        yield database
        database.close()


@pytest.fixture
def told(told_database):
    """A connection to it, for reading."""
    with told_database.transaction() as opened:
        opened.execute("SET TRANSACTION READ ONLY")
        yield opened
