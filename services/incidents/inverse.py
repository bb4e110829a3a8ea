"""What would undo a command: more requests, from how things were before. Pure; kept by `services/undo.py`."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import UNSET

from schemas.facts.incident import Status
from services.incidents.decide import tag_name
from services.incidents.requests import (
    Assign,
    Close,
    IncidentRequest,
    LinkArticle,
    Merge,
    Move,
    Note,
    Prioritize,
    Rate,
    Reopen,
    Reply,
    Resolve,
    Snooze,
    Split,
    Tag,
    UnlinkArticle,
    Unmerge,
    Wake,
    Withdraw,
)
from services.incidents.state import Incident


class Before(msgspec.Struct, frozen=True):
    """An incident just before a command. `status`: of the whole that it is read as."""

    incident: Incident
    status: Status


def inverse_of(  # noqa: C901, PLR0911, PLR0912 -- a table, a row a request
    request: IncidentRequest, before: Before, made: int | None = None
) -> list[IncidentRequest]:
    """What undoes it, in order; nothing for what stays said. `made`: the number of the incident that a split made.

    Each asks that things are as the request left them (`was`), or is refused by its own rules when they are not.
    """
    incident, number = before.incident, before.incident.number
    match request:
        case Assign():
            to = UNSET if request.to is UNSET else incident.assignee
            team = UNSET if request.team is UNSET else incident.team
            return [Assign(incident=number, to=to, team=team, was=request.to, team_was=request.team)]
        case Snooze() if incident.snoozed:
            return [Snooze(incident=number, until=incident.snoozed_until)]
        case Snooze():
            return [Wake(incident=number, was=request.until)]
        case Wake():
            return [Snooze(incident=number, until=incident.snoozed_until)]
        case Prioritize():
            return [Prioritize(incident=number, priority=incident.priority, was=request.priority)]
        case Tag():
            put_on = tuple(tag for tag in _names(request.add) if tag not in incident.tags)
            taken_off = tuple(tag for tag in _names(request.remove) if tag in incident.tags)
            return [Tag(incident=number, add=taken_off, remove=put_on)]
        case Resolve():
            return [Reopen(incident=number, was=Status.RESOLVED)]
        case Close() if before.status is Status.RESOLVED:
            return [Reopen(incident=number, was=Status.CLOSED), Resolve(incident=number, again=True)]
        case Close():
            return [Reopen(incident=number, was=Status.CLOSED)]
        case Reopen() if before.status is Status.CLOSED and not incident.solved:
            return [Close(incident=number, was=Status.OPEN)]
        case Reopen():
            solved = Resolve(incident=number, again=True, was=Status.OPEN)
            return [solved, Close(incident=number)] if before.status is Status.CLOSED else [solved]
        case Merge():
            return [Unmerge(incident=number, source=source) for source in dict.fromkeys(request.sources)]
        case Unmerge():
            return [Merge(incident=number, sources=(request.source,))]
        case Move():
            return [Move(incident=request.to, interaction=request.interaction, to=number)]
        case Split() if made is not None:
            # read as part of the old one again: answers to what was cut out keep their way
            return [Merge(incident=number, sources=(made,))]
        case LinkArticle():
            return [UnlinkArticle(incident=number, article=request.article)]
        case UnlinkArticle():
            return [LinkArticle(incident=number, article=request.article)]
        case Split() | Reply() | Note() | Withdraw() | Rate():
            return []


def _names(tags: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(tag_name(tag, "add") for tag in tags))
