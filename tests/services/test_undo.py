"""Taking back: what undoes each command, once, by whoever gave it, in time, and only what nobody changed since."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest

from schemas.errors import ConflictError, NotFoundError
from schemas.facts.incident import IncidentResolved, Priority, Status
from services import undo
from services.incidents.inverse import Before, inverse_of
from services.incidents.requests import (
    Assign,
    Close,
    Merge,
    Move,
    Note,
    Prioritize,
    Reopen,
    Reply,
    Resolve,
    Split,
    Tag,
    Unmerge,
)
from services.incidents.state import Incident
from services.undo import Undo
from tests.services.incidents.conftest import commands, taking
from tests.services.incidents.world import NOON, mail, uid

__all__ = ["commands", "taking"]  # fixtures

from schemas.interaction import Channel

seven = Incident(
    id=uid("i7"),
    number=7,
    customer=uid("c1"),
    address=uid("ana"),
    channel=Channel.EMAIL,
    opened_at=NOON,
    active_at=NOON,
    spoken_at=NOON,
    assignee="leo",
    tags=frozenset({"old", "both"}),
)


def inverse(request, status=Status.OPEN, made=None, **was):
    found = inverse_of(request, Before(msgspec.structs.replace(seven, status=status, **was), status), made)
    return [(type(one), {name: value for name, value in fields(one).items() if name != "incident"}) for one in found]


def fields(request):
    kept = msgspec.structs.asdict(request)
    return {name: value for name, value in kept.items() if name not in {"by", "now", "id"} and value != msgspec.UNSET}


@pytest.mark.parametrize(
    ("request_", "status", "was", "expected"),
    [
        (Assign(incident=7, to="eva"), Status.OPEN, {}, [(Assign, {"to": "leo", "was": "eva"})]),
        (Assign(incident=7, to="eva"), Status.OPEN, {"assignee": None}, [(Assign, {"to": None, "was": "eva"})]),
        (
            Prioritize(incident=7, priority=Priority.URGENT),
            Status.OPEN,
            {},
            [(Prioritize, {"priority": Priority.NORMAL, "was": Priority.URGENT})],
        ),
        (
            Tag(incident=7, add=(" New", "OLD"), remove=("Both", "none")),
            Status.OPEN,
            {},
            [(Tag, {"add": ("both",), "remove": ("new",)})],
        ),
        (Resolve(incident=7), Status.OPEN, {}, [(Reopen, {"reason": "", "was": Status.RESOLVED})]),
        (Close(incident=7), Status.OPEN, {}, [(Reopen, {"reason": "", "was": Status.CLOSED})]),
        (
            Close(incident=7),
            Status.RESOLVED,
            {"solved": True},
            [
                (Reopen, {"reason": "", "was": Status.CLOSED}),
                (Resolve, {"solution": "", "cause": "", "again": True}),
            ],
        ),
        (
            Reopen(incident=7),
            Status.RESOLVED,
            {"solved": True},
            [(Resolve, {"solution": "", "cause": "", "again": True, "was": Status.OPEN})],
        ),
        (Reopen(incident=7), Status.CLOSED, {}, [(Close, {"was": Status.OPEN})]),
        (
            Reopen(incident=7),
            Status.CLOSED,
            {"solved": True},
            [(Resolve, {"solution": "", "cause": "", "again": True, "was": Status.OPEN}), (Close, {})],
        ),
        (
            Merge(incident=7, sources=(9, 8, 9)),
            Status.OPEN,
            {},
            [(Unmerge, {"source": 9}), (Unmerge, {"source": 8})],
        ),
        (Unmerge(incident=7, source=9), Status.OPEN, {}, [(Merge, {"sources": (9,)})]),
        (Reply(incident=7, text="x"), Status.OPEN, {}, []),
        (Note(incident=7, text="x"), Status.OPEN, {}, []),
    ],
)
def test_each_command_has_what_undoes_it(request_, status, was, expected):
    assert inverse(request_, status, **was) == expected


def test_what_was_moved_goes_back_and_what_was_split_is_read_with_the_old_again():
    moved = inverse_of(Move(incident=7, interaction=uid("m1"), to=9), Before(seven, Status.OPEN))
    assert [(one.incident, one.to) for one in moved] == [(9, 7)]
    assert inverse(Split(incident=7, interactions=(uid("m1"),), subject="x"), made=12) == [(Merge, {"sources": (12,)})]


async def state(taking, number=1):
    def read(connection):
        (packed,) = connection.execute("SELECT state FROM incident_state WHERE number = %s", (number,)).fetchone()
        return msgspec.msgpack.decode(packed, type=Incident)

    return await taking.hub.database.run(read)


async def test_undoing_puts_back_what_was(taking, commands):
    await taking.take(mail("m1"), mail("m2", "leo@x.cu"))
    await commands.run(Assign(incident=1, to="leo"), by="eva")
    before = await state(taking)
    for request in (
        Assign(incident=1, to="eva"),
        Prioritize(incident=1, priority=Priority.URGENT),
        Tag(incident=1, add=("vip",)),
        Merge(incident=1, sources=(2,)),
        Resolve(incident=1, solution="turned it off and on"),
        Close(incident=1),
    ):
        done = await commands.run(request, by="eva")
        await commands.run(Undo(undo=done.undo), by="eva")
        after = await state(taking)
        assert (after.assignee, after.priority, after.tags, after.status, after.merged_into) == (
            before.assignee,
            before.priority,
            before.tags,
            before.status,
            None,
        ), request
    assert (await state(taking, 2)).merged_into is None


async def test_undoing_a_reopening_resolves_with_the_words_it_had(taking, commands):
    await taking.take(mail("m1"))
    await commands.run(Resolve(incident=1, solution="new cable", cause="a mouse"), by="eva")
    done = await commands.run(Reopen(incident=1), by="leo")
    await commands.run(Undo(undo=done.undo), by="leo")
    words = [fact.personal for fact in taking.facts() if isinstance(fact, IncidentResolved)]
    assert words == [words[0]] * 2
    assert (words[1].solution, words[1].cause) == ("new cable", "a mouse")
    kept = taking.rows("undos")
    assert b"mouse" not in b"".join(row[3] for row in kept)  # no personal data beside the sealed facts


async def test_only_its_maker_can_undo(taking, commands):
    await taking.take(mail("m1"))
    done = await commands.run(Assign(incident=1, to="eva"), by="eva")
    with pytest.raises(NotFoundError):
        await commands.run(Undo(undo=done.undo), by="leo")
    assert (await state(taking)).assignee == "eva"


async def test_two_presses_at_once_undo_once(taking, commands):
    await taking.take(mail("m1"))
    done = await commands.run(Resolve(incident=1), by="eva")
    facts = len(taking.facts())
    await asyncio.gather(*(commands.run(Undo(undo=done.undo), by="eva") for _ in range(5)))
    assert len(taking.facts()) == facts + 1
    await commands.run(Resolve(incident=1), by="eva")
    await commands.run(Undo(undo=done.undo), by="eva")  # a late press of the same button
    assert (await state(taking)).status is Status.RESOLVED


async def test_after_ten_minutes_it_is_too_late(taking, commands):
    await taking.take(mail("m1"))
    done = await commands.run(Assign(incident=1, to="eva"), by="eva")
    with taking.hub.database.transaction() as connection:
        assert undo.offer(connection, done.undo, "eva").seconds_left == pytest.approx(600, abs=30)
        connection.execute("UPDATE undos SET made_at = made_at - %s", (timedelta(minutes=10, seconds=1),))
    with pytest.raises(ConflictError, match="too late"):
        await commands.run(Undo(undo=done.undo), by="eva")
    with taking.hub.database.transaction() as connection:
        assert undo.offer(connection, done.undo, "eva") is None


@pytest.mark.parametrize(
    ("request_", "since"),
    [
        (Assign(incident=1, to="eva"), Assign(incident=1, to="leo")),
        (Prioritize(incident=1, priority=Priority.HIGH), Prioritize(incident=1, priority=Priority.LOW)),
        (Resolve(incident=1), Close(incident=1)),
        (Close(incident=1), Reopen(incident=1)),
        (Merge(incident=1, sources=(2,)), Unmerge(incident=1, source=2)),
    ],
)
async def test_what_somebody_changed_since_is_left_as_it_is(taking, commands, request_, since):
    await taking.take(mail("m1"), mail("m2", "leo@x.cu"))
    done = await commands.run(request_, by="eva")
    await commands.run(since, by="leo")
    facts = len(taking.facts())
    with pytest.raises(ConflictError, match="can't be undone any more"):
        await commands.run(Undo(undo=done.undo), by="eva")
    assert len(taking.facts()) == facts


async def test_what_changed_nothing_offers_nothing_to_undo(taking, commands):
    await taking.take(mail("m1"))
    assert (await commands.run(Assign(incident=1, to=None), by="eva")).undo is None
    assert (await commands.run(Note(incident=1, text="x"), by="eva")).undo is None


async def test_of_several_what_can_still_be_undone_is(taking, commands):
    await taking.take(mail("m1"), mail("m2", "leo@x.cu"))
    for number in (1, 2):
        await commands.run(Assign(incident=number, to="eva"), by="eva")
    with taking.hub.database.transaction() as connection:
        kept = undo.remember(
            connection, "eva", [Assign(incident=number, to=None, was="eva") for number in (1, 2)], "Assign"
        )
        assert undo.offer(connection, kept, "eva").incidents == 2
    await commands.run(Assign(incident=2, to="leo"), by="leo")
    done = await commands.run(Undo(undo=kept), by="eva")
    assert [(each.number, each.detail) for each in done.refused] == [(2, "incident 2 was changed since")]
    assert ((await state(taking, 1)).assignee, (await state(taking, 2)).assignee) == (None, "leo")
