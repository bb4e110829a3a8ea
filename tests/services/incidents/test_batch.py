"""The batch transaction: effectively once, poison alone in quarantine, all or nothing."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace as swap
from datetime import timedelta

import msgspec
import psycopg
import pytest
from msgspec.structs import replace

from eventstore import positions
from eventstore.log import LogRecord
from schemas.errors import ConflictError, OperatorError, StalePositionError
from schemas.facts.held import HeldReleased
from schemas.facts.incident import IncidentOpened, InteractionLinked, Reason
from schemas.facts.interaction import InteractionReceived
from schemas.interaction import Hints
from services import quarantine
from services.held import raw
from services.incidents.requests import Close, Move, Reply
from tests.services.incidents.hubs import records
from tests.services.incidents.world import World, chat, form, mail, uid


def received(taking):
    return [fact.interaction for fact in taking.facts() if isinstance(fact, InteractionReceived)]


def garbage(name: str, offset: int) -> LogRecord:
    return LogRecord(uid(name), 0, offset, b"\xff\x00garbage", {"channel": "email", "ce_time": "2026-03-02T12:00:00Z"})


async def test_a_batch_becomes_what_its_items_would_one_by_one(taking, database):
    items = [mail("m1", subject="Printer", to=("bob@x.cu",)), form("f1"), chat("1"), chat("2")]
    items += [mail("m3", "bob@x.cu", answers=("m2",)), mail("m2", answers=("m1",), to=("bob@x.cu",))]
    await taking.take(*items)
    world = World()
    world.rules = swap(world.rules, reader=taking.service._rules.reader)
    expected = world.take(*items)
    assert [type(fact) for fact in taking.facts()] == [type(fact) for fact in expected]
    assert [fact.number for fact in taking.facts() if isinstance(fact, IncidentOpened)] == [1, 2, 3, 4]


async def test_one_by_one_and_in_one_batch_are_the_same(taking):
    items = [mail("m1", subject="Printer"), mail("m2", subject="printer"), form("f1"), mail("m3", answers=("m1",))]
    for item in items:
        await taking.take(item)
    world = World()
    world.rules = swap(world.rules, reader=taking.service._rules.reader)
    world.take(*items)
    linked = {
        fact.interaction: (fact.incident, fact.reason) for fact in taking.facts() if isinstance(fact, InteractionLinked)
    }
    assert linked == {
        fact.interaction: (fact.incident, fact.reason)
        for fact, _ in world.known.facts
        if isinstance(fact, InteractionLinked)
    }


async def test_duplicates_in_a_batch_and_across_batches_are_recorded_once(taking):
    await taking.take(mail("m1"), mail("m1"), form("f1"))
    await taking.take(form("f1"), mail("m1"), mail("m2"))
    assert received(taking) == [uid("m1"), uid("f1"), uid("m2")]
    assert taking.outcomes() == {uid("m1"): "recorded", uid("f1"): "recorded", uid("m2"): "recorded"}
    assert taking.position() == 6


async def test_garbage_among_fifty_good_ones_goes_to_quarantine_alone(taking):
    good = [mail(f"m{index}", f"p{index}@x.cu") for index in range(50)]
    batch = records(good)
    batch.insert(25, garbage("bad", 0))
    await taking.take_records([swap(record, offset=index) for index, record in enumerate(batch)])
    assert len(received(taking)) == 50
    assert taking.outcomes()[uid("bad")] == "quarantined"
    with taking.hub.database.transaction() as connection:
        (held,) = quarantine.find(connection).items
        assert (held.id, held.channel, held.reason, held.bytes) == (uid("bad"), "email", "undecodable", 9)
        assert raw(connection, uid("bad")) == b"\xff\x00garbage"


async def test_what_is_too_large_to_store_is_found_by_bisecting(taking):
    items = [mail(f"m{index}", f"p{index}@x.cu") for index in range(20)]
    items[13] = mail("huge", text="x" * 300_000)
    await taking.take(*items)
    assert len(received(taking)) == 19
    assert {name for name, outcome in taking.outcomes().items() if outcome == "quarantined"} == {uid("huge")}
    assert taking.position() == 20


async def test_order_is_kept_around_poison(taking):
    await taking.take(mail("m1"), mail("huge", text="x" * 300_000), mail("m2"), mail("m3"))
    assert received(taking) == [uid("m1"), uid("m2"), uid("m3")]


async def test_five_poison_records_in_a_row_stop_the_service_with_nothing_lost(taking):
    batch = [*records([mail("m1")]), *(garbage(f"bad{index}", index + 1) for index in range(5))]
    with pytest.raises(OperatorError, match="5 records in a row"):
        await taking.take_records(batch)
    assert taking.position() == 5  # the fifth was not passed over
    assert received(taking) == [uid("m1")]


async def test_five_too_large_in_a_row_stop_it_too(taking):
    with pytest.raises(OperatorError):
        await taking.take(*(mail(f"huge{index}", text="x" * 300_000) for index in range(6)))
    assert taking.position() == 4


async def test_a_failure_that_is_nobodys_fault_leaves_nothing_and_comes_again(taking):
    with taking.hub.database.transaction() as connection:
        connection.execute("ALTER TABLE threads RENAME TO gone")
    with pytest.raises(psycopg.errors.UndefinedTable):
        await taking.take(mail("m1"))
    assert (taking.facts(), taking.outcomes(), taking.position()) == ([], {}, 0)
    with taking.hub.database.transaction() as connection:
        connection.execute("ALTER TABLE gone RENAME TO threads")
    await taking.take(mail("m1"))
    assert received(taking) == [uid("m1")]


async def test_a_batch_that_somebody_else_handled_leaves_nothing(taking):
    stale = taking.batch(records([mail("m1")]))
    await taking.take(mail("m2"))
    with pytest.raises(StalePositionError):
        await taking.service.handle(stale)
    assert received(taking) == [uid("m2")]


async def test_a_form_queues_its_confirmation_and_a_follow_up_or_a_mail_does_not(taking):
    follow_up = replace(form("f2"), thread=uid("f1"), hints=Hints(thread_signed=True))
    await taking.take(form("f1"), mail("m1"), follow_up)
    rows = taking.rows("deliveries")
    assert [(row[1], row[2]) for row in rows] == [(uid("f1"), "confirmation")]


async def test_what_was_mended_is_put_on_its_log_again_and_handled(taking):
    await taking.take_records([garbage("bad", 0)])
    await quarantine.reprocess(taking.hub.access, taking.hub.log, uid("bad"), by="eva")
    with taking.hub.database.transaction() as connection:
        assert quarantine.find(connection).items == []
        row = connection.execute("SELECT id, value FROM log_interactions").fetchone()
        assert row == (uid("bad"), b"\xff\x00garbage")
    assert uid("bad") not in taking.outcomes()
    await taking.take_records([garbage("bad", taking.position())])  # still bad: it comes back
    with taking.hub.database.transaction() as connection:
        assert [held.id for held in quarantine.find(connection).items] == [uid("bad")]


async def test_what_a_person_lets_in_is_on_its_log_with_who_did_and_that_is_a_fact(taking):
    await taking.take_records([garbage("bad", 0)])
    await quarantine.release(taking.hub.access, taking.hub.log, uid("bad"), by="eva")
    with taking.hub.database.transaction() as connection:
        headers = connection.execute("SELECT headers FROM log_interactions WHERE id = %s", (uid("bad"),)).fetchone()[0]
    assert (headers["released"], headers["reprocessed"], headers["channel"]) == ("eva", "1", "email")
    (fact,) = [fact for fact in taking.facts() if isinstance(fact, HeldReleased)]
    assert (fact.held, fact.channel, fact.reason, fact.by) == (uid("bad"), "email", "undecodable", "eva")
    with pytest.raises(ConflictError):
        await quarantine.release(taking.hub.access, taking.hub.log, uid("bad"), by="eva")


async def test_what_is_discarded_says_why_and_leaves_the_list(taking):
    await taking.take_records([garbage("bad", 0)])
    await taking.hub.access.run("eva", quarantine.discard, uid("bad"), "spam")
    with taking.hub.database.transaction() as connection:
        assert quarantine.find(connection).items == []
    assert taking.outcomes() == {uid("bad"): "quarantined"}


async def test_the_quarantine_is_read_in_pages_newest_first(taking):
    for index in range(3):
        record = garbage(f"bad{index}", taking.position())
        moment = f"2026-03-0{index + 1}T12:00:00Z"
        await taking.take_records([swap(record, headers={"ce_time": moment})])
        await taking.take(mail(f"m{index}"))
    with taking.hub.database.transaction() as connection:
        first = quarantine.find(connection, limit=2)
        second = quarantine.find(connection, limit=2, cursor=first.next_cursor)
    assert [held.id for held in (*first.items, *second.items)] == [uid("bad2"), uid("bad1"), uid("bad0")]
    assert second.next_cursor is None


async def test_a_nul_that_got_past_the_edge_is_replaced(taking):
    dirty = mail("m1", text="a\x00b")
    await taking.take_records([LogRecord(dirty.id, 0, 0, msgspec.msgpack.encode(dirty), {})])
    (fact,) = [fact for fact in taking.facts() if isinstance(fact, InteractionReceived)]
    assert fact.personal.text == "a\N{REPLACEMENT CHARACTER}b"


async def test_an_incident_older_than_the_window_is_left_alone(taking):
    await taking.take(mail("m1", subject="Printer"))
    taking.service._rules = swap(taking.service._rules, window=timedelta(0))
    await taking.take(mail("m2", subject="Printer"))
    reasons = [fact.reason for fact in taking.facts() if isinstance(fact, InteractionLinked)]
    assert reasons == [Reason.NEW, Reason.NEW]


async def test_the_position_moves_with_the_facts(taking):
    await taking.take(mail("m1"))
    with taking.hub.database.transaction() as connection:
        stored = positions.stored(connection, "incidents", "interactions")
    assert {partition: (at.next, at.last_id) for partition, at in stored.items()} == {0: (1, uid("m1"))}


async def test_what_is_reopened_in_a_batch_is_joined_later_in_the_same_batch(taking, commands):
    await taking.take(mail("m1", subject="Printer", to=("bob@x.cu",)))
    await taking.take(mail("m2", "bob@x.cu", subject="Re: Printer", answers=("m1",)))
    await commands.run(Close(incident=1), by="eva")
    await taking.take(mail("m4", subject="Re: other words", answers=("m1",)), mail("m5", "bob@x.cu", subject="Printer"))
    assert len([fact for fact in taking.facts() if isinstance(fact, IncidentOpened)]) == 1


@pytest.mark.parametrize("kept_by_a_key", [False, True], ids=["by its link alone", "as before there were links"])
async def test_an_answer_in_a_conversation_goes_where_what_began_it_is(taking, commands, kept_by_a_key):
    await taking.take(form("f1"), form("f2", "bob@x.cu"))
    assert taking.rows("threads") == []
    if kept_by_a_key:
        key = taking.service._rules.reader.key_of(f"thread:{uid('f1')}")
        with taking.hub.database.transaction() as connection:
            connection.execute(
                "INSERT INTO threads SELECT %s, interaction, incident FROM links WHERE interaction = %s",
                (key, uid("f1")),
            )
    await taking.take(mail("m1", thread=uid("f1")))
    await commands.run(Reply(incident=1, text="x"), by="eva")
    await commands.run(Move(incident=1, interaction=uid("f1"), to=2), by="eva")
    await taking.take(mail("m2", thread=uid("f1")))
    links = {row[0]: row[1] for row in taking.rows("links")}
    first, second = (row[0] for row in sorted(taking.rows("incident_state"), key=lambda row: row[1]))
    assert [links[uid(name)] for name in ("m1", "f1", "m2")] == [first, second, second]


async def test_thousands_of_open_incidents_under_one_address_slow_down_nobody(taking):
    await taking.take(mail("m1", subject="Printer"))
    for start in range(0, 3000, 500):
        await taking.take(*(form(f"f{start + index}", subject=f"Subject {start + index}") for index in range(500)))
    before = len(taking.facts())
    await taking.take(mail("m2", subject=""), form("f", subject="Printer"))
    reasons = [fact.reason for fact in taking.facts()[before:] if isinstance(fact, InteractionLinked)]
    assert reasons == [Reason.SAME_CUSTOMER, Reason.NEW]  # claims, however many, hide nothing that was shown
    with taking.hub.database.transaction() as connection:
        (longest,) = connection.execute("SELECT max(octet_length(parts)) FROM joinable").fetchone()
    assert longest == 16 * 17


async def test_a_batch_that_takes_too_long_for_one_transaction_is_done_in_parts(taking):
    with taking.hub.database.transaction() as connection:
        connection.execute(
            "CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(0.06); RETURN NEW; END $$;"
            " CREATE TRIGGER slow BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION slowly()"
        )
    batch = taking.batch(records([form(f"f{number}") for number in range(100)]))  # 6 s, where a statement has 5
    with pytest.raises(psycopg.errors.QueryCanceled):
        await taking.service.handle(batch)
    for _ in range(10):  # as its log gives it again; a busy machine may need more parts
        with suppress(psycopg.errors.QueryCanceled):
            await taking.service.handle(batch)
            break
    assert (len(taking.outcomes()), taking.position()) == (100, 100)
