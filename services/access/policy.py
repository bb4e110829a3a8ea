"""Which role may do what: the one place. A route that isn't named here can't be served (services/web/guard.py).

Keys are `METHOD path` as the router spells them; EVERYBODY needs no sign-in. A token's scopes only ever take away:
`read` leaves what changes nothing, the others leave their area of the API.
"""

from __future__ import annotations

from collections.abc import Mapping

from services.access.identity import Identity, Role

EVERYBODY: frozenset[Role] = frozenset()
SIGNED_IN = frozenset(Role)
AGENTS = frozenset({Role.AGENT, Role.ADMIN})
ANALYSTS = frozenset({Role.ANALYST, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})

READ_ONLY = "read"
AREAS: Mapping[str, tuple[str, ...]] = {
    "incidents": (
        "incidents",
        "interactions",
        "customers",
        "organizations",
        "calls",
        "callbacks",
        "chats",
        "presence",
        "work",
        "in-person",
        "live",
        "signals",
        "undo",
        "views",
        "searches",
        "canned",
        "mentions",
        "tags",
        "uploads",
    ),
    "reports": ("reports", "events"),
    "knowledge": ("articles", "search"),
    "administration": ("users", "teams", "tokens", "sessions", "audit", "lines", "targets", "widgets", "projections"),
}
"""Scope → the first words of the API's addresses it leaves."""
SCOPES = frozenset({READ_ONLY, *AREAS})

_API = "/api/v1/"
_CHANGES_NOTHING = frozenset({"GET", "HEAD", "OPTIONS"})

_PUBLIC = (
    "GET /",
    "GET /articles/{article}",
    "POST /articles/{article}/vote",
    "GET /contact",
    "GET /callback",
    "POST /callback",
    "POST /contact",
    "GET /suggest",
    "POST /visit",
    "GET /status/{token}",
    "POST /status/{token}",
    "POST /status/{token}/close",
    "POST /status/{token}/reopen",
    "POST /status/{token}/rate",
    "GET /status/{token}/files/{interaction}/{index}",
    "POST /status/{token}/messages",
    "GET /chat",
    "GET /widget.js",
    "GET /widget/{site}",
    "GET /widget/{site}/look.css",
    "POST /widget/{site}/form",
    "WS /widget/{site}/chat",
    "GET /my-requests",
    "POST /my-requests",
    "GET /my-requests/{link}",
    "POST /api/v1/my-requests",
    "GET /unsubscribe/{unsubscribe}",
    "POST /unsubscribe/{unsubscribe}",  # by a mail program, from anywhere: RFC 8058
    "POST /unsubscribe/{unsubscribe}/again",
    "GET /login",
    "POST /login",
    "GET /login/code",
    "POST /login/code",
    "GET /login/provider",
    "GET /login/provider/back",
    "POST /logout",
    "POST /preferences",
    "GET /static/{path:path}",
    "GET /healthz",
    "GET /readyz",
    "GET /metrics",
    "GET /docs",
    "GET /openapi.json",
    "GET /asyncapi",
    "POST /api/v1/forms",
    "WS /api/v1/chat",
    "POST /api/v1/cti/{line}",  # guarded by the line's key
    "POST /api/v1/callbacks",
    "POST /api/v1/visits",
    "POST /api/v1/visits/{visit}/events",
)

