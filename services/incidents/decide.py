"""What agents may do to an incident: one pure function a verb. `status` is that of the whole it is read as."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import UNSET, UnsetType

from schemas.address import without_addresses
from schemas.errors import ConflictError, InvalidError
from schemas.facts.incident import (
    IncidentAssigned,
    IncidentClosed,
    IncidentNoted,
    IncidentPrioritized,
    IncidentRated,
    IncidentReopened,
    IncidentResolved,
    IncidentSnoozed,
    IncidentTagged,
    IncidentTeamAssigned,
    IncidentWoken,
    Resolution,
    Status,
    Words,
)
from services.incidents.requests import (
    Assign,
    Close,
    Note,
    Prioritize,
    Rate,
    Reopen,
    Resolve,
    Snooze,
    Tag,
    Wake,
)
from services.incidents.state import Incident, IncidentFact

TEXT_MAX_CHARACTERS = 50_000
TAG_MAX_CHARACTERS = 60
TAGS_MAX = 50
SCORES = range(1, 6)
RATING_MAX_CHARACTERS = 2000
NAME_MAX_CHARACTERS = 100
SNOOZE_MAX = timedelta(days=366)


def note(incident: Incident, request: Note) -> list[IncidentFact]:
    """Always possible. Raises InvalidError."""
    words = Words(text=written(request.text, "text"))
    return [
        IncidentNoted(
            incident=incident.id,
            note=request.id,
            address=incident.address,
            by=request.by,
            at=request.now,
            personal=words,
        )
    ]


def assign(incident: Incident, status: Status, request: Assign) -> list[IncidentFact]:
    """Give it to somebody, to a team. Raises InvalidError, ConflictError when closed."""
    refuse_closed(incident, status)
    refuse_changed(incident, request.was, incident.assignee)
    refuse_changed(incident, request.team_was, incident.team)
    to, team = _named(request.to, "to"), _named(request.team, "team")
    if to is UNSET and team is UNSET:
        raise InvalidError("to whom, or to which team?", field="to")
    facts: list[IncidentFact] = []
    if team is not UNSET and team != incident.team:
        facts.append(IncidentTeamAssigned(incident=incident.id, team=team, by=request.by, at=request.now))
    if to is not UNSET and to != incident.assignee:
        facts.append(IncidentAssigned(incident=incident.id, to=to, by=request.by, at=request.now))
    return facts


def snooze(incident: Incident, status: Status, request: Snooze) -> list[IncidentFact]:
    """Out of sight for a while. Raises InvalidError, ConflictError where there is nothing left to do anyway."""
    if status in {Status.RESOLVED, Status.CLOSED}:
        raise ConflictError(f"incident {incident.number} is {status}: there is nothing to snooze")
    refuse_changed(incident, request.was, incident.snoozed_until)
    if request.was is not UNSET and request.until is not None and request.until <= request.now:
        return [IncidentWoken(incident=incident.id, at=request.now)]  # its time came before that was undone
    if request.until is not None and not request.now < request.until <= request.now + SNOOZE_MAX:
        raise InvalidError(f"a time to come, within {SNOOZE_MAX.days} days", field="until")
    if incident.snoozed and incident.snoozed_until == request.until:
        return []
    return [IncidentSnoozed(incident=incident.id, until=request.until, by=request.by, at=request.now)]


def wake(incident: Incident, request: Wake) -> list[IncidentFact]:
    """In sight again, by an agent's word. Raises ConflictError where it was not snoozed."""
    refuse_changed(incident, request.was, incident.snoozed_until)
    if not incident.snoozed:
        raise ConflictError(f"incident {incident.number} is not snoozed")
    return [IncidentWoken(incident=incident.id, by=request.by, at=request.now)]


def wake_due(incident: Incident, now: datetime) -> list[IncidentFact]:
    """In sight again if its time has come; a timer that rings twice, or too late, does nothing."""
    if incident.snoozed_until is None or incident.snoozed_until > now:
        return []
    return [IncidentWoken(incident=incident.id, at=now)]


def prioritize(incident: Incident, status: Status, request: Prioritize) -> list[IncidentFact]:
    """Say how soon. Raises ConflictError when closed."""
    refuse_closed(incident, status)
    refuse_changed(incident, request.was, incident.priority)
    if request.priority is incident.priority:
        return []
    return [IncidentPrioritized(incident=incident.id, priority=request.priority, by=request.by, at=request.now)]


