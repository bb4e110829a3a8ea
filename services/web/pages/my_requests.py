"""`/my-requests`: "send me my link again", and the page behind that link. HTML, or JSON for who asks for it."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

from schemas.errors import NotFoundError
from services.web.api.shapes import json
from services.web.pages import posted
from services.web.pages.readers import Readers
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts
from services.web.problems import wants_page
from services.web.requests_list import RequestsList
from services.web.routing import Router


def router(parts: Parts, screen: Screen) -> Router:
    """For customers."""
    routes = Router(include_in_schema=False)
    requests = RequestsList(parts)
    readers = Readers(parts)

    def page(
        request: Request, *, email: str = "", asked: bool = False, ended: bool = False, error: Exception | None = None
    ) -> Response:
        status, headers, shown = posted.outcome(error)
        context = {"email": email, "asked": asked, "ended": ended, **shown}
        return screen.render(
            request, "public/my_requests.html", context, status=404 if ended else status, headers=headers
        )

    @routes.get("/my-requests")
    async def show(request: Request, asked: str = "") -> Response:
        return page(request, asked=bool(asked))

    @routes.post("/my-requests")
    async def ask(request: Request) -> Response:
        fields = await posted.fields(request)
        try:
            await requests.ask(request, fields.get("email", ""), screen.language(request))
        except posted.REFUSALS as error:
            return page(request, email=fields.get("email", ""), error=error)
        return redirect(request, "/my-requests", asked="yes")

    @routes.get("/my-requests/{link}")
    async def follow(request: Request, link: str) -> Response:
        try:
            found = await requests.read(link)
        except NotFoundError:
            if not wants_page(request):
                raise
            return page(request, ended=True)
        if not wants_page(request):
            return json(found)
        context = {"items": found.items, "until": found.until}
        response = screen.render(request, "public/requests.html", context)
        readers.remember(response, link, found.until)  # what is for customers opens to them from now on
        return response

    return routes
