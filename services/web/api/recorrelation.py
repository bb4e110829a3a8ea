"""Stored mail decided again, over the API: asked for by an administrator; progress and findings for analysts too."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import msgspec
from starlette.responses import Response

from eventstore.database import Connection
from services import mail_jobs
from services.mail_jobs import MailJob
from services.recorrelation import work
from services.recorrelation.proposals import Proposal
from services.web.api.shapes import Body, Caller, answers, json
from services.web.parts import Parts
from services.web.routing import Router


class Recorrelation(msgspec.Struct, frozen=True):
    """The last one, and what it found (at most 2,000). `job` None: there was none."""

    job: MailJob | None
    items: list[Proposal]


class RecorrelationIn(Body):
    """`dry_run`: show what would move, change nothing."""

    dry_run: bool = True


def router(parts: Parts) -> Router:
    """`/api/v1/recorrelation`."""
    routes = Router(prefix="/api/v1/recorrelation", tags=["incidents"])

    @routes.get("", responses=answers(Recorrelation))
    async def show() -> Response:
        """How far it is, and what it found."""
        return json(await parts.hub.database.run(last))

    @routes.post("", status_code=202, responses=answers(Recorrelation, 202))
    async def ask(body: RecorrelationIn, who: Caller) -> Response:
        """Decide stored mail again by today's parser and rules."""
        await start(parts, dry_run=body.dry_run, by=who.name)
        return json(await parts.hub.database.run(last), 202)

    return routes


async def start(parts: Parts, *, dry_run: bool, by: str) -> None:
    """Begin one, in this process. Raises ConflictError while another runs."""
    job = await work.begin(parts.hub, dry_run=dry_run, by=by)

    async def run(_: object) -> None:
        await work.run(parts.hub, job, dry_run=dry_run)

    parts.mail_jobs.run(job, run)


def last(connection: Connection) -> Recorrelation:
    """The last one, whoever asked for it."""
    job = mail_jobs.newest(connection, mail_jobs.RECORRELATE)
    return Recorrelation(job, work.found(connection, job.id) if job is not None else [])
