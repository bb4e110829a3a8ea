"""A wrong grouping made by an old parser is shown and mended, and only that; moves by hand stay; twice does nothing."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from channels.email.parser_pool import ParserPool
from eventstore import store
from schemas.facts.incident import IncidentMerged, InteractionUnlinked
from schemas.interaction import Hints, Interaction, RawMail
from services import mail_jobs
from services.commands import Commands
from services.incidents.requests import Merge, Move, Unmerge
from services.parser import ours_of
from services.recorrelation import work
from services.recorrelation.proposals import LEFT_BY_HAND
from services.recorrelation.replay import RECORRELATE
from tests.services.incidents.hubs import Taking, build
from tests.services.incidents.world import NOON, uid

BOX = "support@cauce.example"


@pytest.fixture
def taking(database, tmp_path) -> Taking:
    return Taking(build(database, tmp_path))


@asynccontextmanager
async def commands(hub):
    made = Commands(hub.database, hub.ledger, hub.blobs, secret=hub.secret)
    serving = asyncio.create_task(made.serve())
    yield made
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def raw(name: str, sender: str, subject: str, *, answers: str = "", to: str = BOX, body: str = "hola") -> bytes:
    answered = f"In-Reply-To: <{answers}@x>\r\nReferences: <{answers}@x>\r\n" if answers else ""
    return (
        f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{name}@x>\r\n{answered}\r\n{body}\r\n"
    ).encode()


async def parsed(taking: Taking, name: str, content: bytes) -> Interaction:
    """As today's parser has it, its bytes kept."""
    mail = RawMail(
        id=uid(name), source="smtp", mailbox=BOX, envelope_from="a@x.cu", envelope_to=(BOX,),
        size=len(content), received_at=NOON,
    )  # fmt: skip
    pool = ParserPool(ours_of(taking.hub), size=1)
    try:
        found = (await pool.parse(mail, content)).interaction
    finally:
        await pool.close()
    return replace(found, raw=taking.hub.blobs.put(content))


def blind(item: Interaction) -> Interaction:
    """As a parser had it that missed References."""
    return replace(item, hints=replace(item.hints, references=()))


async def talk(taking: Taking, *, missing: bool = True) -> None:
    """Ana writes; Luis, who was in copy, answers under another subject; Ana answers that; somebody else writes."""
    old = blind if missing else lambda item: item
    first = await parsed(taking, "m1", raw("m1", "ana@x.cu", "Factura", to=f"{BOX}, luis@x.cu"))
    second = old(await parsed(taking, "m2", raw("m2", "luis@x.cu", "Otra cosa", answers="m1", to=f"{BOX}, ana@x.cu")))
    third = await parsed(taking, "m3", raw("m3", "ana@x.cu", "Y esto", answers="m2", to=BOX))
    other = await parsed(taking, "m4", raw("m4", "eva@x.cu", "Nada que ver"))
    for item in (first, second, third, other):
        await taking.take(item)


def said(proposals):
    return [(each.kind, each.origin, each.to, each.left) for each in proposals]


async def test_what_an_old_parser_tore_apart_is_shown_and_changes_nothing(taking):
    await talk(taking)
    before = taking.facts()
    found = await work.look(taking.hub)
    assert (found.mails, found.unreadable) == (4, 0)
    assert said(found.proposals) == [("merge", 2, 1, "")]
    assert [each.interaction for each in found.proposals] == [uid("m2")]
    assert taking.facts() == before


async def test_what_was_grouped_rightly_stays(taking):
    await talk(taking, missing=False)
    assert (await work.look(taking.hub)).proposals == []


