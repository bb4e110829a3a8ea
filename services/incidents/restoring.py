"""An incident stands again as it stood before an act that is undone. Reads few rows, however long it is."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from schemas.errors import ConflictError
from schemas.facts import stream_id
from schemas.facts.incident import IncidentClosed, IncidentResolved, InteractionLinked, Status
from schemas.facts.undone import Decision, IncidentRestored, Standing
from services.desk import Desk
from services.incidents import regroup
from services.incidents.requests import Assign, Back, Restore, Return
from services.incidents.state import Incident, IncidentFact, standing


def restore(desk: Desk, incident: Incident, request: Restore) -> list[IncidentFact]:
    """Raises ConflictError where somebody changed since how it stands."""
    facts = stood_again(desk, incident, request.back, request)
    if not facts:
        raise ConflictError(f"incident {incident.number} was changed since")
    return facts


def stood_again(desk: Desk, incident: Incident, back: Back, request: Assign | Restore | Return) -> list[IncidentFact]:
    """As before; nothing where somebody spoke or decided since."""
    now = standing(incident)
    if not _untouched(now, back):
        return []
    stood = back.stood
    if now.active_at != back.left.active_at:  # a note, say
        stood = replace(stood, active_at=now.active_at)
    if (stood.snoozed, stood.snoozed_until) == (back.left.snoozed, back.left.snoozed_until):  # it was not about that
        stood = replace(stood, snoozed=now.snoozed, snoozed_until=now.snoozed_until)
    stream = stream_id("incident", incident.id)
    resolved = _resolution(desk, stream, stood)
    closed = desk.ledger.last(desk.connection, stream, IncidentClosed) if stood.status is Status.CLOSED else None
    is_over = stood.status in {Status.RESOLVED, Status.CLOSED}
    return [
        IncidentRestored(
            incident=incident.id,
            undone=back.undone,
            undone_at=back.undone_at,
            stood=stood,
            heard=back.heard,
            parted=back.joined,
            resolved_at=resolved.at if resolved is not None and stood.solved and is_over else None,
            closed_at=None if closed is None else closed.at,
            address=None if resolved is None else resolved.address,
            by=request.by,
            at=request.now,
            personal=None if resolved is None else resolved.personal,
        )
    ]


def give_back(links: Sequence[InteractionLinked], targets: Sequence[Incident], request: Return) -> list[IncidentFact]:
    """Each link stands where it stood, with the reason and at the time it had. Pure."""
    return [
        fact
        for link, target, was in zip(links, targets, request.links, strict=True)
        for fact in regroup.moved(link, target.id, by=request.by, at=request.now, reason=was.reason, linked_at=was.at)
    ]


def _untouched(now: Standing, back: Back) -> bool:
    left = back.left
    if back.undone is Decision.ASSIGNED and now.active_at != left.active_at:  # noted since: it stays open
        return False
    return (now.status, now.spoken_at, now.solved) == (left.status, left.spoken_at, left.solved)


def _resolution(desk: Desk, stream: str, stood: Standing) -> IncidentResolved | None:
    if stood.resolution:
        (fact,) = desk.ledger.part(desk.connection, stream, after=stood.resolution - 1, until=stood.resolution)
        return fact if isinstance(fact, IncidentResolved) else None
    # a state kept before it knew the version
    return desk.ledger.last(desk.connection, stream, IncidentResolved) if stood.solved else None
