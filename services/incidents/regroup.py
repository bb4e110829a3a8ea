"""What agents change in the grouping: merge, un-merge, split, move. Pure; each can be undone by another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from msgspec.structs import replace

from schemas.errors import ConflictError, InvalidError, NotFoundError
from schemas.facts.incident import (
    IncidentMerged,
    IncidentOpened,
    IncidentTeamAssigned,
    IncidentUnmerged,
    InteractionLinked,
    InteractionUnlinked,
    ParticipantAdded,
    ProductNamed,
    Reason,
    Subject,
    Words,
)
from schemas.interaction import Direction
from services.customers.state import Customer
from services.incidents.decide import written
from services.incidents.requests import Merge, Move, Split, Unmerge
from services.incidents.state import Incident, IncidentFact

Links = Mapping[UUID, InteractionLinked]
"""Interaction → its link, wherever in the whole it is: of those that are asked about."""


def merge(target: Incident, sources: Sequence[Incident], request: Merge) -> list[IncidentFact]:
    """The sources are read as part of the target. Raises ConflictError, InvalidError."""
    if not sources:
        raise InvalidError("which incidents?", field="from")
    for source in sources:
        if source.id == target.id:
            raise InvalidError("an incident can't be merged with itself", field="from")
        if source.merged_into is not None:
            raise ConflictError(f"incident {source.number} is merged already", field="from")
    return [
        IncidentMerged(incident=source.id, into=target.id, by=request.by, at=request.now)
        for source in {source.id: source for source in sources}.values()
    ]


def unmerge(target: Incident, source: Incident, request: Unmerge) -> list[IncidentFact]:
    """It stands alone again, with what it had merged itself. Raises ConflictError."""
    if source.merged_into != target.id:
        raise ConflictError(f"incident {source.number} is not merged into {target.number}", field="from")
    return [IncidentUnmerged(incident=source.id, out_of=target.id, by=request.by, at=request.now)]


def chosen(links: Links, interactions: Sequence[UUID], *, all_of: int) -> list[InteractionLinked]:
    """What shall be split off, the oldest first. `all_of`: how many there are. Raises InvalidError, NotFoundError."""
    found = [_link(links, interaction) for interaction in dict.fromkeys(interactions)]
    if not found:
        raise InvalidError("which interactions?", field="interactions")
    if len(found) == all_of:
        raise InvalidError("an incident keeps at least one interaction", field="interactions")
    return sorted(found, key=lambda link: link.at)


def split(
    whole: Incident,
    chosen: Sequence[InteractionLinked],
    customers: Mapping[UUID, UUID],
    written_as: Mapping[UUID, str],
    request: Split,
    number: int,
    product: str = "",
) -> list[IncidentFact]:
    """Some interactions become an incident of their own, of whoever wrote the first of them.

    `customers`: address → customer; `written_as`: address → as written. Raises InvalidError.
    """
    first = next((link for link in chosen if link.direction is Direction.IN), chosen[0])
    facts: list[IncidentFact] = [
        IncidentOpened(
            incident=request.id,
            number=number,
            customer=customers.get(first.address, whole.customer),
            address=first.address,
            proven=first.proven,
            channel=first.channel,
            language=whole.language,
            split_from=whole.id,
            at=request.now,
            personal=Subject(subject=written(request.subject, "subject")),
        )
    ]
    if product:
        words = Words(text=product)
        facts.append(ProductNamed(incident=request.id, address=first.address, at=request.now, personal=words))
    if whole.team is not None:  # a closed team's stays with it
        facts.append(IncidentTeamAssigned(incident=request.id, team=whole.team, by=request.by, at=request.now))
    facts += _participants(request.id, frozenset(), chosen, written_as, request.now)
    for link in chosen:
        facts += moved(link, request.id, by=request.by, at=request.now)
    return facts


def move(target: Incident, links: Links, written_as: Mapping[UUID, str], request: Move) -> list[IncidentFact]:
    """One interaction goes to another incident. Raises ConflictError, NotFoundError."""
    link = _link(links, request.interaction)
    if link.incident == target.id:
        raise ConflictError(f"it is in incident {target.number} already", field="to")
    return [
        *_participants(target.id, target.participants, [link], written_as, request.now),
        *moved(link, target.id, by=request.by, at=request.now),
    ]


def refuse_merged(incident: Incident, root: Incident) -> None:
    """Raise ConflictError for an incident that is read as part of another: work is done there."""
    if incident.id != root.id:
        raise ConflictError(f"incident {incident.number} is merged into {root.number}")


def refuse_erased(customer: Customer) -> None:
    """Raise ConflictError for words about an erased person: there is no key to keep them with."""
    if customer.erased:
        raise ConflictError("this person was erased: nothing can be written about them")


def _link(links: Links, interaction: UUID) -> InteractionLinked:
    link = links.get(interaction)
    if link is None:
        raise NotFoundError("no such interaction in this incident", field="interactions")
    return link


def moved(
    link: InteractionLinked,
    to: UUID,
    *,
    by: str,
    at: datetime,
    reason: Reason = Reason.AGENT,
    linked_at: datetime | None = None,
) -> list[IncidentFact]:
    """A link stands elsewhere now; `linked_at`: as if since then."""
    return [
        InteractionUnlinked(incident=link.incident, interaction=link.interaction, to=to, by=by, at=at),
        replace(link, incident=to, reason=reason, by=by, at=linked_at or at),
    ]


def _participants(
    incident: UUID,
    there: frozenset[UUID],
    links: Sequence[InteractionLinked],
    written_as: Mapping[UUID, str],
    at: datetime,
) -> list[IncidentFact]:
    people = dict.fromkeys(link.address for link in links if link.automatic is None)
    return [
        ParticipantAdded(incident=incident, address=address, at=at, personal=Words(text=written_as.get(address, "")))
        for address in people
        if address not in there
    ]
