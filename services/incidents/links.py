"""The links of single interactions, and what came after one: few rows, however long the incident. Under the lock."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from eventstore.database import Connection
from eventstore.packed import Uuids
from schemas.facts import Fact, stream_id, stream_of
from schemas.facts.incident import IncidentOpened, InteractionLinked, ProductNamed, Status
from schemas.interaction import Direction
from services.desk import Desk
from services.incidents import leads, loading
from services.incidents.arrival import Key
from services.incidents.indexing import move, part_keys, take_part
from services.incidents.known import Known, Place
from services.incidents.regroup import Links
from services.incidents.state import Incident

_LOOKED_BACK = 200
"""Facts. Whoever has not looked for longer is told of the last of them."""
_OPENING = 3
"""What a customer named the product in is among the first facts."""


def places_of(connection: Connection, known: Known, interactions: Collection[UUID]) -> dict[UUID, Place]:
    """Where these interactions are, as this transaction decided or as it was."""
    wanted = [interaction for interaction in interactions if interaction not in known.changes.links]
    rows: Iterable[tuple[UUID, UUID, int, str]] = connection.execute(
        "SELECT interaction, incident, version, status FROM links WHERE interaction = ANY(%b)",
        (Uuids(wanted),),
        binary=True,
    )
    found = {
        interaction: Place(incident, version, Status(status) if status else None)
        for interaction, incident, version, status in rows
    }
    return found | {one: known.changes.links[one] for one in interactions if one in known.changes.links}


def places_in(desk: Desk, interactions: Collection[UUID], incident: UUID) -> dict[UUID, Place]:
    """Where those of the interactions are that are part of the whole an incident is read as."""
    family = {member.id for member in desk.known.family(incident)}
    found = places_of(desk.connection, desk.known, interactions)
    return {interaction: place for interaction, place in found.items() if place.incident in family}


def links_in(desk: Desk, interactions: Collection[UUID], incident: UUID) -> Links:
    """Their links."""
    found: dict[UUID, InteractionLinked] = {}
    for place in places_in(desk, interactions, incident).values():
        facts = part(desk, place.incident, after=place.version - 1, until=place.version)
        found.update((fact.interaction, fact) for fact in facts if isinstance(fact, InteractionLinked))
    return found


def part(desk: Desk, incident: UUID, *, after: int, until: int | None = None) -> list[Fact]:
    """An incident's facts behind version `after`, up to and with `until`, and with what this transaction decided."""
    stream = stream_id("incident", incident)
    stored = desk.known.versions.get(stream, 0)
    decided = [fact for fact, _ in desk.known.facts if stream_of(fact) == stream]
    kept = desk.ledger.part(desk.connection, stream, after=after, until=until) if after < stored else []
    return [*kept, *decided[max(0, after - stored) : None if until is None else max(0, until - stored)]]


def since(desk: Desk, family: Sequence[Incident], seen_version: int) -> list[Fact]:
    """What was recorded after a version of the first of them: of each the last facts, as far as one looks back."""
    own, *others = family
    seen = part(desk, own.id, after=seen_version - 1, until=seen_version) if seen_version > 0 else []
    seen_at: datetime | None = getattr(seen[0], "at", None) if seen else None
    later = part(desk, own.id, after=max(seen_version, own.version - _LOOKED_BACK))
    for member in others:
        facts = part(desk, member.id, after=max(0, member.version - _LOOKED_BACK))
        later += (fact for fact in facts if seen_at is None or getattr(fact, "at", seen_at) > seen_at)
    return later


def product_of(desk: Desk, incident: UUID) -> str:
    """What the customer said it is about; before it was a fact of its own, the opening said so."""
    for member in desk.known.family(incident):
        for fact in part(desk, member.id, after=0, until=_OPENING):
            if isinstance(fact, ProductNamed) and fact.personal is not None:
                return fact.personal.text
            if isinstance(fact, IncidentOpened) and fact.product:
                return fact.product
    return ""


def follow(desk: Desk, links: Collection[InteractionLinked], incident: UUID, subject: str) -> None:
    """Answers to what was moved go where it went."""
    for link in links:
        leads.load_mails(desk.connection, desk.known, [link.interaction])
        move(link.interaction, incident, desk.known)
        put_part(desk, link, incident, desk.reader.topic(subject))


def put_part(desk: Desk, link: InteractionLinked, incident: UUID, topics: frozenset[Key]) -> None:
    """Whoever spoke there speaks here now."""
    loading.load_owners(desk.connection, desk.known, [link.address])
    owner = desk.known.owners.get(link.address)
    if owner is None or link.automatic is not None or link.direction is Direction.OUT:
        return
    keys = part_keys(owner.customer, topics)
    loading.load_parts(desk.connection, desk.known, keys)
    others = {part.incident for key in keys for part in desk.known.parts.get(key, ())}
    loading.load_incidents(desk.connection, desk.known, others)
    take_part(desk.known, owner.customer, incident, link.proven, topics)


def count(desk: Desk, incident: UUID) -> int:
    """How many interactions the whole has that an incident is read as."""
    return sum(member.links for member in desk.known.family(incident))
