"""`POST /api/v1/my-requests`: mails a customer the link to their requests. Says nothing of who is known."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import msgspec
from fastapi import Request
from starlette.responses import Response

from channels.form import Email, Locale
from services.web.api.shapes import Body, answers, json
from services.web.parts import Parts
from services.web.requests_list import RequestsList
from services.web.routing import Router


class Asked(msgspec.Struct, frozen=True):
    """If somebody wrote to us from there, a mail is on its way."""

    asked: bool = True


class AskIn(Body):
    """Whose requests."""

    email: Email
    locale: Locale | None = None


def router(parts: Parts) -> Router:
    """For whoever builds a help centre of their own."""
    routes = Router(prefix="/api/v1/my-requests", tags=["customers"])
    requests = RequestsList(parts)

    @routes.post("", status_code=202, responses=answers(Asked, 202))
    async def ask(request: Request, body: AskIn) -> Response:
        """The same answer for every address."""
        await requests.ask(request, body.email, (body.locale or "")[:2].lower())
        return json(Asked(), 202)

    return routes
