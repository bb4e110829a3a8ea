"""Taking back: what undoes each command, once, by whoever gave it, in time, and only what nobody changed since."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from psycopg.rows import dict_row

from projections import channel_report
from schemas.errors import ConflictError, NotFoundError
from schemas.facts.incident import Priority, Status
from schemas.facts.undone import Decision, Standing
from services import undo
from services.customers.requests import ErasePerson
from services.incidents.inverse import inverse_of
from services.incidents.requests import (
    Assign,
    Back,
    Close,
    Merge,
    Move,
    Note,
    Prioritize,
    Reopen,
    Reply,
    Resolve,
    Restore,
    Snooze,
    Split,
    Tag,
    Unmerge,
    Wake,
)
from services.incidents.state import Incident
from services.targets import SetTarget
from services.undo import Undo
from tests.projections.views import fold_all, make_views
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


def inverse(request, after=None, **was):
    before = msgspec.structs.replace(seven, **was)
    found = inverse_of(request, before, msgspec.structs.replace(before, **(after or {})))
    return [(type(one), {name: value for name, value in fields(one).items() if name != "incident"}) for one in found]


def fields(request):
    kept = msgspec.structs.asdict(request)
    return {name: value for name, value in kept.items() if name not in {"by", "now", "id"} and value != msgspec.UNSET}


_LATER = NOON + timedelta(hours=1)
_NINE = {"until": NOON + timedelta(hours=9)}


@pytest.mark.parametrize(
    ("request_", "was", "expected"),
    [
        (Assign(incident=7, to="eva"), {"status": Status.OPEN}, [(Assign, {"to": "leo", "was": "eva"})]),
        (Assign(incident=7, to="eva"), {"assignee": None}, [(Assign, {"to": None, "was": "eva"})]),
        (Assign(incident=7, team="net"), {}, [(Assign, {"team": None, "team_was": "net"})]),
        (Snooze(incident=7, **_NINE), {}, [(Wake, {"was": _NINE["until"]})]),
        (
            Snooze(incident=7, **_NINE),
            {"snoozed": True, "snoozed_until": _LATER},
            [(Snooze, {"until": _LATER, "was": _NINE["until"]})],
        ),
        (Wake(incident=7), {"snoozed": True}, [(Snooze, {"until": None, "was": None})]),
        (
            Prioritize(incident=7, priority=Priority.URGENT),
            {},
            [(Prioritize, {"priority": Priority.NORMAL, "was": Priority.URGENT})],
        ),
        (
            Tag(incident=7, add=(" New", "OLD"), remove=("Both", "none")),
            {},
            [(Tag, {"add": ("both",), "remove": ("new",)})],
        ),
        (Merge(incident=7, sources=(9, 8, 9)), {}, [(Unmerge, {"source": 9}), (Unmerge, {"source": 8})]),
        (Unmerge(incident=7, source=9), {}, [(Merge, {"sources": (9,)})]),
        (Reply(incident=7, text="x"), {}, []),
        (Note(incident=7, text="x"), {}, []),
    ],
)
def test_each_command_has_what_undoes_it(request_, was, expected):
    assert inverse(request_, **was) == expected


@pytest.mark.parametrize(
    ("request_", "undone", "left"),
    [
        (Resolve(incident=7, now=_LATER), Decision.RESOLVED, Status.RESOLVED),
        (Close(incident=7, now=_LATER), Decision.CLOSED, Status.CLOSED),
        (Reopen(incident=7, now=_LATER), Decision.REOPENED, Status.OPEN),
    ],
)
def test_a_decision_is_undone_by_what_stood_before_it(request_, undone, left):
    after = {"status": left, "spoken_at": _LATER, "active_at": _LATER}
    stood = Standing(status=Status.WAITING, spoken_at=NOON, active_at=NOON)
    back = Back(undone=undone, undone_at=_LATER, stood=stood, left=Standing(**after))
    assert inverse(request_, after, status=Status.WAITING) == [(Restore, {"back": back})]


async def state(taking, number=1):
    def read(connection):
        (packed,) = connection.execute("SELECT state FROM incident_state WHERE number = %s", (number,)).fetchone()
        return msgspec.msgpack.decode(packed, type=Incident)

    return await taking.hub.database.run(read)


class Desk:
    """What is undone, and every row that an act may have changed."""

    def __init__(self, taking, commands):
        self.taking, self.commands = taking, commands

    async def targets(self):
        """Clocks run."""
        await self.commands.run(
            SetTarget(priority=Priority.NORMAL, first_response_seconds=3600, resolution_seconds=86_400), by="eva"
        )

    async def do(self, request, by="eva"):
        return await self.commands.run(request, by=by)

    def rows(self, *tables):
        """Of read models and the write side's states, without what counts how often something was changed."""
        database, keys = self.taking.hub.database, self.taking.hub.keys
        make_views(database)
        fold_all(database, keys)
        with database.transaction() as connection:
            found = {
                table: [
                    {name: value for name, value in row.items() if name not in _MOVES_ON}
                    for row in connection.cursor(row_factory=dict_row).execute(statement).fetchall()
                ]
                for table, statement in _ROWS.items()
                if not tables or table in tables
            }
        return found | ({} if tables else {"states": self._states()})

    def _states(self):
        with self.taking.hub.database.transaction() as connection:
            rows = connection.execute("SELECT state FROM incident_state ORDER BY number").fetchall()
        states = [msgspec.msgpack.decode(packed, type=Incident) for (packed,) in rows]
        return [msgspec.structs.replace(one, version=0, active_at=NOON, apart=frozenset()) for one in states]


