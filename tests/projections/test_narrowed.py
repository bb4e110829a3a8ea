"""What stands in for the tables where something is hidden: it follows a rebuild, and without it nothing is read."""

from itertools import count
from uuid import UUID

import pytest

from eventstore.database import NARROWED
from eventstore.sight import Sight, seeing
from projections import incidents, schema, timeline
from projections.incidents import INCIDENTS
from projections.registry import ALL
from schemas.errors import LogUnavailableError
from tests.projections.views import make_views

HIDDEN = Sight(("legal", "rrhh"), "eva")


@pytest.fixture
def views(database):
    return database


def _add(database, team, assignee, into=None):
    """An incident's row, and its timeline's; returns its number."""
    with database.transaction() as connection:
        number = next(n for n in count(1) if incidents.get(connection, n) is None)
        connection.execute(
            "INSERT INTO incidents (id, number, subject, status, priority, channel, channels, links, customer, address,"
            " proven, assignee, team, tags, language, product, opened_at, updated_at, solution, cause, merged_into,"
            " spoke_at, snoozed, paused_seconds, version) VALUES (%(id)s, %(number)s, '', 'open', 'normal', 'form',"
            " '{form}', '{}', %(id)s, %(id)s, true, %(assignee)s, %(team)s, '{}', 'es', '', now(), now(), '', '',"
            " %(into)s, now(), false, 0, 1)",
            {
                "id": UUID(int=number),
                "number": number,
                "team": team,
                "assignee": assignee,
                "into": into and UUID(int=into),
            },
        )
        connection.execute(
            "INSERT INTO timeline_incidents VALUES (%s, %s, %s, %s)",
            (UUID(int=number), number, UUID(int=number), into and UUID(int=into)),
        )
    return number


def _seen(database, number):
    with database.transaction() as connection:
        found = incidents.get(connection, number) is not None
        assert (timeline.of_incident(connection, number) is not None) is found
        return found


def test_the_search_path_names_all_that_is_narrowed():
    narrowed = {f"narrowed_{projection.name}" for projection in ALL if any(table.seen for table in projection.tables)}
    assert set(NARROWED) == narrowed | {"narrowed_quarantine"}


def test_what_is_held_shows_all_that_the_table_has(database):
    columns = "SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
    with database.transaction() as connection:
        table, view = (
            connection.execute(columns, (name,)).fetchall() for name in ("quarantine", "narrowed_quarantine.quarantine")
        )
    assert view == table


@pytest.mark.parametrize("team", [None, "soporte", "legal", "rrhh"])
@pytest.mark.parametrize("assignee", [None, "eva", "ana"])
def test_an_incident_and_what_was_merged_into_it_are_seen_as_sight_says(views, team, assignee):
    number = _add(views, team, assignee)
    parts = [_add(views, others, None, into=number) for others in (None, "legal")]
    with seeing(HIDDEN):
        assert [_seen(views, each) for each in (number, *parts)] == [HIDDEN.sees(team, assignee)] * 3
    assert _seen(views, number)


def test_a_rebuilt_read_model_hides_as_the_one_before(views):
    with views.transaction() as connection:
        schema.create(connection, INCIDENTS, schema.next_schema("incidents"), "building")
        schema.create_indexes(connection, INCIDENTS, schema.next_schema("incidents"))
        schema.swap(connection, INCIDENTS)
    hidden, plain = _add(views, "legal", "ana"), _add(views, None, "ana")
    with seeing(HIDDEN):
        assert (_seen(views, hidden), _seen(views, plain)) == (False, True)
    with views.transaction() as connection:
        schema.drop(connection, schema.old_schema("incidents"))
    with seeing(HIDDEN):
        assert (_seen(views, hidden), _seen(views, plain)) == (False, True)


def test_a_read_model_that_was_made_before_there_were_closed_teams_is_narrowed_at_the_next_start(views):
    hidden = _add(views, "legal", "ana")
    with views.transaction() as connection:
        connection.execute("DROP SCHEMA narrowed_incidents CASCADE")
    with seeing(HIDDEN), pytest.raises(LogUnavailableError):
        _seen(views, hidden)
    make_views(views)
    with seeing(HIDDEN):
        assert not _seen(views, hidden)


def test_only_the_transactions_of_who_asks_are_narrowed(views):
    hidden = _add(views, "legal", "ana")
    with seeing(HIDDEN):
        assert not _seen(views, hidden)
    assert _seen(views, hidden)