_READ = (
    "GET /api/v1/incidents/{number}/similar",
    "GET /api/v1/incidents/{number}/articles",
    "GET /api/v1/tags",
    "GET /api/v1/interactions/{interaction}/raw",
    "GET /api/v1/interactions/{interaction}/html",
    "GET /api/v1/incidents",
    "GET /api/v1/incidents/{number}",
    "GET /api/v1/incidents/{number}/timeline",
    "GET /api/v1/customers",
    "GET /api/v1/customers/{customer}",
    "GET /api/v1/customers/{customer}/timeline",
    "GET /api/v1/organizations",
    "GET /api/v1/organizations/{organization}",
    "GET /api/v1/calls",
    "GET /api/v1/calls/{call}",
    "GET /api/v1/callbacks",
    "GET /api/v1/callbacks/{callback}",
    "GET /api/v1/work",
    "GET /api/v1/incidents/{number}/work",
    "GET /api/v1/chats",
    "GET /api/v1/chats/{chat}",
    "GET /api/v1/presence",
    "GET /api/v1/interactions/{interaction}/attachments/{index}",
    "GET /api/v1/reports",
    "GET /api/v1/reports/{name}",
    "GET /api/v1/articles",
    "GET /api/v1/articles/{article}",
    "GET /api/v1/search",
    "GET /api/v1/views",
    "GET /api/v1/targets",
    "GET /api/v1/searches",
    "POST /api/v1/searches",
    "PATCH /api/v1/searches/{search}",
    "DELETE /api/v1/searches/{search}",
    "GET /live",
    "GET /api/v1/live",
    "GET /reports",
    "GET /reports/{name}",
    "GET /reports/{name}/chart.svg",
    "GET /reports/{name}/table.csv",
)

