"""A re-correlation as a whole: look, and where asked mend, with its progress in `mail_jobs`. For the CLI and the API.

Nothing is decided twice: killed anywhere, the next run finds what is left. What it mends are an agent's own commands
(merge, move, split), done as `recorrelate`, refused where something changed meanwhile, undone by the same buttons.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

import msgspec
import structlog

from eventstore import store
from eventstore.database import Connection
from schemas.errors import RefusedError
from services import mail_jobs
from services.commands import Commands
from services.incidents.arrival import Reader
from services.incidents.requests import Merge, Move, Split
from services.parser import pool_of
from services.recorrelation import again
from services.recorrelation.proposals import Proposal, propose
from services.recorrelation.replay import RECORRELATE, Replay
from services.wiring import Hub

_STEP = 50  # mails between two words about the progress
_FOUND_MAX = 2_000  # kept with the job; the file of the CLI has all

log = structlog.get_logger()

Advance = Callable[[int, int], None]
"""(done, total): mails parsed again."""


class Findings(msgspec.Struct, frozen=True):
    """`mails` were decided again; `erased` are left out, `unreadable` stayed as recorded."""

    mails: int
    erased: int
    unreadable: int
    proposals: list[Proposal]


async def look(hub: Hub, advance: Advance = lambda _done, _total: None) -> Findings:
    """What would move. Changes nothing."""
    until = await hub.database.run(store.last_position)
    mails, erased = await hub.database.run(again.kept, hub.keys, until)
    pool = pool_of(hub)
    done = 0

    def step() -> None:
        nonlocal done
        done += 1
        advance(done, len(mails))

    try:
        found = await again.parse(mails, hub.blobs, pool, step)
    finally:
        await pool.close()
    window = timedelta(hours=hub.settings.correlation_hours)
    reopen = timedelta(days=hub.settings.reopen_days)
    replay = Replay(Reader(hub.secret), window, found.parsed, reopen)
    proposals = await hub.database.run(_replayed, replay, hub, until)
    return Findings(len(found.parsed), erased, found.unreadable, proposals)


async def mend(hub: Hub, proposals: Sequence[Proposal]) -> list[Proposal]:
    """Do them in their order; returns them all, with why some were left."""
    commands = Commands(hub.database, hub.ledger, hub.blobs, secret=hub.secret)
    serving = asyncio.create_task(commands.serve(), name="recorrelation-commands")
    try:
        return [await _mended(commands, each) for each in proposals]
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def begin(hub: Hub, *, dry_run: bool, by: str) -> UUID:
    """The job of one. Raises ConflictError while another runs."""
    asked = {"dry_run": "yes" if dry_run else "no"}
    return await hub.database.run(mail_jobs.begin, mail_jobs.RECORRELATE, asked, 0, by=by)


async def run(hub: Hub, job: UUID, *, dry_run: bool, advance: Advance = lambda _done, _total: None) -> Findings:
    """Look, mend unless it is a dry run, and keep what came of it with the job."""
    loop = asyncio.get_running_loop()
    steps: set[asyncio.Task[bool]] = set()

    def told(done: int, total: int) -> None:
        advance(done, total)
        if done % _STEP == 0 or done == total:
            task = loop.create_task(hub.database.run(mail_jobs.move, job, done, {}, total=total))
            steps.add(task)
            task.add_done_callback(steps.discard)

    async with mail_jobs.beating(hub.database, job):
        findings = await look(hub, told)
        if steps:
            await asyncio.wait(steps)
        if not dry_run:
            findings = msgspec.structs.replace(findings, proposals=await mend(hub, findings.proposals))
    await hub.database.run(_keep, job, findings)
    log.info("recorrelation_ended", mails=findings.mails, proposals=len(findings.proposals), dry_run=dry_run)
    return findings


def found(connection: Connection, job: UUID) -> list[Proposal]:
    """What a job found, the first ones."""
    return msgspec.convert(mail_jobs.found(connection, job), list[Proposal])


def _replayed(connection: Connection, replay: Replay, hub: Hub, until: int) -> list[Proposal]:
    replay.run(connection, hub.keys, until)
    return propose(replay)


async def _mended(commands: Commands, proposal: Proposal) -> Proposal:
    if proposal.left:
        return proposal
    try:
        await commands.run(_request(proposal), by=RECORRELATE)
    except RefusedError as error:
        return msgspec.structs.replace(proposal, left=str(error))
    return proposal


def _request(proposal: Proposal) -> Merge | Move | Split:
    if proposal.kind == "merge":
        return Merge(incident=proposal.to, sources=(proposal.origin,))
    if proposal.kind == "split":
        subject = proposal.subject or "-"
        return Split(incident=proposal.origin, interactions=(proposal.interaction,), subject=subject)
    return Move(incident=proposal.origin, interaction=proposal.interaction, to=proposal.to)


def _keep(connection: Connection, job: UUID, findings: Findings) -> None:
    counted = Counter("left" if each.left else each.kind for each in findings.proposals)
    outcome = {"mails": findings.mails, "erased": findings.erased, "unreadable": findings.unreadable, **counted}
    mail_jobs.move(connection, job, findings.mails, outcome)
    kept = msgspec.to_builtins(
        [msgspec.structs.replace(each, subject="") for each in findings.proposals[:_FOUND_MAX]], str_keys=True
    )
    mail_jobs.keep(connection, job, kept)
