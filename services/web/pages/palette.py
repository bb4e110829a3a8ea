"""`GET /agent/palette`: what the command palette finds while one types: whom, what, where to, and what to do."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import article_search, customers, incidents, organizations
from projections.articles import AGENT
from projections.likeness import folded
from services import searches
from services.access.identity import Identity
from services.web.guard import caller
from services.web.pages.screen import Screen
from services.web.pages.words import PLACE
from services.web.parts import Parts
from services.web.routing import Router

_FOUND_MAX = 6
_SHORTEST = 2  # letters: fewer find everything


@dataclass(frozen=True, slots=True)
class Place:
    """A page, or something one can begin. `rule`: who may, in services/access/policy.py."""

    rule: str
    href: str
    icon: str
    dialog: bool = False


PLACES = {
    "call": Place("GET /agent/calls/new", "/agent/calls/new", "call_out", dialog=True),
    "in_person": Place("GET /agent/in-person", "/agent/in-person", "in_person"),
    "mine": Place("GET /agent", "/agent?view=mine", "inbox"),
    "unassigned": Place("GET /agent", "/agent?view=unassigned", "inbox"),
    "breaching": Place("GET /agent", "/agent?view=breaching", "timer"),
    "waiting": Place("GET /agent", "/agent?view=waiting", "pause"),
    "snoozed": Place("GET /agent", "/agent?view=snoozed", "snooze"),
    "incidents": Place("GET /agent", "/agent", "inbox"),
    "chats": Place("GET /agent/chats", "/agent/chats", "chat"),
    "calls": Place("GET /agent/calls", "/agent/calls", "phone"),
    "work": Place("GET /agent/work", "/agent/work", "work"),
    "customers": Place("GET /agent/customers", "/agent/customers", "people"),
    "organizations": Place("GET /agent/organizations", "/agent/organizations", "building"),
    "knowledge": Place("GET /knowledge", "/knowledge", "article"),
    "searches": Place("GET /agent/searches", "/agent/searches", "save"),
    "canned": Place("GET /agent/canned", "/agent/canned", "quote"),
    "quarantine": Place("GET /agent/quarantine", "/agent/quarantine", "shield"),
    "reports": Place("GET /reports/{name}", "/reports/channel_report", "chart"),
    "users": Place("GET /admin/users", "/admin/users", "user_plus"),
    "teams": Place("GET /admin/teams", "/admin/teams", "team"),
    "targets": Place("GET /admin/targets", "/admin/targets", "target"),
    "account": Place("GET /account", "/account", "settings"),
    "help": Place("GET /", "/", "help"),
}


def router(parts: Parts, screen: Screen) -> Router:
    """One fragment."""
    routes = Router(include_in_schema=False)

    @routes.get("/agent/palette")
    async def palette(request: Request, q: Annotated[str, Query(max_length=200)] = "") -> Response:
        asked = one_line(q)
        places = {
            name: place
            for name, place in PLACES.items()
            if all(word in folded(screen.say(request, PLACE[name])) for word in folded(asked).split())
        }
        found = await parts.hub.database.run(_found, asked, screen.language(request), caller(request))
        return screen.render(request, "agent/palette.html", {"q": asked, "places": places, **found})

    return routes


def _found(connection: Connection, q: str, language: str, who: Identity) -> dict[str, Sequence[object]]:
    saved = searches.listed(connection, who.name, who.teams)
    kept = [each for each in saved if folded(q) in folded(each.name)][:_FOUND_MAX]
    if len(q.removeprefix("#")) < _SHORTEST and not q.removeprefix("#").isdecimal():
        return {"incidents": [], "customers": [], "organizations": [], "articles": [], "searches": kept}
    return {
        "incidents": incidents.find(connection, q=q, limit=_FOUND_MAX).items,
        "customers": customers.find(connection, q=q, limit=_FOUND_MAX).items,
        "organizations": organizations.find(connection, q=q, limit=_FOUND_MAX).items,
        "articles": article_search.search(connection, AGENT, q, locale=language, limit=_FOUND_MAX).items,
        "searches": kept,
    }