_WORK = (
    "GET /api/v1/incidents/{number}/drafts",
    "PUT /api/v1/incidents/{number}/drafts/{kind}",
    "GET /api/v1/incidents/{number}/ways",
    "POST /api/v1/incidents/{number}/replies/{interaction}/withdraw",
    "GET /api/v1/incidents/{number}/replies/{interaction}/delivery",
    "GET /api/v1/incidents/{number}/interactions/{interaction}/confirmation",
    "POST /api/v1/incidents/{number}/replies/{interaction}/send-again",
    "POST /agent/incidents/{number}/replies/{interaction}/send-again",
    "POST /api/v1/incidents/{number}/articles",
    "DELETE /api/v1/incidents/{number}/articles/{article}",
    "GET /api/v1/incidents/{number}/canned/{canned_id}",
    "GET /api/v1/canned",
    "POST /api/v1/canned",
    "PUT /api/v1/canned/{canned_id}",
    "DELETE /api/v1/canned/{canned_id}",
    "GET /api/v1/mentions",
    "POST /api/v1/mentions/seen",
    "POST /api/v1/uploads",
    "DELETE /api/v1/uploads/{upload}",
    "POST /api/v1/incidents/{number}/replies",
    "POST /api/v1/incidents/{number}/notes",
    "POST /api/v1/incidents/{number}/assign",
    "POST /api/v1/incidents/{number}/priority",
    "POST /api/v1/incidents/{number}/tags",
    "POST /api/v1/incidents/{number}/resolve",
    "POST /api/v1/incidents/{number}/close",
    "POST /api/v1/incidents/{number}/reopen",
    "POST /api/v1/incidents/{number}/merge",
    "POST /api/v1/incidents/{number}/unmerge",
    "POST /api/v1/incidents/{number}/split",
    "POST /api/v1/incidents/{number}/move",
    "POST /api/v1/incidents/{number}/snooze",
    "POST /api/v1/incidents/{number}/wake",
    "POST /api/v1/incidents/bulk",
    "POST /api/v1/undo/{undo}",
    "POST /agent/undo/{undo}",
    "POST /api/v1/customers",
    "POST /api/v1/customers/{customer}/addresses",
    "POST /api/v1/addresses/unmute",
    "POST /agent/addresses/unmute",
    "POST /api/v1/customers/{customer}/merge",
    "POST /api/v1/customers/{customer}/unmerge",
    "POST /api/v1/customers/{customer}/organization",
    "POST /api/v1/organizations",
    "PATCH /api/v1/organizations/{organization}",
    "POST /api/v1/organizations/{organization}/retire",
    "POST /api/v1/organizations/{organization}/restore",
    "POST /api/v1/calls",
    "PATCH /api/v1/calls/{call}",
    "POST /api/v1/callbacks/{callback}/take",
    "POST /api/v1/callbacks/{callback}/release",
    "POST /api/v1/callbacks/{callback}/reschedule",
    "POST /api/v1/callbacks/{callback}/done",
    "POST /api/v1/callbacks/{callback}/cancel",
    "POST /api/v1/incidents/{number}/work/start",
    "POST /api/v1/work/stop",
    "POST /api/v1/in-person",
    "POST /api/v1/signals",
    "POST /api/v1/chats/{chat}/accept",
    "POST /api/v1/chats/{chat}/transfer",
    "POST /api/v1/chats/{chat}/close",
    "POST /api/v1/presence",
    "GET /knowledge",
    "POST /api/v1/articles",
    "PATCH /api/v1/articles/{article}",
    "POST /api/v1/articles/{article}/retire",
    "GET /api/v1/quarantine",
    "GET /api/v1/quarantine/counts",
    "GET /api/v1/quarantine/reprocess-all",
    "POST /api/v1/quarantine/reprocess-all",
    "POST /api/v1/quarantine/many",
    "GET /api/v1/quarantine/{item}",
    "GET /api/v1/quarantine/{item}/html",
    "GET /api/v1/quarantine/{item}/raw",
    "POST /api/v1/quarantine/{item}/reprocess",
    "POST /api/v1/quarantine/{item}/release",
    "POST /api/v1/quarantine/{item}/discard",
    "POST /api/v1/quarantine/{item}/restore",
    "GET /agent",
    "GET /agent/counts",
    "GET /agent/palette",
    "POST /agent/bulk",
    "GET /agent/searches",
    "POST /agent/searches",
    "POST /agent/searches/{search}",
    "GET /agent/incidents/{number}",
    "POST /agent/incidents/{number}/{action}",
    "GET /agent/chats",
    "GET /agent/chats/count",
    "GET /agent/chats/presence",
    "POST /agent/chats/presence",
    "GET /agent/chats/{chat}",
    "POST /agent/chats/{chat}/{action}",
    "GET /agent/incidents/{number}/insert",
    "GET /agent/interactions/{interaction}/original",
    "GET /agent/customers",
    "GET /agent/customers/{customer}",
    "GET /agent/customers/{customer}/organization",
    "POST /agent/customers/{customer}/{action}",
    "GET /agent/organizations",
    "POST /agent/organizations",
    "GET /agent/organizations/{organization}",
    "POST /agent/organizations/{organization}/{action}",
    "GET /agent/canned",
    "POST /agent/canned",
    "POST /agent/canned/{canned_id}",
    "GET /agent/mentions",
    "GET /agent/mentions/count",
    "POST /agent/mentions",
    "GET /agent/calls",
    "POST /agent/calls",
    "GET /agent/calls/new",
    "GET /agent/calls/match",
    "GET /agent/calls/mine",
    "GET /agent/calls/{call}",
    "POST /agent/calls/{call}",
    "POST /agent/callbacks/{callback}/{action}",
    "GET /agent/work",
    "GET /agent/work/{number}",
    "POST /agent/work/start",
    "POST /agent/work/stop",
    "GET /agent/in-person",
    "GET /agent/in-person/match",
    "POST /agent/in-person",
    "GET /agent/quarantine",
    "POST /agent/quarantine",
    "POST /agent/quarantine/all",
    "GET /agent/quarantine/{item}",
    "POST /agent/quarantine/{item}/{action}",
)

_ANALYSE = ("GET /api/v1/events", "GET /api/v1/recorrelation")

_OWN = (
    "GET /api/v1/me",
    "GET /api/v1/me/sessions",
    "POST /api/v1/me/sessions/{session}/end",
    "GET /account",
    "POST /account/password",
    "POST /account/provider/unlink",
    "GET /account/totp",
    "POST /account/totp",
    "POST /account/totp/confirm",
    "POST /account/totp/remove",
    "POST /account/sessions/{session}/end",
    "POST /account/sessions/end-others",
    "GET /api/v1/teams",
    "GET /api/v1/teams/{name}",
)

