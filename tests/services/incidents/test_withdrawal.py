"""A reply that is held can be taken back, once, and not after it left: by facts, by the queue's row."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from schemas.errors import AnsweredMeanwhileError, ConflictError, InvalidError, NotFoundError
from schemas.facts.customer import CustomerRegistered
from schemas.facts.incident import InteractionLinked, Reason, Status
from schemas.facts.interaction import InteractionHeld, InteractionSent, InteractionWithdrawn
from schemas.facts.teamwork import AgentsMentioned, NoteFilesAdded, ReplyWithdrawn
from schemas.facts.undone import Decision, IncidentRestored, Standing
from schemas.interaction import Attachment, Channel, Direction
from services.customers.requests import ErasePerson
from services.deliveries import queue
from services.drafts import drafts, uploads
from services.incidents import loading, teamwork
from services.incidents.requests import Note, Reply, Withdraw
from tests.services.incidents.test_decide import ANA, LATER, first, link, resolved, taken
from tests.services.incidents.world import NOON, chat, mail, uid

sent = replace(link("r1", direction=Direction.OUT), by="eva", reason=Reason.AGENT)
held = InteractionHeld(interaction=uid("r1"), until=LATER, at=NOON)
asked = Withdraw(incident=7, interaction=uid("r1"), by="leo", now=LATER)
said = InteractionSent(
    interaction=uid("r1"),
    incident=first.incident,
    channel=Channel.EMAIL,
    thread=uid("r1"),
    address=ANA,
    by="eva",
    at=NOON,
)
undone = IncidentRestored(
    incident=first.incident,
    undone=Decision.RESOLVED,
    undone_at=NOON,
    stood=Standing(status=Status.WAITING, spoken_at=NOON, active_at=NOON),
    by="eva",
    at=LATER,
)


def of(taking, *kinds):
    return [fact for fact in taking.facts() if isinstance(fact, kinds)]


@pytest.mark.parametrize(
    ("history", "status", "next_reply"),
    [
        ([first, sent], Status.NEW, None),
        ([first, taken, sent], Status.OPEN, None),
        ([first, replace(sent, interaction=uid("r0")), link("m2"), sent], Status.OPEN, None),
        ([first, sent, replace(sent, interaction=uid("r2"), at=LATER)], Status.WAITING, LATER),
        ([first, sent, resolved], Status.RESOLVED, None),
        ([first, sent, resolved, undone], Status.NEW, None),
    ],
)
def test_without_the_reply_the_incident_is_as_if_it_had_not_been(history, status, next_reply):
    if next_reply is None:
        history = [fact for fact in history if getattr(fact, "interaction", None) != uid("r0") or status is Status.OPEN]
    facts = teamwork.withdraw(sent, Status.NEW, history, asked)
    assert facts[0] == InteractionWithdrawn(interaction=uid("r1"), by="leo", at=LATER)
    assert isinstance(facts[1], ReplyWithdrawn)
    assert (facts[1].status, facts[1].replied_at, facts[1].incident) == (status, NOON, first.incident)
    if next_reply is not None:
        assert facts[1].next_reply_at == next_reply


@pytest.mark.parametrize(
    ("of_link", "facts", "now"),
    [
        (sent, [said], NOON),  # was not held
        (sent, [held, said], LATER),  # is no longer
        (sent, [held, said, InteractionWithdrawn(interaction=uid("r1"), by="eva", at=NOON)], NOON),
        (link("m1"), [held, said], NOON),  # came in
    ],
)
def test_what_was_not_held_is_not_taken_back(of_link, facts, now):
    with pytest.raises(ConflictError):
        teamwork.refuse_left(of_link, facts, now)


async def test_a_withdrawn_reply_is_in_no_queue_and_its_words_are_a_draft_again(taking, commands):
    await taking.take(mail("m1", subject="Printer"))
    done = await commands.run(Reply(incident=1, text="Too fast", hold_seconds=60), by="eva")
    hub = taking.hub
    with hub.database.transaction() as connection:
        assert queue.lease(connection, 10, 60) == []
        begun = drafts.Draft(text="and more")
        drafts.save(connection, hub.keys, done.subject, _address(taking), drafts.Kind.REPLY, begun, by="eva")
    back = await commands.run(Withdraw(incident=1, interaction=done.interaction), by="eva")
    assert back.delivery == "withdrawn"
    with hub.database.transaction() as connection:
        assert queue.counts(connection) == {"withdrawn": 1}
        assert queue.unsent(connection) == {}
        kept = drafts.load(connection, hub.keys, done.subject, by="eva")
    assert kept[drafts.Kind.REPLY].draft.text == "Too fast\n\nand more"
    assert [type(fact).__name__ for fact in taking.facts()[-2:]] == ["InteractionWithdrawn", "ReplyWithdrawn"]
    with pytest.raises(ConflictError):
        await commands.run(Withdraw(incident=1, interaction=done.interaction), by="eva")
    with pytest.raises(NotFoundError):
        await commands.run(Withdraw(incident=1, interaction=uid("nothing")), by="eva")


def _address(taking):
    return of(taking, InteractionLinked)[0].address


async def test_what_a_worker_has_taken_is_not_taken_back_and_the_other_way_round(taking, commands):
    await taking.take(mail("m1"))
    hub = taking.hub
    for turn in range(5):
        done = await commands.run(Reply(incident=1, text=f"{turn}", hold_seconds=60), by="eva")
        with hub.database.transaction() as connection:
            connection.execute("UPDATE deliveries SET next_attempt_at = now() WHERE state = 'queued'")

        def lease():
            with hub.database.transaction() as connection:
                return queue.lease(connection, 10, 60)

        back = commands.run(Withdraw(incident=1, interaction=done.interaction), by="eva")
        leased, outcome = await asyncio.gather(asyncio.to_thread(lease), back, return_exceptions=True)
        taken_back = not isinstance(outcome, Exception)
        assert taken_back or isinstance(outcome, ConflictError)
        assert taken_back != (done.interaction in {each.interaction for each in leased})
        facts = [fact for fact in of(taking, InteractionWithdrawn) if fact.interaction == done.interaction]
        assert bool(facts) is taken_back


async def test_without_a_hold_nothing_changes_for_who_calls_the_api(taking, commands):
    await taking.take(mail("m1"))
    done = await commands.run(Reply(incident=1, text="At once"), by="eva")
    assert done.held_until is None
    assert of(taking, InteractionHeld) == []
    with taking.hub.database.transaction() as connection:
        (leased,) = queue.lease(connection, 10, 60)
    assert leased.interaction == done.interaction
    with pytest.raises(ConflictError):
        await commands.run(Withdraw(incident=1, interaction=done.interaction), by="eva")
    with pytest.raises(InvalidError):
        await commands.run(Reply(incident=1, text="x", hold_seconds=1000), by="eva")


async def test_a_chat_answer_is_withdrawn_by_its_time_alone(taking, commands):
    await taking.take(chat("1"))
    done = await commands.run(Reply(incident=1, text="Hello", hold_seconds=60), by="eva")
    await commands.run(Withdraw(incident=1, interaction=done.interaction), by="eva")
    short = await commands.run(Reply(incident=1, text="Hello", hold_seconds=1), by="eva")
    await asyncio.sleep(1.1)
    with pytest.raises(ConflictError):
        await commands.run(Withdraw(incident=1, interaction=short.interaction), by="eva")


async def test_a_reply_to_what_somebody_else_answered_since_is_refused_unless_it_was_taken_back(taking, commands):
    await taking.take(mail("m1"))
    with taking.hub.database.transaction() as connection:
        known, _ = loading.begin(connection)
        loading.load_incidents(connection, known, (), [1])
        version = known.incidents[known.numbers[1]].version
    leo = await commands.run(Reply(incident=1, text="Leo's", hold_seconds=60), by="leo")
    with pytest.raises(AnsweredMeanwhileError) as refused:
        await commands.run(Reply(incident=1, text="Eva's", seen_version=version), by="eva")
    assert refused.value.by == "leo"
    await commands.run(Withdraw(incident=1, interaction=leo.interaction), by="leo")
    await commands.run(Reply(incident=1, text="Eva's", seen_version=version), by="eva")
    await commands.run(Reply(incident=1, text="Eva's", seen_version=version), by="eva")  # her own is no surprise


async def test_notes_call_users_and_carry_files_that_go_when_the_person_does(taking, commands):
    await taking.take(mail("m1"))
    hub = taking.hub
    with hub.database.transaction() as connection:
        blobs = [hub.blobs.put(b"a"), hub.blobs.put(b"b")]
        files = [Attachment(name=f"{blob}.txt", bytes=1, media_type="text/plain", blob=blob) for blob in blobs]
        waits, goes = uploads.keep(connection, files, by="eva", address=_address(taking))
        incident = of(taking, InteractionLinked)[0].incident
        drafts.save(
            connection, hub.keys, incident, _address(taking), drafts.Kind.NOTE, drafts.Draft(text="Ana..."), by="eva"
        )
    await commands.run(Note(incident=1, text="@leo, @nobody: ana@eva.cu", uploads=(goes.id,)), by="eva")
    with pytest.raises(InvalidError):
        await commands.run(Note(incident=1, text="again", uploads=(goes.id,)), by="eva")
    with pytest.raises(InvalidError):
        await commands.run(Note(incident=1, text="not yours", uploads=(waits.id,)), by="leo")
    assert [fact.agents for fact in of(taking, AgentsMentioned)] == [("leo",)]
    assert [file.blob for file in of(taking, NoteFilesAdded)[0].personal.attachments] == [blobs[1]]
    await commands.run(ErasePerson(customer=of(taking, CustomerRegistered)[0].customer), by="eva")
    assert hub.blobs.missing(blobs) == set(blobs)
    assert (taking.rows("drafts"), taking.rows("uploads")) == ([], [])
    assert of(taking, NoteFilesAdded)[0].personal is None


def test_names_are_called_by_an_at_before_them():
    assert teamwork.called("@Eva and @leo. not a@b.cu, (@ana)") >= {"eva", "leo", "ana"}
    assert "b.cu" not in teamwork.called("a@b.cu")
    assert timedelta(seconds=teamwork.HOLD_MAX_SECONDS) < timedelta(minutes=10)