def tag(incident: Incident, request: Tag) -> list[IncidentFact]:
    """Tags on and off; one in both lists goes off. Raises InvalidError."""
    removed = {tag_name(name, "remove") for name in request.remove} & incident.tags
    added = {tag_name(name, "add") for name in request.add} - {tag_name(name, "remove") for name in request.remove}
    added -= incident.tags
    if any(without_addresses(name) != name for name in added):  # tags outlive whoever is erased
        raise InvalidError("a tag names a matter, not a person's address or number", field="add")
    if not added and not removed:
        return []
    if len(incident.tags - removed | added) > TAGS_MAX:
        raise InvalidError(f"at most {TAGS_MAX} tags", field="add")
    return [
        IncidentTagged(
            incident=incident.id,
            added=tuple(sorted(added)),
            removed=tuple(sorted(removed)),
            by=request.by,
            at=request.now,
        )
    ]


def resolve(incident: Incident, status: Status, request: Resolve) -> list[IncidentFact]:
    """Solved. Raises ConflictError."""
    refuse_closed(incident, status)
    if status is Status.RESOLVED:
        raise ConflictError(f"incident {incident.number} is resolved already")
    words = Resolution(solution=stored(request.solution), cause=stored(request.cause))
    return [
        IncidentResolved(incident=incident.id, address=incident.address, by=request.by, at=request.now, personal=words)
    ]


def close(incident: Incident, status: Status, request: Close) -> list[IncidentFact]:
    """Done with, resolved or not. Raises ConflictError when it is so already."""
    refuse_closed(incident, status)
    return [IncidentClosed(incident=incident.id, by=request.by, at=request.now)]


def reopen(incident: Incident, status: Status, request: Reopen) -> list[IncidentFact]:
    """Not done. Raises ConflictError when nobody had said it was."""
    if status not in {Status.RESOLVED, Status.CLOSED}:
        raise ConflictError(f"incident {incident.number} is {status}: there is nothing to reopen")
    words = Words(text=stored(request.reason)) if request.reason else None
    return [
        IncidentReopened(incident=incident.id, address=incident.address, by=request.by, at=request.now, personal=words)
    ]


def rate(incident: Incident, status: Status, request: Rate) -> list[IncidentFact]:
    """How we did, once it is over. Raises ConflictError before, InvalidError for no such score."""
    if status not in {Status.RESOLVED, Status.CLOSED}:
        raise ConflictError(f"incident {incident.number} is {status}: rate it when it is solved")
    if request.score not in SCORES:
        raise InvalidError(f"a score is {SCORES[0]} to {SCORES[-1]}", field="score")
    words = Words(text=stored(request.comment, RATING_MAX_CHARACTERS))
    return [
        IncidentRated(
            incident=incident.id, address=incident.address, score=request.score, at=request.now, personal=words
        )
    ]


def refuse_closed(incident: Incident, status: Status) -> None:
    """Raise ConflictError for what a closed incident doesn't take."""
    if status is Status.CLOSED:
        raise ConflictError(f"incident {incident.number} is closed: reopen it first")


def refuse_changed(incident: Incident, was: object, now: object) -> None:
    """Raise ConflictError where a request asks that something `was` as it is no more."""
    if was is not UNSET and was != now:
        raise ConflictError(f"incident {incident.number} was changed since")


def written(text: str, field: str) -> str:
    """Words that say something and can be stored. Raises InvalidError."""
    if not text.strip():
        raise InvalidError("say something", field=field)
    return stored(text)


def stored(text: str, most: int = TEXT_MAX_CHARACTERS) -> str:
    """Words that can be stored: NUL replaced. Raises InvalidError for too many."""
    if len(text) > most:
        raise InvalidError(f"at most {most} characters")
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _named(name: str | UnsetType | None, field: str) -> str | UnsetType | None:
    if not isinstance(name, str):
        return name
    bare = " ".join(stored(name).split())
    if not bare or len(bare) > NAME_MAX_CHARACTERS:
        raise InvalidError(f"a name of 1 to {NAME_MAX_CHARACTERS} characters, or null for nobody", field=field)
    return bare


def tag_name(name: str, field: str) -> str:
    """A tag as it is stored: small letters, single blanks. Raises InvalidError."""
    folded = " ".join(stored(name).casefold().split())
    if not folded or len(folded) > TAG_MAX_CHARACTERS:
        raise InvalidError(f"a tag has 1 to {TAG_MAX_CHARACTERS} characters", field=field)
    return folded
