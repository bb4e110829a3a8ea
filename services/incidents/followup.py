"""Where a conversation goes on whose incident was closed long ago: in a follow-up of its own. Pure; for correlation.py.

Not by reopening it: what was closed for weeks is counted and forgotten. The two name each other; one key merges them.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from schemas.facts.incident import Status
from schemas.interaction import Channel, Direction
from services.incidents.arrival import Arrival
from services.incidents.known import Known

_CHANNELS = {Channel.EMAIL, Channel.FORM}


def is_answer(arrival: Arrival) -> bool:
    """Could it ask for a follow-up? What nobody wrote attaches where it belongs, however old that is."""
    return arrival.automatic is None and arrival.direction is Direction.IN and arrival.item.channel in _CHANNELS


def is_past(incident: UUID, known: Known, *, oldest: datetime) -> bool:
    """Was the whole closed, and nothing done in it since before `oldest`?"""
    if known.incidents[incident].active_at >= oldest:  # as mostly
        return False
    whole = known.family(incident)
    return max(member.active_at for member in whole) < oldest and known.status(incident) is Status.CLOSED


def goes_on(incident: UUID, known: Known, *, oldest: datetime) -> UUID | None:
    """It itself, the latest follow-up that isn't past, or None: a new one is due."""
    seen: set[UUID] = set()
    while is_past(incident, known, oldest=oldest):
        seen |= {member.id for member in known.family(incident)}
        later = (member.followed_by for member in known.family(incident))
        incident_then = next((one for one in later if one in known.incidents and one not in seen), None)
        if incident_then is None:
            return None
        incident = incident_then
    return incident
