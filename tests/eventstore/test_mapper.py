"""The mapper as the `eventsourcing` library uses one: there and back, stable names, an error of its own tree."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
from eventsourcing.persistence import EventStore, MapperDeserialisationError, StoredEvent

from eventstore.keys import Keys
from eventstore.mapper import FactMapper, FactRecorded
from eventstore.recorder import StoreRecorder
from schemas import codec
from schemas.facts import stream_of
from schemas.facts.call import CallAnswered
from schemas.facts.customer import CustomerRegistered, Person

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


@pytest.fixture
def registered(database, keys) -> FactRecorded:
    fact = CustomerRegistered(customer=uuid4(), address=uuid4(), at=NOW, personal=Person(name="Ana"))
    with database.transaction() as connection:
        keys.ensure(connection, [fact.address])
    return FactRecorded(stream_of(fact), 1, fact)


def test_a_fact_goes_there_and_back(keys, registered):
    mapper = FactMapper(keys)
    stored = mapper.to_stored_event(registered)
    assert (stored.originator_id, stored.originator_version, stored.topic) == (
        stream_of(registered.fact),
        1,
        "customer.registered.v1",
    )
    assert mapper.to_domain_event(stored) == registered


def test_personal_data_is_sealed(keys, registered):
    assert b"Ana" not in FactMapper(keys).to_stored_event(registered).state


def test_the_librarys_event_store_works_on_it(database, keys, registered):
    events = EventStore(FactMapper(keys), StoreRecorder(database))
    (recording,) = events.put([registered])
    assert (recording.notification.id, list(events.get(registered.originator_id))) == (1, [registered])


@pytest.mark.parametrize("state", [b"", b"\xff", b"\x93\x80\xc0\xc0"])
def test_bytes_that_are_no_fact_are_the_librarys_error(keys, state):
    with pytest.raises(MapperDeserialisationError, match=r"call\.answered"):
        FactMapper(keys).to_domain_event(StoredEvent("call/x", 1, "call.answered.v1", state))


def test_an_unknown_name_is_the_librarys_error(keys):
    with pytest.raises(MapperDeserialisationError, match=r"nothing\.known\.v1"):
        FactMapper(keys).to_domain_event(StoredEvent("call/x", 1, "nothing.known.v1", b"\x93\x80\xc0\xc0"))


def test_bytes_sealed_with_another_key_are_the_librarys_error(database, keys, registered):
    stored = FactMapper(keys).to_stored_event(registered)
    with database.transaction() as connection:
        connection.execute("UPDATE keys SET secret = sha256(secret)")
    with pytest.raises(MapperDeserialisationError):
        FactMapper(Keys(database)).to_domain_event(stored)


def test_bytes_moved_to_another_stream_are_the_librarys_error(keys, registered):
    stored = FactMapper(keys).to_stored_event(registered)
    moved = StoredEvent("customer/somebody-else", 1, stored.topic, stored.state)
    with pytest.raises(MapperDeserialisationError):
        FactMapper(keys).to_domain_event(moved)


def test_an_old_fact_is_read_as_the_newest(keys, monkeypatch):
    call = uuid4()
    old = CallAnswered(call=call, at=NOW)

    def upcast(fact):
        return CustomerRegistered(customer=fact.call, address=fact.call, at=fact.at)

    monkeypatch.setitem(codec.UPCASTERS, "call.answered.v1", upcast)
    mapper = FactMapper(keys)
    stored = mapper.to_stored_event(FactRecorded(stream_of(old), 1, old))
    assert mapper.to_domain_event(stored).fact == CustomerRegistered(customer=call, address=call, at=NOW)


def test_only_facts_of_the_named_stream_are_taken(keys, registered):
    with pytest.raises(TypeError):
        FactMapper(keys).to_stored_event(object())
    with pytest.raises(ValueError, match="belongs to"):
        FactMapper(keys).to_stored_event(FactRecorded("customer/x", 1, registered.fact))
