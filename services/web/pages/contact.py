"""`/contact`: the form for people. Works without scripts; what is wrong is said beside what was typed."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from starlette.responses import Response

from channels import form, http_body
from schemas.ids import new_id
from services.knowledge.visits import Kind
from services.web.pages import posted
from services.web.pages.help_centre import visitors_of
from services.web.pages.screen import Screen, redirect
from services.web.parts import Parts

_FIELDS = ("name", "email", "subject", "product", "body")


def router(parts: Parts, screen: Screen) -> APIRouter:
    """The contact form."""
    routes = APIRouter(include_in_schema=False)
    visitors = visitors_of(parts)

    @routes.get("/contact")
    async def show(request: Request) -> Response:
        response = screen.render(request, "public/contact.html", _context({}))
        visitors.note(request, response, Kind.CONTACT_STARTED)
        return response

    @routes.post("/contact")
    async def send(request: Request) -> Response:
        parts.forms.admit(http_body.peer(request))
        async with form.posted(request) as came:
            try:
                receipt = await parts.forms.submit_posted(came)
            except posted.REFUSALS as error:
                status, headers, shown = posted.refusal(error)
                context = _context(came.fields) | shown
                return screen.render(request, "public/contact.html", context, status=status, headers=headers)
        response = redirect(request, urlsplit(receipt.status_url).path)
        visitors.note(request, response, Kind.CONTACT_SENT, interaction=receipt.interaction_id)
        return response

    return routes


def _context(fields: Mapping[str, str]) -> dict[str, object]:
    return {
        "fields": {name: fields.get(name, "") for name in _FIELDS},
        "key": fields.get(form.IDEMPOTENCY_FIELD) or str(new_id()),
        "problem": "",
        "errors": (),
    }
