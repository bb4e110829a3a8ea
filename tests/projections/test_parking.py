"""A fold that fails parks its stream; everything else goes on, live and in a rebuild."""

from uuid import UUID

from eventstore import store
from eventstore.recorded import NewEvent
from projections import incidents, reading
from projections.incidents import INCIDENTS
from schemas.facts.incident import IncidentAssigned, IncidentOpened, IncidentPrioritized, Priority
from schemas.interaction import Channel
from services.rebuild import rebuild
from tests.projections.histories import START, Recorder
from tests.projections.views import fold_all, whole

_GOOD, _BAD = UUID(int=1 << 80), UUID(int=2 << 80)


def _opened(incident, number):
    return IncidentOpened(
        incident=incident, number=number, customer=UUID(int=5), address=UUID(int=6), channel=Channel.FORM, at=START
    )


def _assigned(incident, to):
    return IncidentAssigned(incident=incident, to=to, by="ana", at=START)


def test_an_unreadable_event_parks_its_stream_and_no_other(database, keys):
    recorder = Recorder(database, keys)
    recorder.record([_opened(_GOOD, 1), _opened(_BAD, 2)])
    with database.transaction() as connection:
        store.append(connection, [NewEvent(f"incident/{_BAD}", 2, "incident.assigned.v1", b"\xc1")])
        store.append(connection, [NewEvent(f"incident/{_BAD}", 3, "incident.assigned.v1", b"\xc1")])
    recorder.record([_assigned(_GOOD, "luis")])

    fold_all(database, keys)

    with database.transaction() as connection:
        assert incidents.get(connection, 1).assignee == "luis"
        assert incidents.get(connection, 2).assignee is None
        (parked,) = [each for each in reading.parked(connection) if each.projection == "incidents"]
        assert (parked.stream, parked.position, parked.skipped) == (f"incident/{_BAD}", 3, 1)
        assert {each.lag for each in reading.states(connection)} == {0}
    live = whole(database, INCIDENTS)

    rebuild(database, ["incidents"])

    assert whole(database, INCIDENTS) == live
    with database.transaction() as connection:
        (again,) = [each for each in reading.parked(connection) if each.projection == "incidents"]
        assert (again.stream, again.position, again.skipped) == (f"incident/{_BAD}", 3, 1)


def test_what_the_database_refuses_is_found_by_bisecting(database, keys):
    recorder = Recorder(database, keys)
    recorder.record(
        [
            _opened(_GOOD, 1),
            _opened(_BAD, 2),
            _assigned(_BAD, "nul \0 is no text"),
            _assigned(_GOOD, "luis"),
            IncidentPrioritized(incident=_BAD, priority=Priority.HIGH, by="ana", at=START),
        ]
    )

    fold_all(database, keys)

    with database.transaction() as connection:
        assert incidents.get(connection, 1).assignee == "luis"
        assert incidents.get(connection, 2).assignee is None
        parked = {each.projection: (each.stream, each.position, each.skipped) for each in reading.parked(connection)}
        assert parked["incidents"] == (f"incident/{_BAD}", 3, 1)


def test_what_takes_too_long_at_once_is_folded_in_smaller_pieces(database, keys):
    Recorder(database, keys).record([_opened(UUID(int=number << 80), number) for number in range(1, 10)])
    with database.transaction() as connection:
        connection.execute(
            "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            "  IF (SELECT count(*) FROM added) > 2 THEN"
            "    RAISE EXCEPTION 'canceling statement due to statement timeout' USING ERRCODE = '57014';"
            "  END IF; RETURN NULL; END $$;"
            "CREATE TRIGGER slow AFTER INSERT ON incidents.incidents REFERENCING NEW TABLE AS added"
            " FOR EACH STATEMENT EXECUTE FUNCTION slow()"
        )

    fold_all(database, keys)

    with database.transaction() as connection:
        assert [incidents.get(connection, number).number for number in range(1, 10)] == list(range(1, 10))
        assert reading.parked(connection) == []


def test_a_change_of_what_was_never_made_parks(database, keys):
    Recorder(database, keys).record([_assigned(_BAD, "ana"), _opened(_GOOD, 1)])

    fold_all(database, keys)

    with database.transaction() as connection:
        assert incidents.get(connection, 1).number == 1
        assert [each.stream for each in reading.parked(connection) if each.projection == "incidents"] == [
            f"incident/{_BAD}"
        ]
