"""`/account`: one's own password, second factor, sessions, language and shortcuts. Only ever one's own."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import segno
from fastapi import Request
from starlette.responses import Response

from eventstore.database import Connection
from schemas.errors import ConflictError, InvalidError, NotFoundError, RateLimitedError, UnauthenticatedError
from services.access import changes, linking, sessions, teams, totp, users
from services.access.digests import digest
from services.access.sign_in import SignIn
from services.access.totp import Enrolment
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.gate import place_of
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.routing import Router


def router(parts: Parts, screen: Screen) -> Router:
    """One's own account."""
    routes = Router(include_in_schema=False)
    _page(routes, parts, screen)
    _password(routes, parts, screen)
    _enrolment(routes, parts, screen)
    _second_factor(routes, parts, screen)
    _sessions(routes, parts)
    return routes


async def _show(
    parts: Parts,
    screen: Screen,
    request: Request,
    *,
    error: Exception | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    who, cookie = caller(request), request.cookies.get(parts.guard.cookie, "")
    status, headers, shown = posted.outcome(error)

    def read(connection: Connection) -> dict[str, object]:
        return {
            "user": users.get(connection, who.name),
            "titles": teams.titles(connection),
            "recovery_left": totp.recovery_left(connection, who.name),
            "sessions": sessions.list_sessions(connection, user=who.name, cookie=cookie),
        }

    context = {**await parts.hub.database.run(read), **shown, **(more or {})}
    return screen.render(request, "agent/account.html", context, status=status, headers=headers)


def _page(routes: Router, parts: Parts, screen: Screen) -> None:
    @routes.get("/account")
    async def show(request: Request) -> Response:
        return await _show(parts, screen, request)


async def _prove(parts: Parts, request: Request, password: str) -> None:
    """It is really them, and not somebody at their open screen. Raises InvalidError, RateLimitedError."""
    try:
        await SignIn(parts.hub.access).prove(caller(request).name, password, place_of(request))
    except UnauthenticatedError as error:
        raise InvalidError("not your password", field="password") from error


def _password(routes: Router, parts: Parts, screen: Screen) -> None:
    @routes.post("/account/password")
    async def change(request: Request) -> Response:
        fields, who = await posted.fields(request), caller(request)
        cookie = request.cookies.get(parts.guard.cookie, "")
        try:
            hashed = await changes.hashed(fields.get("new", ""))
            await _prove(parts, request, fields.get("password", ""))
        except (InvalidError, RateLimitedError) as error:
            return await _show(parts, screen, request, error=error)
        done = await parts.hub.access.run(who.name, users.set_password, who.name, hashed, keep=digest(cookie))
        return redirect(request, "/account", done="saved", min_position=done.position)

    @routes.post("/account/provider/unlink")
    async def unlink(request: Request) -> Response:
        fields, who = await posted.fields(request), caller(request)
        keep = digest(request.cookies.get(parts.guard.cookie, ""))
        try:
            await _prove(parts, request, fields.get("password", ""))  # who has none would have no way in left
            done = await parts.hub.access.run(who.name, linking.unlink, who.name, keep=keep)
        except (InvalidError, RateLimitedError, ConflictError) as error:
            return await _show(parts, screen, request, error=error)
        return redirect(request, "/account", done="saved", min_position=done.position)


def _enrolment(routes: Router, parts: Parts, screen: Screen) -> None:
    access = parts.hub.access

    @routes.post("/account/totp")
    async def begin(request: Request) -> Response:
        fields, name = await posted.fields(request), caller(request).name
        try:
            if (await parts.hub.database.run(users.get, name)).password:  # who has none came by a provider
                await _prove(parts, request, fields.get("password", ""))
        except (InvalidError, RateLimitedError) as error:
            return await _show(parts, screen, request, error=error)
        await access.run(name, totp.begin, access.secret, name)
        return redirect(request, "/account/totp")


def _second_factor(routes: Router, parts: Parts, screen: Screen) -> None:
    access = parts.hub.access

    async def page(request: Request, error: Exception | None = None) -> Response:
        name = caller(request).name
        enrolment = (await access.run(name, totp.pending, access.secret, name)).value
        if enrolment is None:
            return redirect(request, "/account")
        status, headers, shown = posted.outcome(error)
        context = {"secret": _grouped(enrolment), "image": _image(enrolment), "recovery": (), **shown}
        return screen.render(request, "agent/second_factor.html", context, status=status, headers=headers)

    @routes.get("/account/totp")
    async def show(request: Request) -> Response:
        await parts.hub.database.run(users.get, caller(request).name)
        return await page(request)

    @routes.post("/account/totp/confirm")
    async def confirm(request: Request) -> Response:
        fields, name = await posted.fields(request), caller(request).name
        try:
            done = await access.run(name, totp.confirm, access.secret, name, fields.get("code", ""))
        except InvalidError as error:
            return await page(request, error)
        context = {"recovery": done.value, "problem": "", "errors": (), "secret": "", "image": ""}
        return screen.render(request, "agent/second_factor.html", context)  # not a redirect: shown this once

    @routes.post("/account/totp/remove")
    async def remove(request: Request) -> Response:
        fields, name = await posted.fields(request), caller(request).name
        try:
            await SignIn(access).remove_second_factor(name, fields.get("code", ""), place_of(request))
        except (InvalidError, RateLimitedError) as error:
            return await _show(parts, screen, request, error=error)
        return redirect(request, "/account", done="saved")


def _sessions(routes: Router, parts: Parts) -> None:
    access = parts.hub.access

    @routes.post("/account/sessions/{session}/end")
    async def end(request: Request, session: UUID) -> Response:
        who = caller(request)
        try:
            await access.run(who.name, sessions.end_session, session, of=who.name if who.session else "")
        except NotFoundError:
            if not who.session:
                raise
        return redirect(request, "/account", done="saved")

    @routes.post("/account/sessions/end-others")
    async def end_others(request: Request) -> Response:
        who = caller(request)
        await access.run(who.name, sessions.end_others, who.person, request.cookies.get(parts.guard.cookie, ""))
        return redirect(request, "/account", done="saved")


def _grouped(enrolment: Enrolment) -> str:
    """The secret as one types it."""
    return " ".join(enrolment.secret[start : start + 4] for start in range(0, len(enrolment.secret), 4))


def _image(enrolment: Enrolment) -> str:
    """A QR code, dark on light whatever the theme: telephones read no other."""
    return segno.make(enrolment.uri, error="m").svg_data_uri(scale=5, border=3, dark="#000", light="#fff")
