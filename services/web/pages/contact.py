"""`/contact`: all ways to a person side by side, and the form, which suggests articles while one types (`/suggest`).

Works without scripts; what is wrong is said beside what was typed.
"""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from channels import form, http_body
from channels.text import one_line
from eventstore.database import Connection
from projections import article_search, articles
from projections.articles import Reader
from schemas.facts.article import ArticleKind
from schemas.ids import new_id
from services.knowledge import guide as guides
from services.knowledge.visits import QUERY_MAX_CHARACTERS, Kind
from services.web.pages import posted
from services.web.pages.readers import Readers
from services.web.pages.screen import Screen, redirect
from services.web.pages.searching import in_pieces
from services.web.pages.visitor import visitors_of
from services.web.parts import Parts
from services.web.routing import Router

_FIELDS = ("name", "email", "subject", "product", "body")
_SUGGESTIONS_MAX = 3
_WORTH_CHARACTERS = 4


def router(parts: Parts, screen: Screen) -> Router:
    """The contact page."""
    routes = Router(include_in_schema=False)
    visitors = visitors_of(parts)
    readers = Readers(parts)
    settings = parts.hub.settings

    def context(request: Request, fields: Mapping[str, str]) -> dict[str, object]:
        return {
            "fields": {name: fields.get(name, "") for name in _FIELDS},
            "key": fields.get(form.IDEMPOTENCY_FIELD) or str(new_id()),
            "trap": fields.get(form.TRAP_FIELD, ""),
            "open": not settings.contact_after_search or visitors.has_looked(request),
            "phone": settings.support_phone,
            "mailbox": settings.mail_addresses[0],
            "problem": "",
            "errors": (),
        }

    @routes.get("/contact")
    async def show(
        request: Request,
        guide: UUID | None = None,
        way: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        fields: Mapping[str, str] = {}
        reader = await readers.of(request)
        if guide is not None:
            fields = await parts.hub.database.run(_walked, reader, guide, way)
        response = screen.render(request, "public/contact.html", context(request, fields))
        visitors.note(request, response, Kind.CONTACT_STARTED, reader=reader)
        return response

    @routes.post("/contact")
    async def send(request: Request) -> Response:
        parts.forms.admit(http_body.peer(request))
        async with form.posted(request) as came:
            try:
                receipt = await parts.forms.submit_posted(came)
            except posted.REFUSALS as error:
                status, headers, shown = posted.refusal(error)
                refused = context(request, came.fields) | shown
                return screen.render(request, "public/contact.html", refused, status=status, headers=headers)
        response = redirect(request, urlsplit(receipt.status_url).path, done="received")
        visitors.note(
            request,
            response,
            Kind.CONTACT_SENT,
            reader=await readers.of(request),
            interaction=receipt.interaction_id,
            product_typed=came.fields.get("product", ""),
        )
        return response

    @routes.get("/suggest")
    async def suggest(
        request: Request,
        subject: Annotated[str, Query(max_length=1000)] = "",
        body: Annotated[str, Query(max_length=60_000)] = "",
        product: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        words = one_line(f"{subject} {body}")[:QUERY_MAX_CHARACTERS]
        if len(words) < _WORTH_CHARACTERS:
            return screen.render(request, "public/suggestions.html", {"found": []})
        language, reader = screen.language(request), await readers.of(request)
        found = await parts.hub.database.run(
            article_search.search,
            reader,
            words,
            locale=language,
            limit=_SUGGESTIONS_MAX,
            about=product,
            meaning=await parts.questions.meaning(words),
        )
        response = screen.render(request, "public/suggestions.html", {"found": in_pieces(found.items)})
        for each in found.items:
            visitors.note(
                request, response, Kind.SUGGESTED, reader=reader, article=each.id, product_typed=one_line(product)
            )
        return response

    return routes


def _walked(connection: Connection, reader: Reader, guide: UUID, way: str) -> Mapping[str, str]:
    """What somebody answered in a guide, as the beginning of their message: nobody is asked the same again."""
    found = articles.get(connection, reader, guide)
    if found is None or found.kind != ArticleKind.GUIDE:
        return {}
    read, _ = guides.read(found.body)
    told = guides.told(guides.walk(read, guides.way_of(way)).taken)
    return {"subject": found.title, "product": ", ".join(found.products), "body": f"{told}\n\n" if told else ""}