_MOVES_ON = {"version", "updated_at", "family_updated_at", "resumed_at", "position"}
_ROWS = {
    "incidents": "SELECT * FROM incidents.incidents ORDER BY number",
    "participants": "SELECT incident, text FROM incidents.incident_participants WHERE text <> '' ORDER BY 1, 2",
    "lines": "SELECT id, incident, reason, thread FROM timeline.entries WHERE kind = 'interaction' ORDER BY id",
    "durations": "SELECT * FROM channel_report.report_incidents ORDER BY incident",
    "solutions": "SELECT * FROM casework.solutions ORDER BY incident",
    "threads": "SELECT key, coalesce(links.incident, threads.incident) FROM threads"
    " LEFT JOIN links USING (interaction) ORDER BY key",
    "snoozes": "SELECT * FROM snoozes ORDER BY incident",
}
_TOMORROW = datetime.now(UTC) + timedelta(days=1)


async def _new(desk):
    pass


async def _waiting(desk):
    await desk.do(Reply(incident=1, text="Which version?"))


async def _snoozed(desk):
    await desk.do(Assign(incident=1, to="leo"))
    await desk.do(Snooze(incident=1, until=_TOMORROW))


async def _resolved(desk):
    await desk.do(Reply(incident=1, text="Which version?"))
    await desk.do(Resolve(incident=1, solution="a new cable", cause="a mouse"))


async def _closed(desk):
    await desk.do(Close(incident=1))


async def _solved_and_closed(desk):
    await _resolved(desk)
    await desk.do(Close(incident=1))


async def _solved_once(desk):
    await _resolved(desk)
    await desk.do(Reopen(incident=1, reason="not yet"), by="leo")


_OPEN_ACTS = {
    "assign": Assign(incident=1, to="pedro"),
    "team": Assign(incident=1, team="net"),
    "snooze": Snooze(incident=1, until=_TOMORROW + timedelta(days=1)),
    "prioritize": Prioritize(incident=1, priority=Priority.URGENT),
    "tag": Tag(incident=1, add=("vip",)),
    "merge": Merge(incident=1, sources=(2,)),
    "resolve": Resolve(incident=1, solution="turned it off and on"),
    "close": Close(incident=1),
    "move": Move(incident=1, interaction=uid("m3"), to=2),
}
_CASES = {
    **{before: list(_OPEN_ACTS.values()) for before in (_new, _waiting, _solved_once)},
    _snoozed: [Wake(incident=1), *_OPEN_ACTS.values()],
    _resolved: [Reopen(incident=1, reason="not yet"), Close(incident=1)],
    _closed: [Reopen(incident=1)],
    _solved_and_closed: [Reopen(incident=1)],
}


