"""Holding a reply for a moment, and taking it back meanwhile: what that needs of the database. Beside handle.py."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from schemas.errors import ConflictError, InvalidError
from schemas.facts import Fact, stream_id, stream_of
from schemas.facts.incident import InteractionLinked, Status
from schemas.facts.interaction import InteractionSent
from schemas.facts.teamwork import ReplyWithdrawn
from schemas.interaction import Channel
from services.deliveries import queue
from services.desk import Desk
from services.drafts import drafts
from services.incidents import links, loading, teamwork
from services.incidents.requests import Withdraw
from services.incidents.state import Incident


def held_until(desk: Desk, seconds: int) -> datetime | None:
    """Until when a reply of now is held; None: not at all. Raises InvalidError."""
    if not 0 <= seconds <= teamwork.HOLD_MAX_SECONDS:
        raise InvalidError(f"a reply is held 0 to {teamwork.HOLD_MAX_SECONDS} seconds", field="hold")
    return _clock(desk) + timedelta(seconds=seconds) if seconds else None


def take_back(desk: Desk, root: Incident, link: InteractionLinked, request: Withdraw) -> list[Fact]:
    """Facts and queue in one transaction: what was taken back was not sent, what was sent can't be taken back.

    The words are a draft again. Raises ConflictError.
    """
    loading.load_versions(desk.connection, desk.known, [stream_id("interaction", link.interaction)])
    sent = _history(desk, link.interaction)
    teamwork.refuse_left(link, sent, _clock(desk))
    facts = teamwork.withdraw(link, *_since(desk, link), request)
    if link.channel is Channel.EMAIL and not queue.withdraw(desk.connection, link.interaction):
        raise ConflictError("it is being sent already", field="interaction")
    _back_to_the_composer(desk, root, sent, by=request.by)
    return facts


def _since(desk: Desk, link: InteractionLinked) -> tuple[Status, list[Fact]]:
    """How the incident stood before a reply that is still held, and its facts since: as old as a hold is long.

    From an earlier reply on, where that was taken back meanwhile: how it stood before this one was its doing.
    """
    place = links.places_of(desk.connection, desk.known, [link.interaction])[link.interaction]
    while place.status is not None:
        since = links.part(desk, place.incident, after=place.version - 1)
        gone = [fact.interaction for fact in since if isinstance(fact, ReplyWithdrawn)]
        earlier = [
            other
            for other in links.places_of(desk.connection, desk.known, gone).values()
            if other.incident == place.incident and other.version < place.version
        ]
        if not earlier:
            return place.status, since
        place = min(earlier, key=lambda other: other.version)
    return Status.NEW, links.part(desk, place.incident, after=0)


def _history(desk: Desk, interaction: UUID) -> list[Fact]:
    """An interaction's facts, and what this transaction decided about it."""
    stream = stream_id("interaction", interaction)
    stored = desk.ledger.load(desk.connection, [stream])[stream].facts
    return [*stored, *(fact for fact, _ in desk.known.facts if stream_of(fact) == stream)]


def _clock(desk: Desk) -> datetime:
    """The database's: whoever sends and whoever takes back go by the same one."""
    row = desk.connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None  # noqa: S101 -- a SELECT without FROM has one row
    now: datetime = row[0]
    return now


def _back_to_the_composer(desk: Desk, incident: Incident, sent: list[Fact], *, by: str) -> None:
    """What was taken back is a draft again, before what was begun since."""
    said = next((fact.personal for fact in sent if isinstance(fact, InteractionSent)), None)
    if said is None:
        return
    keys = desk.ledger.keys
    kept = drafts.load(desk.connection, keys, incident.id, by=by).get(drafts.Kind.REPLY)
    begun = kept.draft if kept is not None else drafts.Draft()
    text = "\n\n".join(filter(None, (said.text, begun.text)))[: drafts.TEXT_MAX_CHARACTERS]
    to = said.recipients[0].address if said.recipients else begun.to
    draft = replace(begun, text=text, to=to)
    try:
        drafts.save(desk.connection, keys, incident.id, incident.address, drafts.Kind.REPLY, draft, by=by)
    except ConflictError:  # erased meanwhile: there is no key to keep it with
        return
