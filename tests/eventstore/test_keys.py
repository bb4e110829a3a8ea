"""The keys of personal data: made once, cached for a while, destroyed for good, never used when they were not kept."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from msgspec import structs

from eventstore import store
from eventstore.keys import Keys
from eventstore.ledger import NO_CAUSE, Ledger
from schemas.codec import sealed_by
from schemas.errors import ConflictError, DecodeError
from schemas.facts import stream_of
from schemas.facts.customer import CustomerRegistered, Person

NOW = datetime(2026, 5, 4, 3, 2, 1, tzinfo=UTC)


def registered(name: str = "Ana", address=None) -> CustomerRegistered:
    return CustomerRegistered(customer=uuid4(), address=address or uuid4(), at=NOW, personal=Person(name=name))


def record(connection, ledger: Ledger, *facts: CustomerRegistered) -> None:
    store.lock(connection)
    ledger.record(connection, [(fact, NO_CAUSE) for fact in facts], {})


def read(connection, keys: Keys) -> list:
    events = store.read_after(connection, 0, 1000)
    keys.prefetch(connection, events)
    return [event.fact(keys) for event in events]


@contextmanager
def counted(database):
    """How many statements on the table `keys` are run meanwhile."""
    with database.transaction() as connection:
        statements: list[str] = []
        execute = connection.execute

        def counting(query, *args, **kwargs):
            statements.append(str(query))
            return execute(query, *args, **kwargs)

        connection.execute = counting
        yield connection, lambda: len([statement for statement in statements if "keys" in statement])
        del connection.execute


def test_what_one_hub_seals_another_reads(database):
    facts = [registered("Ana"), registered("Luis")]
    with database.transaction() as connection:
        record(connection, Ledger(Keys(database)), *facts)
    with database.transaction() as connection:
        assert read(connection, Keys(database)) == facts


def test_the_stored_bytes_hold_no_name(database, keys):
    with database.transaction() as connection:
        record(connection, Ledger(keys), registered("Fulgencia"))
        (event,) = store.read_after(connection, 0, 10)
    assert b"Fulgencia" not in event.data


def test_a_page_needs_one_look_up_and_a_known_page_none(database):
    addresses = [uuid4() for _ in range(50)]
    with database.transaction() as connection:
        record(connection, Ledger(Keys(database)), *(registered(address=addresses[n % 50]) for n in range(200)))
    keys = Keys(database)
    with counted(database) as (connection, looked_up):
        assert len(read(connection, keys)) == 200
        assert looked_up() == 1
        read(connection, keys)
        assert looked_up() == 1


def test_once_erased_nobody_reads_it_and_the_fact_stays(database, keys):
    fact, other = registered("Ana"), registered("Luis")
    with database.transaction() as connection:
        record(connection, Ledger(keys), fact, other)
    with database.transaction() as connection:
        keys.destroy(connection, [fact.address])
    for reader in (keys, Keys(database)):
        with database.transaction() as connection:
            erased, kept = read(connection, reader)
        assert (erased.customer, erased.personal, kept) == (fact.customer, None, other)
    with database.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM keys WHERE secret IS NULL").fetchone() == (1,)


def test_what_is_written_about_an_erased_person_has_no_personal_part(database, keys):
    address = uuid4()
    with database.transaction() as connection:
        keys.destroy(connection, [address])  # an address that never had a key
    with database.transaction() as connection:
        record(connection, Ledger(keys), registered("Ana", address))
        (event,) = store.read_after(connection, 0, 10)
        assert sealed_by(event.data) is None
        assert b"Ana" not in event.data
        assert event.fact(keys).personal is None


def test_a_key_whose_transaction_rolled_back_seals_nothing(database, keys):
    """Else the next fact would be sealed with a key that no table holds: lost at the next restart."""
    address = uuid4()
    first = registered("Ana", address)

    def conflict() -> None:
        with database.transaction() as connection:
            record(connection, Ledger(keys), first)
            keys.load(connection, [address])  # even read back before the end
            raise ConflictError("somebody was faster")

    with pytest.raises(ConflictError):
        conflict()
    second = registered("Ana", address)
    with database.transaction() as connection:
        record(connection, Ledger(keys), second)
    with database.transaction() as connection:
        assert read(connection, Keys(database)) == [second]
        assert read(connection, keys) == [second]


def test_a_key_that_another_hub_made_meanwhile_is_the_one(database):
    address, ours, theirs = uuid4(), Keys(database), Keys(database)
    with pytest.raises(ConflictError), database.transaction() as connection:
        _refuse(connection, ours, address)
    facts = [registered("Ana", address), registered("Ana", address)]
    for keys, fact in zip((theirs, ours), facts, strict=True):
        with database.transaction() as connection:
            record(connection, Ledger(keys), fact)
    with database.transaction() as connection:
        assert read(connection, Keys(database)) == facts


def _refuse(connection, keys, address) -> None:
    keys.ensure(connection, [address])
    raise ConflictError("somebody was faster")


def test_many_that_need_the_same_keys_at_once_make_each_once(database):
    addresses = [uuid4() for _ in range(200)]
    start = threading.Barrier(8)

    def write(_) -> None:
        keys = Keys(database)
        start.wait()
        with database.transaction() as connection:
            keys.ensure(connection, reversed(addresses))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    with database.transaction() as connection:
        assert connection.execute("SELECT count(*) FROM keys").fetchone() == (200,)


def test_a_key_that_never_was_is_a_key_error(keys):
    with pytest.raises(KeyError):
        keys.open_key(uuid4())
    with pytest.raises(KeyError):
        keys.seal_key(uuid4())


def test_an_erasure_elsewhere_is_learned_when_the_cache_grows_old(database, monkeypatch):
    fact, ours = registered(), Keys(database)
    with database.transaction() as connection:
        record(connection, Ledger(ours), fact)
        Keys(database).destroy(connection, [fact.address])
    monkeypatch.setattr("eventstore.keys._CACHE_SECONDS", -1.0)
    with database.transaction() as connection:
        assert read(connection, ours)[0].personal is None


def test_a_full_cache_still_answers(database, keys, monkeypatch):
    monkeypatch.setattr("eventstore.keys._CACHE_KEYS", 10)
    facts = [registered() for _ in range(10)]
    with database.transaction() as connection:
        record(connection, Ledger(keys), *facts)
    with database.transaction() as connection:
        record(connection, Ledger(keys), *(registered() for _ in range(10)))
    with database.transaction() as connection:
        assert read(connection, keys)[:10] == facts


def test_the_ledger_reads_streams_back_and_refuses_a_stale_version(database, keys):
    fact, ledger = registered(), Ledger(keys)
    stream = stream_of(fact)
    with database.transaction() as connection:
        record(connection, ledger, fact)
    with database.transaction() as connection:
        history = ledger.load(connection, [stream, "customer/none"])
    assert (history[stream].version, list(history[stream].facts)) == (1, [fact])
    assert (history["customer/none"].version, list(history["customer/none"].facts)) == (0, [])
    with pytest.raises(ConflictError), database.transaction() as connection:
        ledger.record(connection, [(fact, NO_CAUSE)], {})


def test_what_is_sealed_after_an_erasure_elsewhere_has_no_personal_part_though_the_key_is_cached(database):
    first, ours = registered(), Keys(database)
    with database.transaction() as connection:
        record(connection, Ledger(ours), first)
    with database.transaction() as connection:
        read(connection, ours)  # cached from here on
    with database.transaction() as connection:
        Keys(database).destroy(connection, [first.address])
    with database.transaction() as connection:
        record(connection, Ledger(ours), registered(address=first.address))
        _, event = store.read_after(connection, 0, 10)
    assert sealed_by(event.data) is None


def test_a_page_says_of_each_fact_what_can_be_read_of_it(database):
    kept, erased, lost, broken = registered("Ana"), registered("Luis"), registered("Eva"), registered("Rita")
    keys = Keys(database)
    with database.transaction() as connection:
        record(connection, Ledger(keys), kept, erased, lost, broken)
    with database.transaction() as connection:
        keys.destroy(connection, [erased.address])
        connection.execute("DELETE FROM keys WHERE address = %s", (lost.address,))
        connection.execute("UPDATE events SET data = %s WHERE stream = %s", (b"?", stream_of(broken)))

    with counted(database) as (connection, statements):
        found = Keys(database).facts(connection, store.read_after(connection, 0, 1000))
        assert statements() == 1

    assert found[:2] == [kept, structs.replace(erased, personal=None)]
    assert [type(each) for each in found[2:]] == [DecodeError, DecodeError]