@pytest.mark.parametrize(("before", "acts"), _CASES.items(), ids=[before.__name__ for before in _CASES])
async def test_undone_everything_stands_as_it_stood(taking, commands, before, acts):
    desk = Desk(taking, commands)
    await desk.targets()
    await taking.take(mail("m1"), mail("m2", "leo@x.cu"), mail("m3", answers=("m1",)))
    await before(desk)
    stood = desk.rows()
    for act in acts:
        done = await desk.do(act)
        assert desk.rows() != stood, act
        await desk.do(Undo(undo=done.undo))
        assert _read_as(desk.rows()) == _read_as(stood), act


async def test_an_undone_split_leaves_a_number_that_leads_to_where_it_came_from(taking, commands):
    desk = Desk(taking, commands)
    await taking.take(mail("m1"), mail("m2", answers=("m1",)))
    await _waiting(desk)
    stood = desk.rows()
    done = await desk.do(Split(incident=1, interactions=(uid("m2"),), subject="Another matter"))
    assert desk.rows("lines") != {"lines": stood["lines"]}
    await desk.do(Undo(undo=done.undo))
    now = desk.rows()
    was, made = now["incidents"]
    assert (made["merged_into"], made["status"], made["links"]) == (was["id"], "new", {})
    assert (was["family_status"], now["lines"], now["threads"]) == ("waiting", stood["lines"], stood["threads"])
    assert now["states"][0] == stood["states"][0]
    await taking.take(mail("m3", answers=("m2",)))  # an answer finds it as ever
    assert [row["links"] for row in desk.rows("incidents")["incidents"]] == [{"email": 4}, {}]


def _read_as(rows):
    """The clock's time left: a stop may be counted as begun later, and what was before it as stopped already."""

    def left(row):
        since, seconds, due = row["paused_at"], row["paused_seconds"], row["resolution_due_at"]
        if since is None:
            return row
        allowed = None if due is None else due - since
        return row | {
            "paused_at": since - timedelta(seconds=seconds),
            "paused_seconds": 0,
            "resolution_due_at": allowed,
        }

    return rows | {"incidents": [left(row) for row in rows["incidents"]]}


async def test_what_a_reply_or_a_note_said_since_stays_said(taking, commands):
    await taking.take(mail("m1"))
    desk = Desk(taking, commands)
    assigned = await desk.do(Assign(incident=1, to="eva"))
    await desk.do(Note(incident=1, text="x"), by="leo")
    await desk.do(Undo(undo=assigned.undo))
    now = await state(taking)
    assert (now.assignee, now.status) == (None, Status.OPEN)
    resolved = await desk.do(Resolve(incident=1))
    await taking.take(mail("m2", answers=("m1",)))
    with pytest.raises(ConflictError):
        await desk.do(Undo(undo=resolved.undo))


async def test_reports_do_not_count_what_was_undone(taking, commands):
    desk = Desk(taking, commands)
    await taking.take(mail("m1"))
    await desk.do(Undo(undo=(await desk.do(Resolve(incident=1))).undo))
    await desk.do(Resolve(incident=1))
    await desk.do(Undo(undo=(await desk.do(Reopen(incident=1))).undo))
    desk.rows()
    since = datetime.now(UTC) - timedelta(days=1)
    with taking.hub.database.transaction() as connection:
        (row,) = channel_report.read(connection, since=since, until=since + timedelta(days=2), by=()).rows
    assert (row["resolved"], row["reopened"]) == (1, 0)


async def test_undoing_holds_no_words_beside_the_sealed_facts_and_none_of_the_erased(taking, commands):
    desk = Desk(taking, commands)
    await taking.take(mail("m1"))
    await desk.do(Resolve(incident=1, solution="new cable", cause="a mouse"))
    done = await desk.do(Reopen(incident=1), by="leo")
    kept = taking.rows("undos")
    assert b"mouse" not in b"".join(row[3] for row in kept)
    await desk.do(ErasePerson(customer=(await state(taking)).customer))
    await desk.do(Undo(undo=done.undo), by="leo")
    (incident,) = desk.rows("incidents")["incidents"]
    assert (incident["status"], incident["solution"], incident["cause"]) == ("resolved", "", "")


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
