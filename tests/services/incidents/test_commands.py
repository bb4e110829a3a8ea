"""Commands through the writer: recorded and answered, once for each key, nobody paying for another's mistake."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import psycopg
import pytest

from channels import intake
from eventstore import store
from schemas.errors import ConflictError, InvalidError, LogUnavailableError, NotFoundError
from schemas.facts.incident import (
    IncidentClosed,
    IncidentMerged,
    IncidentNoted,
    IncidentOpened,
    IncidentReopened,
    IncidentTagged,
    InteractionLinked,
    ParticipantAdded,
    ProductNamed,
    Reason,
)
from schemas.facts.interaction import InteractionDelivered, InteractionDeliveryFailed, InteractionSent
from schemas.facts.teamwork import ArticleLinked
from schemas.interaction import Automatic, CallSignalKind, Channel, Direction, Party
from services.commands import Commands
from services.customers.requests import AddAddress
from services.incidents import arrive
from services.incidents.answer import NOWHERE
from services.incidents.requests import Close, Merge, Move, Note, Reply, Resolve, Split, Tag, Unmerge
from services.incidents.state import Incident, evolve, opened
from services.incidents.ways import ways
from tests.services.incidents.world import chat, form, mail, signal, uid


def of(taking, kind):
    return [fact for fact in taking.facts() if isinstance(fact, kind)]


def placed(taking):
    found = {}
    for fact in taking.facts():
        if isinstance(fact, InteractionLinked):
            found[fact.interaction] = fact.incident
    return found


async def test_a_command_answers_with_the_position_of_its_fact(taking, commands):
    await taking.take(mail("m1"))
    done = await commands.run(Note(incident=1, text="called back"), by="eva")
    with taking.hub.database.transaction() as connection:
        assert done.position == store.last_position(connection)
    (noted,) = of(taking, IncidentNoted)
    assert (noted.note, noted.by, noted.personal.text) == (done.note, "eva", "called back")
    assert (done.subject, done.number) == (noted.incident, 1)


async def test_a_command_is_dated_by_the_database_whatever_the_clock_of_its_process(taking, commands):
    await taking.take(mail("m1"))
    astray = datetime(2001, 2, 3, tzinfo=UTC)
    await commands.run(Note(incident=1, text="called back", now=astray), by="eva", idempotency_key="k")
    await commands.run(Close(incident=1, now=astray), by="eva")
    (noted,), (closed,) = of(taking, IncidentNoted), of(taking, IncidentClosed)
    with taking.hub.database.transaction() as connection:
        rows = connection.execute(
            "SELECT recorded_at FROM events WHERE type IN (%s, %s) ORDER BY position",
            (IncidentNoted.type_name, IncidentClosed.type_name),
        ).fetchall()
    for fact, (recorded_at,) in zip((noted, closed), rows, strict=True):
        assert timedelta(0) <= recorded_at - fact.at < timedelta(seconds=5)
    assert noted.at < closed.at


async def test_what_is_not_there_is_not_found(taking, commands):
    with pytest.raises(NotFoundError):
        await commands.run(Note(incident=77, text="x"), by="eva")


async def test_the_same_key_and_request_is_done_once_and_another_request_conflicts(taking, commands):
    await taking.take(mail("m1"))
    one = await commands.run(Note(incident=1, text="x"), by="eva", idempotency_key="k")
    two = await commands.run(Note(incident=1, text="x"), by="eva", idempotency_key="k")
    assert one == two
    other = await commands.run(Note(incident=1, text="x"), by="leo", idempotency_key="k")  # another user's key
    assert other != one
    with pytest.raises(ConflictError):
        await commands.run(Note(incident=1, text="y"), by="eva", idempotency_key="k")
    assert len(of(taking, IncidentNoted)) == 2


async def test_what_a_key_was_used_for_can_not_be_guessed_from_its_digest(taking, commands):
    await taking.take(mail("m1"))
    request = Note(incident=1, text="llama Ana", by="eva")
    await commands.run(request, by="eva", idempotency_key="k")
    asked = msgspec.structs.replace(request, now=datetime(1970, 1, 1, tzinfo=UTC), id=UUID(int=0))
    guess = b"Note\0" + msgspec.msgpack.Encoder(uuid_format="bytes").encode(asked)
    (row,) = taking.rows("idempotency")
    assert row[2] == hmac.digest(taking.hub.secret, guess, "sha256")
    assert row[2] != hashlib.sha256(guess).digest()


async def test_the_same_key_at_the_same_time_is_done_once(taking, commands):
    await taking.take(mail("m1"))
    requests = [commands.run(Note(incident=1, text="x"), by="eva", idempotency_key="k") for _ in range(5)]
    assert len(set(await asyncio.gather(*requests))) == 1
    assert len(of(taking, IncidentNoted)) == 1


async def test_a_refused_command_takes_nobody_with_it(taking, commands):
    await taking.take(mail("m1"))
    requests = [Tag(incident=1, add=(f"t{index}",)) for index in range(10)]
    mixed = [commands.run(request, by="eva") for request in requests[:5]]
    mixed += [commands.run(Note(incident=77, text="x"), by="eva")]
    mixed += [commands.run(request, by="eva") for request in requests[5:]]
    answers = await asyncio.gather(*mixed, return_exceptions=True)
    assert [type(answer).__name__ for answer in answers] == ["Outcome"] * 5 + ["NotFoundError"] + ["Outcome"] * 5
    assert {tag for fact in of(taking, IncidentTagged) for tag in fact.added} == {f"t{index}" for index in range(10)}


async def test_a_group_whose_commit_was_not_answered_is_not_done_again(taking, monkeypatch):
    await taking.take(mail("m1"))
    hub = taking.hub
    run = hub.database.run

    async def cut_off(work, *args, **kwargs):
        done = await run(work, *args, **kwargs)
        if work.__name__ == "_write":
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return done

    monkeypatch.setattr(hub.database, "run", cut_off)
    served = Commands(hub.database, hub.ledger, hub.blobs, secret=hub.secret)
    serving = asyncio.create_task(served.serve())
    requests = [served.run(Note(incident=1, text=text), by="eva") for text in "ab"]
    answers = await asyncio.gather(*requests, return_exceptions=True)
    serving.cancel()
    assert [type(answer) for answer in answers] == [LogUnavailableError] * 2
    assert [noted.personal.text for noted in of(taking, IncidentNoted)] == ["a", "b"]


async def test_commands_of_one_group_see_each_other(taking, commands):
    await taking.take(mail("m1"))
    answers = await asyncio.gather(
        *(commands.run(Close(incident=1), by="eva") for _ in range(3)), return_exceptions=True
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["ConflictError", "ConflictError", "Outcome"]


async def test_a_lock_held_for_a_while_delays_and_a_lock_held_for_long_refuses(taking, commands):
    await taking.take(mail("m1"))
    holder = psycopg.connect(taking.hub.database.url)
    holder.execute("SELECT pg_advisory_xact_lock(1129338179, 1)")
    waiting = asyncio.create_task(commands.run(Note(incident=1, text="late"), by="eva"))
    await asyncio.sleep(2.5)  # longer than one lock_timeout
    holder.rollback()
    assert (await waiting).position
    holder.execute("SELECT pg_advisory_xact_lock(1129338179, 1)")
    with pytest.raises(LogUnavailableError):
        await commands.run(Note(incident=1, text="never"), by="eva")
    holder.close()
    assert [noted.personal.text for noted in of(taking, IncidentNoted)] == ["late"]


async def test_a_command_that_a_hung_database_never_answers_is_refused_as_soon_as_a_sender(taking, monkeypatch):
    monkeypatch.setattr(intake, "_ANSWER_SECONDS", 0.05)
    hub = taking.hub
    unanswered = Commands(hub.database, hub.ledger, hub.blobs, secret=hub.secret)
    async with asyncio.timeout(3):
        with pytest.raises(LogUnavailableError):
            await unanswered.run(Close(incident=1), by="eva")


async def test_an_answer_to_a_mail_goes_by_mail_on_its_thread_with_its_headers(taking, commands):
    await taking.take(mail("m1", subject="Printer"))
    done = await commands.run(Reply(incident=1, text="Try this"), by="eva")
    (sent,) = of(taking, InteractionSent)
    assert (sent.interaction, done.delivery) == (done.interaction, "queued")
    assert (sent.channel, sent.thread, sent.by) == (Channel.EMAIL, uid("m1"), "eva")
    assert [party.address for party in sent.personal.recipients] == ["email:ana@x.cu"]
    assert (sent.personal.subject, sent.personal.references) == ("Re: Printer [#1]", ("m1@x",))
    out = of(taking, InteractionLinked)[-1]
    assert (out.direction, out.reason, out.interaction) == (Direction.OUT, Reason.AGENT, done.interaction)
    assert [(row[1], row[2]) for row in taking.rows("deliveries")] == [(done.interaction, "reply")]


async def test_an_article_named_in_an_answer_is_linked_once(taking, commands):
    await taking.take(mail("m1", subject="Printer"))
    address = f"https://help.example/es/articles/{uid('a')}"
    for text in (f"See {address} and {address}?voted=no", f"As said: {address}", f"Not {address}0"):
        await commands.run(Reply(incident=1, text=text), by="eva")
    assert [(fact.article, fact.by) for fact in of(taking, ArticleLinked)] == [(uid("a"), "eva")]


async def test_an_answer_goes_to_who_wrote_last(taking, commands):
    await taking.take(mail("m1", to=("bob@x.cu",), subject="Printer"), mail("m2", "bob@x.cu", answers=("m1",)))
    await commands.run(Reply(incident=1, text="Try this"), by="eva")
    await commands.run(Reply(incident=1, text="And you", to="ana@x.cu"), by="eva")
    recipients = [sent.personal.recipients[0].address for sent in of(taking, InteractionSent)]
    assert recipients == ["email:bob@x.cu", "email:ana@x.cu"]
    assert [sent.thread for sent in of(taking, InteractionSent)] == [uid("m2"), uid("m1")]


async def test_an_answer_to_a_chat_is_pushed_and_not_mailed(taking, commands):
    await taking.take(chat("1"))
    done = await commands.run(Reply(incident=1, text="Hello"), by="eva")
    (sent,) = of(taking, InteractionSent)
    assert (sent.channel, sent.thread, done.delivery) == (Channel.CHAT, uid("s1"), "queued")
    assert taking.rows("deliveries") == []


async def test_a_caller_is_answered_by_mail_once_their_address_is_known(taking, commands):
    await taking.take(signal("c1", CallSignalKind.STARTED))
    done = await commands.run(Reply(incident=1, text="As said"), by="eva")
    assert (done.delivery, taking.rows("deliveries"), of(taking, InteractionDelivered)) == ("failed", [], [])
    assert [fact.reason for fact in of(taking, InteractionDeliveryFailed)] == [NOWHERE]
    with taking.hub.database.transaction() as connection:  # and it was said before
        assert [way.nowhere for way in ways(connection, taking.hub.ledger, commands.rules, 1)] == [True]
    customer = of(taking, IncidentOpened)[0].customer
    await commands.run(AddAddress(customer=customer, address="ana@x.cu"), by="eva")
    done = await commands.run(Reply(incident=1, text="As said"), by="eva")
    sent = of(taking, InteractionSent)[-1]
    assert (done.delivery, sent.channel) == ("queued", Channel.EMAIL)
    assert sent.personal.recipients[0].address == "email:ana@x.cu"


async def test_somebody_new_gets_a_thread_of_their_own(taking, commands):
    await taking.take(mail("m1"))
    done = await commands.run(Reply(incident=1, text="Could you look?", to="lab@y.cu"), by="eva")
    (sent,) = of(taking, InteractionSent)
    assert sent.thread == done.interaction
    assert of(taking, ParticipantAdded)[-1].personal.text == "email:lab@y.cu"
    await taking.take(mail("m2", "lab@y.cu", thread=sent.thread))
    assert placed(taking)[uid("m2")] == placed(taking)[uid("m1")]


async def test_a_channel_that_reaches_nobody_is_refused(taking, commands):
    await taking.take(chat("1"))
    with pytest.raises(ConflictError):
        await commands.run(Reply(incident=1, text="x", channel=Channel.EMAIL), by="eva")
    with pytest.raises(InvalidError):
        await commands.run(Reply(incident=1, text="x", to="chat:nobody"), by="eva")
    with pytest.raises(InvalidError):
        await commands.run(Reply(incident=1, text=" "), by="eva")


async def test_a_bounce_of_an_answer_is_linked_where_the_answer_is(taking, commands):
    await taking.take(mail("m1"))
    done = await commands.run(Reply(incident=1, text="x"), by="eva")
    await taking.take(mail("b1", "mailer-daemon@x.cu", automatic=Automatic.BOUNCE, about=done.interaction))
    assert placed(taking)[uid("b1")] == placed(taking)[uid("m1")]


async def test_merged_incidents_refuse_work_and_answers_stay_with_their_conversation(taking, commands):
    await taking.take(mail("m1", subject="One"), mail("m2", "bob@x.cu", subject="Two"))
    await commands.run(Merge(incident=1, sources=(2,)), by="eva")
    with pytest.raises(ConflictError, match="merged into 1"):
        await commands.run(Note(incident=2, text="x"), by="eva")
    await commands.run(Reply(incident=1, text="x"), by="eva")
    second = of(taking, IncidentMerged)[0].incident
    assert of(taking, InteractionSent)[0].incident == second  # Bob wrote last
    await commands.run(Unmerge(incident=1, source=2), by="eva")
    await commands.run(Note(incident=2, text="x"), by="eva")
    with pytest.raises(ConflictError):
        await commands.run(Unmerge(incident=1, source=2), by="eva")


async def test_a_customers_words_reopen_what_was_merged_and_resolved(taking, commands):
    await taking.take(mail("m1", subject="One"), mail("m2", "bob@x.cu", subject="Two"))
    await commands.run(Merge(incident=1, sources=(2,)), by="eva")
    await commands.run(Resolve(incident=1), by="eva")
    with pytest.raises(ConflictError):
        await commands.run(Resolve(incident=1), by="eva")
    await taking.take(mail("m3", "bob@x.cu", answers=("m2",)))
    await commands.run(Resolve(incident=1), by="eva")  # it was open again
    assert of(taking, IncidentReopened) == []  # of itself the second one had never been resolved


async def test_what_was_split_off_takes_its_answers_with_it(taking, commands):
    await taking.take(mail("m1", subject="One"), mail("m2", answers=("m1",)))
    done = await commands.run(Split(incident=1, interactions=(uid("m2"),), subject="Another"), by="eva")
    assert done.number == 2
    await taking.take(mail("m3", answers=("m1", "m2")))
    assert placed(taking)[uid("m3")] == done.subject
    assert of(taking, IncidentMerged) == []


async def test_what_was_moved_takes_its_answers_with_it(taking, commands):
    await taking.take(mail("m1", subject="One"), mail("m2", subject="Two"), mail("m3", answers=("m1",)))
    await commands.run(Move(incident=1, interaction=uid("m3"), to=2), by="eva")
    await taking.take(mail("m4", answers=("m3",)))
    assert placed(taking)[uid("m4")] == placed(taking)[uid("m2")]
    with pytest.raises(NotFoundError):
        await commands.run(Move(incident=1, interaction=uid("m3"), to=2), by="eva")


async def test_the_stored_state_is_the_fold_of_the_stream(taking, commands):
    await taking.take(mail("m1", subject="One"), form("f1"), mail("m2", answers=("m1",)))
    for request in (
        Note(incident=1, text="x"),
        Reply(incident=1, text="x"),
        Resolve(incident=1),
        Tag(incident=2, add=("a",)),
    ):
        await commands.run(request, by="eva")
    folded: dict[object, Incident] = {}
    for fact in taking.facts():
        if fact.category != "incident":
            continue
        folded[fact.incident] = (
            opened(fact) if isinstance(fact, IncidentOpened) else evolve(folded[fact.incident], fact)
        )
    stored = {row[0]: msgspec.msgpack.decode(row[4], type=Incident) for row in taking.rows("incident_state")}
    assert stored == folded


async def test_a_product_is_sealed_and_goes_with_what_is_split_off(taking, commands):
    shown = msgspec.structs.replace(
        form("f1", product="anasprinter"), sender=Party(address="email:ana@x.cu", proven=True)
    )
    await taking.take(shown, mail("m1", subject="Printer"))
    await commands.run(Split(incident=1, interactions=(uid("m1"),), subject="Else"), by="eva")
    assert [fact.personal.text for fact in of(taking, ProductNamed)] == ["anasprinter"] * 2
    assert len({fact.incident for fact in of(taking, ProductNamed)}) == 2
    assert all(fact.product == "" for fact in of(taking, IncidentOpened))
    with taking.hub.database.transaction() as connection:
        stored = connection.execute("SELECT data FROM events", binary=True).fetchall()
        states = connection.execute("SELECT state FROM incident_state", binary=True).fetchall()
    assert not any(b"anasprinter" in bytes(row[0]) for row in [*stored, *states])


async def test_a_history_that_named_the_product_with_the_opening_keeps_it_when_split(taking, commands, monkeypatch):
    def as_before(arrival, incident, known, now):
        return msgspec.structs.replace(opened_now(arrival, incident, known, now), product="ledger")

    opened_now = arrive._opened
    monkeypatch.setattr(arrive, "_opened", as_before)
    await taking.take(mail("m1", subject="Printer"), mail("m2", subject="Printer"))
    await commands.run(Split(incident=1, interactions=(uid("m2"),), subject="Else"), by="eva")
    assert [fact.personal.text for fact in of(taking, ProductNamed)] == ["ledger"]
