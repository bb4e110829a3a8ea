"""Several held records at once: the chosen ones now, or all that a filter finds as a job with its progress."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import msgspec

from eventstore.log import Log
from schemas.errors import InvalidError, RefusedError
from services import mail_jobs, quarantine
from services.access.desk import Access
from services.mail_jobs import AskedMailJobs, MailJob
from services.quarantine import Asked

AT_ONCE = 200
_ACTIONS = ("release", "reprocess", "discard", "restore")


class Refused(msgspec.Struct, frozen=True):
    """One that stayed as it was, and why."""

    id: UUID
    error: str


class Many(msgspec.Struct, frozen=True):
    """What became of the chosen ones."""

    changed: int
    refused: list[Refused]


async def act(access: Access, log: Log, action: str, held: UUID, *, by: str, reason: str = "") -> None:
    """Release, reprocess, discard or restore one. Raises what that raises."""
    if action == "release":
        await quarantine.release(access, log, held, by=by)
    elif action == "reprocess":
        await quarantine.reprocess(access, log, held, by=by)
    elif action == "discard":
        await access.run(by, quarantine.discard, held, reason)
    elif action == "restore":
        await access.run(by, quarantine.restore, held)
    else:
        raise InvalidError(f"one of {', '.join(_ACTIONS)}", field="do")


async def act_on_many(
    access: Access, log: Log, action: str, chosen: Sequence[UUID], *, by: str, reason: str = ""
) -> Many:
    """Each on its own: who can't is named. Raises InvalidError, LogUnavailableError (the rest stay as they are)."""
    if not 0 < len(chosen) <= AT_ONCE:
        raise InvalidError(f"1 to {AT_ONCE} at once", field="items")
    refused: list[Refused] = []
    for held in dict.fromkeys(chosen):
        try:
            await act(access, log, action, held, by=by, reason=reason)
        except InvalidError:
            raise
        except RefusedError as error:
            refused.append(Refused(held, str(error)))
    return Many(len(set(chosen)) - len(refused), refused)


async def reprocess_all(access: Access, log: Log, jobs: AskedMailJobs, asked: Asked, *, by: str) -> MailJob:
    """All that the filter finds now go on their log again, one after the other. Raises ConflictError, InvalidError.

    What comes back meanwhile is not tried twice.
    """
    chosen = await access.database.run(quarantine.find_ids, asked)
    if not chosen:
        raise InvalidError("nothing of the kind is held")
    about = {"reason": asked.reason, "channel": asked.channel}
    job = await access.database.run(mail_jobs.begin, mail_jobs.REPROCESS, about, len(chosen), by=by)
    jobs.run(job, _each(access, log, chosen, by))
    found = await access.database.run(mail_jobs.newest, mail_jobs.REPROCESS)
    assert found is not None  # noqa: S101 -- it was begun above
    return found


def _each(access: Access, log: Log, chosen: Sequence[UUID], by: str) -> Callable[[UUID], Awaitable[None]]:
    async def work(job: UUID) -> None:
        outcome = {"changed": 0, "refused": 0}
        for done, held in enumerate(chosen, 1):
            try:
                await quarantine.reprocess(access, log, held, by=by)
                outcome["changed"] += 1
            except RefusedError:  # somebody decided about it meanwhile
                outcome["refused"] += 1
            if not await access.database.run(mail_jobs.move, job, done, outcome):
                return

    return work