_ADMINISTER = (
    "GET /api/v1/widgets",
    "POST /api/v1/widgets",
    "PATCH /api/v1/widgets/{site}",
    "POST /api/v1/widgets/{site}/remove",
    "GET /admin/widgets",
    "POST /admin/widgets",
    "POST /admin/widgets/{site}",
    "POST /api/v1/customers/{customer}/erase",  # for good
    "GET /api/v1/users",
    "POST /api/v1/users",
    "GET /api/v1/users/{name}",
    "PATCH /api/v1/users/{name}",
    "POST /api/v1/users/{name}/reset-totp",
    "POST /api/v1/users/{name}/unlink-provider",
    "POST /api/v1/teams",
    "PATCH /api/v1/teams/{name}",
    "POST /api/v1/teams/{name}/retire",
    "GET /api/v1/tokens",
    "POST /api/v1/tokens",
    "POST /api/v1/tokens/{token}/revoke",
    "GET /api/v1/sessions",
    "POST /api/v1/sessions/{session}/end",
    "GET /api/v1/audit",
    "PUT /api/v1/targets/{priority}",
    "GET /admin/users",
    "POST /admin/users",
    "GET /admin/new-user",
    "GET /admin/users/{user}",
    "POST /admin/users/{user}",
    "POST /admin/users/{user}/{action}",
    "POST /admin/sessions/{session}/end",
    "GET /admin/teams",
    "POST /admin/teams",
    "POST /admin/teams/{name}",
    "POST /admin/teams/{name}/close",
    "POST /admin/teams/{name}/open",
    "POST /admin/teams/{name}/retire",
    "GET /admin/tokens",
    "POST /admin/tokens",
    "POST /admin/tokens/{token}/revoke",
    "GET /admin/audit",
    "GET /admin/targets",
    "POST /admin/targets",
    "GET /api/v1/lines",
    "POST /api/v1/lines",
    "POST /api/v1/lines/{line}/revoke",
    "GET /admin/lines",
    "POST /admin/lines",
    "POST /admin/lines/{line}/revoke",
    "GET /api/v1/projections",
    "POST /api/v1/projections/{name}/rebuild",
    "POST /api/v1/projections/{name}/cancel",
    "POST /api/v1/recorrelation",
    "GET /admin/recorrelation",
    "POST /admin/recorrelation",
    "GET /admin/projections",
    "POST /admin/projections/{name}/{action}",
)

POLICY: Mapping[str, frozenset[Role]] = {
    **dict.fromkeys(_PUBLIC, EVERYBODY),
    **dict.fromkeys(_READ, SIGNED_IN),
    **dict.fromkeys(_WORK, AGENTS),
    **dict.fromkeys(_ANALYSE, ANALYSTS),
    **dict.fromkeys(_OWN, SIGNED_IN),
    **dict.fromkeys(_ADMINISTER, ADMINS),
}


def includes(role: Role, other: Role) -> bool:
    """May whoever has the role do all that the other may?"""
    return role is other or role is Role.ADMIN


def refusal(identity: Identity, rule: str, method: str) -> str:
    """Why this caller may not have this route, in words; empty when they may."""
    if identity.role not in POLICY[rule]:
        return f"this is not for the role {identity.role}"
    if not within(identity.scopes, rule, method):
        return f"this token is for {', '.join(sorted(identity.scopes))} only"
    return ""


def within(scopes: frozenset[str], rule: str, method: str) -> bool:
    """Do a token's scopes leave this route? One that no area names is left to tokens without areas."""
    if READ_ONLY in scopes and method not in _CHANGES_NOTHING:
        return False
    areas = scopes & AREAS.keys()
    if not areas:
        return True
    path = rule.partition(" ")[2]
    if path == "/live":  # the API's one address outside it
        path = f"{_API}live"
    first = path.removeprefix(_API).partition("/")[0] if path.startswith(_API) else ""
    return first == "me" or any(first in AREAS[area] for area in areas)
