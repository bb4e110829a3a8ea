"""Stopwatch requests: load, decide, into the working set. Called by `services/commands.py`. Owns `stopwatches`."""

from __future__ import annotations

from psycopg.rows import class_row

from eventstore.database import Connection
from eventstore.ledger import Cause
from schemas.errors import ConflictError
from schemas.facts.incident import WorkStarted
from services.desk import Desk, Done
from services.incidents import loading
from services.incidents.lookup import find, working
from services.worktime import decide
from services.worktime.decide import Running
from services.worktime.requests import StartWork, WorkRequest


def handle(desk: Desk, request: WorkRequest) -> Done:
    """Decide a request. Raises NotFoundError, InvalidError, ConflictError."""
    running = _running(desk.connection, request.by)
    if running is not None:
        loading.load_incidents(desk.connection, desk.known, [running.incident])
    if isinstance(request, StartWork):
        target = working(desk, request.incident)
        facts = decide.start(running, target.id, request)
    else:
        facts = decide.stop(running, request)
        target = desk.known.incidents[facts[0].incident]
        asked = target if request.incident is None else find(desk, request.incident)
        if desk.known.root(asked.id) != desk.known.root(target.id):
            raise ConflictError(f"your stopwatch does not run for incident {request.incident}", field="incident")
    for fact in facts:
        desk.known.record([fact], Cause(request.id, fact.incident))
        if isinstance(fact, WorkStarted):
            desk.connection.execute(
                "INSERT INTO stopwatches (agent, incident, span, started_at) VALUES (%s, %s, %s, %s)",
                (request.by, fact.incident, fact.span, fact.at),
            )
        else:
            desk.connection.execute("DELETE FROM stopwatches WHERE agent = %s", (request.by,))
    return Done(subject=target.id, number=target.number)


def _running(connection: Connection, agent: str) -> Running | None:
    with connection.cursor(row_factory=class_row(Running)) as reader:
        return reader.execute(
            "SELECT incident, span, started_at FROM stopwatches WHERE agent = %s", (agent,)
        ).fetchone()
