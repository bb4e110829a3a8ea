"""The verbs that change one incident and no other: load what their deciders ask about. Called by handle.py."""

from __future__ import annotations

from typing import TypeAlias, assert_never

from msgspec import UNSET

from schemas.errors import InvalidError
from services.access import teams, users
from services.desk import Desk
from services.drafts import uploads
from services.incidents import decide, loading, regroup, restoring, teamwork
from services.incidents.requests import (
    Assign,
    Close,
    IncidentRequest,
    LinkArticle,
    Note,
    Prioritize,
    Rate,
    Reopen,
    Resolve,
    Restore,
    Snooze,
    Tag,
    UnlinkArticle,
    Wake,
)
from services.incidents.state import Incident, IncidentFact

_Plain: TypeAlias = (
    Note
    | Assign
    | Snooze
    | Wake
    | Prioritize
    | Tag
    | Resolve
    | Close
    | Reopen
    | Restore
    | LinkArticle
    | UnlinkArticle
    | Rate
)


def decide_plain(  # noqa: C901, PLR0911, PLR0912 -- a verb a return
    desk: Desk,
    incident: Incident,
    request: _Plain,
) -> list[IncidentFact]:
    """The facts of a verb that changes one incident and no other."""
    status = desk.known.status(incident.id)
    if _says_something(request):
        loading.load_customers(desk.connection, desk.known, [incident.customer])
        regroup.refuse_erased(desk.known.customers[incident.customer])
    match request:
        case Note():
            return [*decide.note(incident, request), *_beside_note(desk, incident, request)]
        case Assign():
            _refuse_nobody(desk, request)
            facts = decide.assign(incident, status, request)
            return (
                facts
                if request.back is UNSET
                else [*facts, *restoring.stood_again(desk, incident, request.back, request)]
            )
        case Snooze():
            return decide.snooze(incident, status, request)
        case Wake():
            return decide.wake(incident, request)
        case Prioritize():
            return decide.prioritize(incident, status, request)
        case Tag():
            return decide.tag(incident, request)
        case Resolve():
            return decide.resolve(incident, status, request)
        case Close():
            return decide.close(incident, status, request)
        case Reopen():
            return decide.reopen(incident, status, request)
        case Restore():
            return restoring.restore(desk, incident, request)
        case Rate():
            return decide.rate(incident, status, request)
        case LinkArticle():
            return teamwork.link_article(incident, request)
        case UnlinkArticle():
            return teamwork.unlink_article(incident, request)
        case _:
            assert_never(request)


def _refuse_nobody(desk: Desk, request: Assign) -> None:
    """Raise InvalidError for a name that is no agent's, for no team's; an undo may give back to who has left since."""
    if request.was is UNSET and isinstance(request.to, str) and request.to not in users.assignable(desk.connection):
        raise InvalidError(f"no agent is called {request.to}", field="to")
    if request.team_was is UNSET and isinstance(request.team, str) and not teams.exists(desk.connection, request.team):
        raise InvalidError(f"no team is called {request.team}", field="team")


def _says_something(request: IncidentRequest) -> bool:
    """Does it put words about somebody down, that their key must seal?"""
    match request:
        case Note() | Rate():
            return True
        case Resolve():
            return bool(request.solution or request.cause)
        case Reopen():
            return bool(request.reason)
        case _:
            return False


def _beside_note(desk: Desk, incident: Incident, request: Note) -> list[IncidentFact]:
    names = teamwork.called(request.text)
    agents = [name for name in users.assignable(desk.connection) if name in names] if names else []
    files = uploads.claim(desk.connection, request.uploads, by=request.by)
    return teamwork.beside_note(incident, request, agents, files)
