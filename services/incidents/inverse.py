"""What would undo a command: more requests, from how things were before. Pure; kept by `services/undo.py`.

What undoes a move or a split needs the links: `handle.py` says it, by `returning`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import UNSET

from schemas.facts.incident import InteractionLinked
from schemas.facts.undone import Decision
from services.incidents.decide import tag_name
from services.incidents.requests import (
    Assign,
    Back,
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
    Restore,
    Return,
    Returned,
    Snooze,
    Split,
    Tag,
    UnlinkArticle,
    Unmerge,
    Wake,
    Withdraw,
)
from services.incidents.state import Incident, standing


def inverse_of(  # noqa: C901, PLR0911, PLR0912 -- a table, a row a request
    request: IncidentRequest, before: Incident, after: Incident
) -> list[IncidentRequest]:
    """What undoes it, in order; nothing for what stays said. The incident just before and just after it.

    Each asks that things are as the request left them, or is refused by its own rules when they are not.
    """
    number = before.number
    match request:
        case Assign():
            to = UNSET if request.to is UNSET else before.assignee
            team = UNSET if request.team is UNSET else before.team
            back = UNSET if after.status is before.status else back_of(Decision.ASSIGNED, request.now, before, after)
            return [Assign(incident=number, to=to, team=team, was=request.to, team_was=request.team, back=back)]
        case Snooze() if before.snoozed:
            return [Snooze(incident=number, until=before.snoozed_until, was=request.until)]
        case Snooze():
            return [Wake(incident=number, was=request.until)]
        case Wake():
            return [Snooze(incident=number, until=before.snoozed_until, was=None)]
        case Prioritize():
            return [Prioritize(incident=number, priority=before.priority, was=request.priority)]
        case Tag():
            put_on = tuple(tag for tag in _names(request.add) if tag not in before.tags)
            taken_off = tuple(tag for tag in _names(request.remove) if tag in before.tags)
            return [Tag(incident=number, add=taken_off, remove=put_on)]
        case Resolve():
            return [Restore(incident=number, back=back_of(Decision.RESOLVED, request.now, before, after))]
        case Close():
            return [Restore(incident=number, back=back_of(Decision.CLOSED, request.now, before, after))]
        case Reopen():
            return [Restore(incident=number, back=back_of(Decision.REOPENED, request.now, before, after))]
        case Merge():
            return [Unmerge(incident=number, source=source) for source in dict.fromkeys(request.sources)]
        case Unmerge():
            return [Merge(incident=number, sources=(request.source,))]
        case LinkArticle():
            return [UnlinkArticle(incident=number, article=request.article)]
        case UnlinkArticle():
            return [LinkArticle(incident=number, article=request.article)]
        case Move() | Split() | Return() | Restore() | Reply() | Note() | Withdraw() | Rate():
            return []


def back_of(undone: Decision, at: datetime, before: Incident, after: Incident) -> Back:
    """How it stood, and how it was left."""
    return Back(
        undone=undone,
        undone_at=at,
        stood=standing(before),
        left=standing(after),
        heard=None if after.voices == before.voices else before.voices,
        joined=tuple(sorted(after.participants - before.participants)),
    )


def returning(
    request: Move | Split,
    links: Sequence[InteractionLinked],
    before: Sequence[Incident],
    after: Sequence[Incident],
) -> Return:
    """What undoes a move or a split of these links. Of each incident concerned, just before and just after.

    The last of them is where the links went. One that a split made is read as part of the old one again: answers to
    what was cut out keep their way; what stands there doesn't count.
    """
    undone = Decision.MOVED if isinstance(request, Move) else Decision.SPLIT
    numbers = {incident.id: incident.number for incident in before}
    return Return(
        incident=after[-1].number,
        links=tuple(
            Returned(interaction=link.interaction, to=numbers[link.incident], reason=link.reason, at=link.at)
            for link in links
        ),
        backs=tuple(
            (was.number, back_of(undone, request.now, was, now)) for was, now in zip(before, after, strict=True)
        ),
        merge=request.incident if isinstance(request, Split) else None,
    )


def _names(tags: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(tag_name(tag, "add") for tag in tags))
