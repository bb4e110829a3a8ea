"""`/agent`: the inbox. Its views with their counts, filters and saved searches, and one action for many incidents."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels.text import one_line
from eventstore.database import Connection
from projections import customers, incidents, organizations
from projections.incidents import COUNT_MAX, Incident, LastWords, View
from projections.incidents.filters import Filters
from projections.page import Page
from services import searches
from services.access import teams, users
from services.access.identity import Identity
from services.web import languages
from services.web.api.shapes import POSITION_MAX
from services.web.guard import caller
from services.web.pages import bulk_form, posted
from services.web.pages.screen import Screen, redirect
from services.web.pages.words import CHANNEL, PRIORITY, STATUS
from services.web.parts import Parts
from services.web.routing import Router

_NOBODY = "-"
_READS = ("incidents", "customers", "timeline", "organizations")
_LEFT_SHOWN = 5
_DIGITS_MAX = 9
_EVERYTHING = ("view", View.ALL.value)

Asked = Mapping[str, str]


def router(parts: Parts, screen: Screen) -> Router:
    """What an agent begins the day with."""
    routes = Router(include_in_schema=False)
    _inbox(routes, parts, screen)
    _acting(routes, parts)
    _keeping(routes, parts, screen)
    return routes


def _inbox(routes: Router, parts: Parts, screen: Screen) -> None:
    database = parts.hub.database

    async def listed(request: Request, asked: Asked, cursor: str) -> dict[str, object]:
        who = caller(request)
        shown: dict[str, object] = {"problem": "", "errors": (), "position": await parts.folded(*_READS)}
        found, words = Page[Incident]([]), dict[UUID, LastWords]()
        try:
            found, words = await database.run(_find, asked, who.name, cursor or None)
        except posted.REFUSALS as error:
            shown["code"], _, told = posted.refusal(error)
            shown |= told
        link = _links(asked)
        return shown | {
            "items": found.items,
            "words_of": words,
            "counts": await database.run(incidents.counts, who.name),
            "count_max": COUNT_MAX,
            "titles": await database.run(teams.titles),
            "next_link": link(cursor=found.next_cursor) if found.next_cursor else "",
            "fragment": languages.prefix_of(request) + request.scope["path"] + link(part="rows", cursor=cursor or None),
            "asked": asked,
            "link": link,
            "now": datetime.now(UTC),
        }

    @routes.get("/agent")
    async def inbox(
        request: Request,
        cursor: Annotated[str, Query(max_length=500)] = "",
        part: str = "",
        min_position: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0,
    ) -> Response:
        if min_position:
            await parts.wait_for(min_position, *_READS)
        asked = _asked(request)
        context = await listed(request, asked, cursor)
        if part == "rows":
            return screen.render(request, "agent/inbox_rows.html", context)
        context |= await database.run(_choices, caller(request), asked)
        context["result"] = await database.run(_result, request.query_params)
        status = context.get("code")
        return screen.render(request, "agent/inbox.html", context, status=status if isinstance(status, int) else 200)

    @routes.get("/agent/counts")
    async def counts(request: Request) -> Response:
        found = await database.run(incidents.counts, caller(request).name)
        return screen.render(request, "agent/counts.html", {"mine": found[View.MINE], "count_max": COUNT_MAX})


def _acting(routes: Router, parts: Parts) -> None:
    @routes.post("/agent/bulk")
    async def bulk(request: Request) -> Response:
        fields, who = await posted.fields(request), caller(request)
        out = await parts.commands.run(bulk_form.read(fields, who.name), by=who.name)
        await parts.wait_for(out.position, *_READS)
        return redirect(
            request,
            "/agent",
            **searches.filters_of(fields.get("query", "")),
            changed=out.changed,
            left=",".join(str(each.number) for each in out.refused) or None,
            min_position=out.position,
            done="changed" if out.changed else None,
            undo=out.undo,
        )


def _keeping(routes: Router, parts: Parts, screen: Screen) -> None:
    database = parts.hub.database

    @routes.get("/agent/searches")
    async def saved(request: Request) -> Response:
        return screen.render(request, "agent/searches.html", await database.run(_searches, caller(request)))

    @routes.post("/agent/searches")
    async def save(request: Request) -> Response:
        who, fields = caller(request), await posted.fields(request)
        query, shared = searches.tidy(fields.get("query", "")), fields.get("team") or None
        await database.run(searches.save, who.name, who.teams, fields.get("name", ""), query, shared)
        return redirect(request, "/agent", **searches.filters_of(query), done="saved")

    @routes.post("/agent/searches/{search}")
    async def change(request: Request, search: UUID) -> Response:
        who, fields = caller(request), await posted.fields(request)
        if fields.get("do") == "delete":
            await database.run(searches.delete, who.name, search)
        else:
            name, shared = fields.get("name", ""), fields.get("team") or None
            await database.run(searches.change, who.name, who.teams, search, name=name, team=shared)
        return redirect(request, "/agent/searches", done="saved")


def _asked(request: Request) -> dict[str, str]:
    """The filters of the address, those that mean something."""
    asked = {name: one_line(request.query_params.get(name, ""))[:300] for name in searches.FILTERS}
    known: Mapping[str, Collection[str]] = {"status": STATUS, "channel": CHANNEL, "priority": PRIORITY}
    for name, values in known.items():
        asked[name] = asked[name] if asked[name] in values else ""
    asked["view"] = asked["view"] if asked["view"] in set(View) else View.ALL.value
    for name in ("customer", "organization"):
        asked[name] = asked[name] if _uuid(asked[name]) else ""
    return asked


def _find(
    connection: Connection, asked: Asked, user: str, cursor: str | None
) -> tuple[Page[Incident], dict[UUID, LastWords]]:
    filters: Filters = {
        "view": View(asked["view"]),
        "user": user,
        "status": asked["status"] or None,
        "priority": asked["priority"] or None,
        "channel": asked["channel"] or None,
        "tag": asked["tag"].casefold() or None,
        "customer": _uuid(asked["customer"]),
        "organization": _uuid(asked["organization"]),
        "assignee": _whose(asked["assignee"]),
        "team": _whose(asked["team"]),
    }
    found = incidents.find(connection, q=asked["q"] or None, cursor=cursor, **filters)
    return found, incidents.last_words(connection, [each.id for each in found.items])


def _whose(name: str) -> str | None:
    return None if not name else "" if name == _NOBODY else name


def _choices(connection: Connection, who: Identity, asked: Asked) -> dict[str, object]:
    """What the filters, the actions and the list of saved searches offer."""
    customer, organization = _uuid(asked["customer"]), _uuid(asked["organization"])
    return {
        "people": users.assignable(connection),
        "teams": teams.list_teams(connection),
        "searches": searches.listed(connection, who.name, who.teams),
        "query": urlencode({name: value for name, value in asked.items() if value and (name, value) != _EVERYTHING}),
        "customer": customers.get(connection, customer) if customer else None,
        "organization": organizations.get(connection, organization) if organization else None,
    }


def _searches(connection: Connection, who: Identity) -> dict[str, object]:
    return {
        "searches": searches.listed(connection, who.name, who.teams),
        "titles": teams.titles(connection),
        "problem": "",
    }


def _result(connection: Connection, query: Mapping[str, str]) -> dict[str, object] | None:
    """What a bulk action did: how many changed, and how those stand now that did not."""
    changed, left = query.get("changed", ""), query.get("left", "")
    if not changed.isdecimal() or len(changed) > _DIGITS_MAX:
        return None
    numbers = [int(each) for each in left.split(",") if each.isdecimal() and len(each) <= _DIGITS_MAX]
    stand = [(number, incidents.get(connection, number)) for number in numbers[:_LEFT_SHOWN]]
    return {
        "changed": int(changed),
        "refused": len(numbers),
        "left": [(number, "merged" if each.merged_into else each.status) for number, each in stand if each is not None],
        "more": max(0, len(numbers) - _LEFT_SHOWN),
    }


def _links(asked: Asked) -> Callable[..., str]:
    def link(**changed: str | None) -> str:
        wanted = {**asked, **changed}
        wanted = {name: value for name, value in wanted.items() if value and (name, value) != _EVERYTHING}
        return f"?{urlencode(wanted)}" if wanted else ""

    return link


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
