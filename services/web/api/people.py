"""Users, their sessions, and the record of access over the API; for admins, but for what is one's own."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import Query, Request
from pydantic import Field, StringConstraints
from starlette.responses import Response

from projections import access_log
from projections.access_log import AccessEntry
from projections.page import Page
from services.access import changes, linking, sessions, totp, users
from services.access.changes import NewUser, UserChange
from services.access.identity import Role
from services.access.passwords import PASSWORD_MAX_CHARACTERS, PASSWORD_MIN_CHARACTERS
from services.web.api.shapes import (
    LIMIT_DEFAULT,
    Body,
    Caller,
    Cursor,
    Limit,
    Line,
    MaybeLine,
    SearchWords,
    answers,
    fresh,
    json,
)
from services.web.parts import Parts
from services.web.routing import Router

_TEAMS_MAX = 100

_Password = Annotated[str, StringConstraints(min_length=PASSWORD_MIN_CHARACTERS, max_length=PASSWORD_MAX_CHARACTERS)]
_Teams = Annotated[tuple[Line, ...], Field(max_length=_TEAMS_MAX)]


class Me(msgspec.Struct, frozen=True):
    """Who asks. `scopes`: what a token is limited to; empty: nothing."""

    name: str
    role: str
    teams: list[str]
    scopes: list[str]
    session: bool


class UserShape(msgspec.Struct, frozen=True):
    """A user. `second_factor`: a code is asked for; `provider`: an identity provider speaks for them."""

    id: UUID
    name: str
    role: str
    email: str
    teams: list[str]
    second_factor: bool
    provider: bool
    created_at: datetime
    disabled_at: datetime | None


class UserDone(msgspec.Struct, frozen=True):
    """A change, and what it led to."""

    position: int
    user: UserShape


class SessionShape(msgspec.Struct, frozen=True):
    """A session. `current`: the one that asks."""

    id: UUID
    user: str
    network: str
    browser: str
    began_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    current: bool


class Ended(msgspec.Struct, frozen=True):
    """It opens nothing any more."""

    position: int
    id: UUID


class UserIn(Body):
    """Somebody to let in. Without a password only an identity provider lets them in."""

    name: Line
    role: Role
    password: _Password | None = None
    email: MaybeLine = ""
    teams: _Teams = ()


class UserChangeIn(Body):
    """What is left out stays."""

    role: Role | None = None
    disabled: bool | None = None
    email: MaybeLine | None = None
    teams: _Teams | None = None
    password: _Password | None = None


def router(parts: Parts) -> Router:
    """`/api/v1/me`, `/users`, `/sessions`, `/audit`."""
    routes = Router(prefix="/api/v1", tags=["access"])
    _own(routes, parts)
    _users(routes, parts)
    _sessions(routes, parts)
    return routes


def _own(routes: Router, parts: Parts) -> None:
    database, access = parts.hub.database, parts.hub.access

    @routes.get("/me", responses=answers(Me))
    async def me(who: Caller) -> Response:
        """Who asks, as the hub sees it."""
        return json(Me(who.name, who.role, list(who.teams), sorted(who.scopes), who.session))

    @routes.get("/me/sessions", responses=answers(Page[SessionShape]))
    async def own_sessions(request: Request, who: Caller) -> Response:
        """One's own sessions; a program has none."""
        cookie = request.cookies.get(parts.guard.cookie, "")
        found = await database.run(sessions.list_sessions, user=who.name, cookie=cookie) if who.session else []
        return json(Page([_session(each) for each in found]))

    @routes.post("/me/sessions/{session}/end", responses=answers(Ended))
    async def end_own(session: UUID, who: Caller) -> Response:
        """End one of one's own; another's looks like none."""
        done = await access.run(who.name, sessions.end_session, session, of=who.name if who.session else "")
        return json(Ended(done.position, session), position=done.position)


def _users(routes: Router, parts: Parts) -> None:
    database, access = parts.hub.database, parts.hub.access

    @routes.get("/users", responses=answers(Page[UserShape]))
    async def list_users() -> Response:
        """Everybody, by name."""
        return json(Page([_shape(user) for user in await database.run(users.list_users)]))

    @routes.get("/users/{name}", responses=answers(UserShape))
    async def get_user(name: str) -> Response:
        """One of them."""
        return json(_shape(await database.run(users.get, name)))

    @routes.post("/users", status_code=201, responses=answers(UserDone, 201))
    async def add_user(body: UserIn, who: Caller) -> Response:
        """Let somebody in."""
        hashed = None if body.password is None else await changes.hashed(body.password)
        new = NewUser(body.name, body.role, hashed, body.email, body.teams)
        done = await access.run(who.name, changes.add_user, new)
        return json(UserDone(done.position, _shape(done.value)), 201, position=done.position)

    @routes.patch("/users/{name}", responses=answers(UserDone))
    async def change_user(name: str, body: UserChangeIn, who: Caller) -> Response:
        """Their role, teams, mail address, password; or let them in no more."""
        hashed = None if body.password is None else await changes.hashed(body.password)
        change = UserChange(body.role, body.disabled, body.email, body.teams, hashed)
        done = await access.run(who.name, changes.change_user, name, change)
        return json(UserDone(done.position, _shape(done.value)), position=done.position)

    @routes.post("/users/{name}/reset-totp", responses=answers(UserDone))
    async def reset_second_factor(name: str, who: Caller) -> Response:
        """Ask them for no code any more: their telephone is lost."""
        done = await access.run(who.name, totp.remove, name)
        shown = _shape(await database.run(users.get, name))
        return json(UserDone(done.position, shown), position=done.position)

    @routes.post("/users/{name}/unlink-provider", responses=answers(UserDone))
    async def unlink_provider(name: str, who: Caller) -> Response:
        """No identity provider speaks for them any more; their sessions end. 409 where none does."""
        done = await access.run(who.name, linking.unlink, name)
        shown = _shape(await database.run(users.get, name))
        return json(UserDone(done.position, shown), position=done.position)


def _sessions(routes: Router, parts: Parts) -> None:
    database, access = parts.hub.database, parts.hub.access

    @routes.get("/sessions", responses=answers(Page[SessionShape]))
    async def list_sessions(user: SearchWords = None) -> Response:
        """Everybody's, or one user's."""
        found = await database.run(sessions.list_sessions, user=user or None)
        return json(Page([_session(each) for each in found]))

    @routes.post("/sessions/{session}/end", responses=answers(Ended))
    async def end_session(session: UUID, who: Caller) -> Response:
        """End anybody's."""
        done = await access.run(who.name, sessions.end_session, session)
        return json(Ended(done.position, session), position=done.position)

    @routes.get("/audit", responses=answers(Page[AccessEntry]), dependencies=[fresh(database, "access_log")])
    async def audit(
        who: SearchWords = None,
        fact: Annotated[str | None, Query(max_length=60)] = None,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response:
        """Who came in, who was not let in, and what changed about who may; newest first."""
        return json(await database.run(access_log.find, who=who, fact=fact, cursor=cursor, limit=limit))


def _shape(user: users.User) -> UserShape:
    return UserShape(
        id=user.id,
        name=user.name,
        role=user.role,
        email=user.email,
        teams=list(user.teams),
        second_factor=user.second_factor,
        provider=user.provider,
        created_at=user.created_at,
        disabled_at=user.disabled_at,
    )


def _session(session: sessions.Session) -> SessionShape:
    return SessionShape(
        id=session.id,
        user=session.user,
        network=session.network,
        browser=session.browser,
        began_at=session.began_at,
        last_seen_at=session.last_seen_at,
        expires_at=session.expires_at,
        current=session.current,
    )
