"""What agents do to an incident costs the same however much was said in it: PostgreSQL counts the facts read."""

from __future__ import annotations

import msgspec
import pytest

from eventstore import migrate
from schemas.facts.incident import Status
from schemas.ids import scoped_id
from schemas.interaction import CallSignalKind
from services import undo
from services.calls import handle as calls
from services.calls.requests import ChangeCall
from services.desk import Desk
from services.incidents import handle, loading, lookup
from services.incidents.requests import Move, Reopen, Reply, Resolve, Split, Withdraw
from services.incidents.state import Incident
from services.undo import Undo
from tests.services.incidents.conftest import commands, taking
from tests.services.incidents.world import mail, signal, uid

__all__ = ["commands", "taking"]  # fixtures

SHORT, LONG = 1, 2
"""Numbers of the incidents: of three and of three hundred mails."""
SPARE = 3


@pytest.fixture
async def held(taking, commands):
    """Replies that are held back, by the number of their incident."""
    await taking.take(
        mail("s0"), mail("l0", "leo@x.cu"), mail("spare", "eva@x.cu"), signal("c1", CallSignalKind.STARTED)
    )
    await taking.take(*(mail(f"s{one}", answers=("s0",)) for one in (1, 2)))
    await taking.take(*(mail(f"l{one}", "leo@x.cu", answers=("l0",)) for one in range(1, 300)))
    asked = {number: Reply(incident=number, text="hello", hold_seconds=100) for number in (SHORT, LONG)}
    return {number: (await commands.run(request, by="eva")).interaction for number, request in asked.items()}


def read(taking, commands, decide):
    """How many facts a request read; what it decides is not kept."""
    hub = taking.hub
    with hub.database.transaction() as connection:
        known, _ = loading.begin(connection)
        decide(Desk(connection, hub.ledger, known, commands.rules))
        (rows,) = connection.execute(
            "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'events'"
        ).fetchone()
    return rows


def _seen(desk, number):
    return lookup.find(desk, number).version - 2


_ACTS = {
    "a reply after what was seen": lambda desk, number, _: handle.handle(
        desk, Reply(incident=number, text="x", by="eva", seen_version=_seen(desk, number))
    ),
    "taking a reply back": lambda desk, number, held: handle.handle(
        desk, Withdraw(incident=number, interaction=held[number], by="eva")
    ),
    "moving": lambda desk, number, _: handle.handle(
        desk, Move(incident=number, interaction=uid({SHORT: "s2", LONG: "l200"}[number]), to=SPARE, by="eva")
    ),
    "splitting": lambda desk, number, _: handle.handle(
        desk, Split(incident=number, interactions=(uid({SHORT: "s2", LONG: "l200"}[number]),), subject="x", by="eva")
    ),
    "attaching a call": lambda desk, number, _: calls.handle(
        desk, ChangeCall(call=scoped_id("call", "main", "c1"), incident=number, by="eva")
    ),
}


@pytest.mark.parametrize("act", _ACTS.values(), ids=_ACTS)
async def test_it_reads_as_much_of_a_long_incident_as_of_a_short_one(taking, commands, held, act):
    rows = {}
    for number in (SHORT, LONG):
        rows[number] = read(taking, commands, lambda desk, number=number: act(desk, number, held))
    assert 0 < rows[LONG] <= rows[SHORT] + 10


async def test_undoing_does_too(taking, held, commands):
    found = {}
    for number in (SHORT, LONG):
        await commands.run(Resolve(incident=number, solution="a cable"), by="eva")
        done = await commands.run(Reopen(incident=number), by="eva")
        request = Undo(undo=done.undo, by="eva")
        found[number] = read(taking, commands, lambda desk, request=request: undo.handle(desk, request))
    assert 0 < found[LONG] <= found[SHORT] + 10


async def test_what_was_linked_before_there_was_a_table_of_links_is_in_it(taking, held, commands):
    await commands.run(Move(incident=LONG, interaction=uid("l7"), to=SPARE), by="eva")
    kept = [row[:-1] for row in taking.rows("links")]
    filling = "INSERT" + (migrate.FOLDER / "0019_links.sql").read_text().partition("INSERT")[2]
    with taking.hub.database.transaction() as connection:
        connection.execute("TRUNCATE links")
        connection.execute(filling.encode())
    assert [row[:-1] for row in taking.rows("links")] == kept
    done = await commands.run(Withdraw(incident=LONG, interaction=held[LONG]), by="eva")
    assert done.delivery == "withdrawn"
    (state,) = (row[-1] for row in taking.rows("incident_state") if row[1] == LONG)
    assert msgspec.msgpack.decode(state, type=Incident).status is Status.NEW