async def test_it_is_mended_as_facts_and_a_second_run_moves_nothing(taking):
    await talk(taking)
    job = await work.begin(taking.hub, dry_run=False, by="eva")
    done = await work.run(taking.hub, job, dry_run=False)
    assert said(done.proposals) == [("merge", 2, 1, "")]
    (fact,) = [fact for fact in taking.facts() if isinstance(fact, IncidentMerged)]
    assert fact.by == RECORRELATE
    kept = await taking.hub.database.run(mail_jobs.newest, mail_jobs.RECORRELATE)
    assert (kept.done, kept.outcome) == (4, {"mails": 4, "erased": 0, "unreadable": 0, "merge": 1})
    assert said(await taking.hub.database.run(work.found, job)) == [("merge", 2, 1, "")]
    assert (await work.look(taking.hub)).proposals == []


async def test_a_mail_that_joined_the_wrong_incident_moves_alone_and_can_be_moved_back(taking):
    await taking.take(await parsed(taking, "m1", raw("m1", "ana@x.cu", "Factura")))
    await taking.take(await parsed(taking, "n1", raw("n1", "ana@x.cu", "Impresora")))
    # the old parser took the number in the subject for the answer it was
    wrong = blind(await parsed(taking, "m2", raw("m2", "ana@x.cu", "Re: Impresora", answers="m1")))
    await taking.take(wrong)
    found = await work.look(taking.hub)
    assert said(found.proposals) == [("move", 2, 1, "")]
    await work.mend(taking.hub, found.proposals)
    (fact,) = [fact for fact in taking.facts() if isinstance(fact, InteractionUnlinked)]
    assert (fact.interaction, fact.by) == (uid("m2"), RECORRELATE)
    assert (await work.look(taking.hub)).proposals == []
    async with commands(taking.hub) as served:
        await served.run(Move(incident=1, interaction=uid("m2"), to=2), by="eva")
    assert said((await work.look(taking.hub)).proposals) == [("move", 2, 1, LEFT_BY_HAND)]


async def test_a_mail_that_should_have_opened_its_own_is_split_off(taking):
    await taking.take(await parsed(taking, "m1", raw("m1", "ana@x.cu", "Factura")))
    item = await parsed(taking, "m2", raw("m2", "ana@x.cu", "Impresora"))
    await taking.take(replace(item, hints=Hints(message_id="m2@x", references=("m1@x",))))  # seen where there is none
    found = await work.look(taking.hub)
    assert said(found.proposals) == [("split", 1, 0, "")]
    assert said(await work.mend(taking.hub, found.proposals)) == [("split", 1, 0, "")]
    assert (await work.look(taking.hub)).proposals == []


async def test_where_a_person_merged_and_unmerged_or_moved_nothing_is_touched(taking):
    await talk(taking)
    async with commands(taking.hub) as served:
        await served.run(Merge(incident=1, sources=(2,)), by="eva")
        assert (await work.look(taking.hub)).proposals == []
        await served.run(Unmerge(incident=1, source=2), by="eva")
    found = await work.look(taking.hub)
    assert said(found.proposals) == [("merge", 2, 1, LEFT_BY_HAND), ("move", 2, 1, LEFT_BY_HAND)]
    before = taking.facts()
    await work.mend(taking.hub, found.proposals)
    assert taking.facts() == before


async def test_what_changed_since_it_was_looked_at_is_refused_not_forced(taking):
    await talk(taking)
    found = await work.look(taking.hub)
    async with commands(taking.hub) as served:
        await served.run(Merge(incident=3, sources=(2,)), by="eva")
    (left,) = await work.mend(taking.hub, found.proposals)
    assert left.left
    assert [fact.by for fact in taking.facts() if isinstance(fact, IncidentMerged)] == ["eva"]


async def test_mail_whose_bytes_are_gone_stays_as_it_was_recorded(taking):
    await talk(taking)
    with taking.hub.database.transaction() as connection:
        until = store.last_position(connection)
        (mail,) = [m for m in work.again.kept(connection, taking.hub.keys, until)[0] if m.interaction == uid("m2")]
    taking.hub.blobs.delete([mail.personal.raw])
    found = await work.look(taking.hub)
    assert (found.mails, found.unreadable, found.proposals) == (3, 1, [])
