"""Writing articles over the API: drafts, reviews, editions, filing, files; and all of them for those who write."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from channels import http_body
from channels.attachments import FILE_MAX_BYTES
from eventstore.database import Connection
from projections.articles import desk
from projections.articles.desk import Asked, Listed
from projections.page import Page
from schemas.errors import InvalidError, NotFoundError
from schemas.facts.article import ArticleKind
from services.access.policy import may_publish_alone
from services.knowledge import shelving, writing
from services.knowledge.article_files import address_of, kept
from services.knowledge.library import ArticleRequest, article_id, asking
from services.knowledge.state import Filing
from services.web.api.article_shapes import (
    DeclineIn,
    DraftIn,
    EditionOut,
    FileOut,
    FilingIn,
    PinIn,
    PublishIn,
    RedirectIn,
    ReviewDateIn,
    TextIn,
    TranslationIn,
    Work,
)
from services.web.api.articles import Written
from services.web.api.shapes import (
    LIMIT_DEFAULT,
    Caller,
    Cursor,
    Key,
    Limit,
    SearchWords,
    answers,
    fresh,
    json,
)
from services.web.parts import Parts
from services.web.routing import Router

POST_MAX_BYTES = FILE_MAX_BYTES + 1024 * 1024
_Filter = Annotated[str | None, Query(max_length=200)]
_FILE = {
    "type": "object",
    "properties": {"file": {"type": "string", "format": "binary"}, "release": {"type": "string"}},
}
_DOCUMENTED = {"requestBody": {"required": True, "content": {http_body.MULTIPART: {"schema": _FILE}}}}


def router(parts: Parts) -> Router:
    """`/api/v1/articles/…`. To be mounted before articles.py: `{article}` would take `all` and `drafts`."""
    routes = Router(prefix="/api/v1/articles", tags=["knowledge"])
    _reading(routes, parts)
    _writing(routes, parts)
    _shelving(routes, parts)
    _files(routes, parts)
    return routes


async def _done(parts: Parts, *requests: ArticleRequest) -> Response:
    position = await parts.library.run(*requests)
    return json(Written(requests[0].article, position), position=position)


def _reading(routes: Router, parts: Parts) -> None:
    database = parts.hub.database
    waits = fresh(database, "articles")

    @routes.get("/all", responses=answers(Page[Listed]), dependencies=[waits])
    async def list_all(
        q: SearchWords = None,
        state: Annotated[str | None, Query(pattern="^(draft|review|published|retired)$")] = None,
        kind: ArticleKind | None = None,
        language: _Filter = None,
        category: _Filter = None,
        product: _Filter = None,
        label: _Filter = None,
        missing: _Filter = None,
        due: date | None = None,
        outdated: bool = False,
        doubted: bool = False,
        cursor: Cursor = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> Response:
        """All articles, drafts and retired ones too, the last changed first. `missing`: not in that language."""
        asked = Asked(
            q=q,
            state=state,
            kind=kind,
            language=language,
            category=category,
            product=product,
            label=label,
            missing=missing,
            due=due,
            outdated=outdated,
            doubted=doubted,
        )
        return json(await database.run(desk.find, asked, cursor=cursor, limit=limit))

    @routes.get("/{article}/work", responses=answers(Work), dependencies=[waits])
    async def work(article: UUID) -> Response:
        """One article, however it stands."""
        return json(await database.run(_work, article))

    @routes.get("/{article}/editions", responses=answers(Page[EditionOut]), dependencies=[waits])
    async def editions(article: UUID) -> Response:
        """All that its readers were ever given, the first one first."""
        found = await database.run(desk.editions, article)
        return json(Page([EditionOut(at, e.title, e.body, e.by, e.at) for at, e in enumerate(found, start=1)]))


def _writing(routes: Router, parts: Parts) -> None:
    @routes.post("/drafts", status_code=201, responses=answers(Written, 201))
    async def begin(body: DraftIn, who: Caller, key: Key) -> Response:
        """Begin an article that nobody but agents sees."""
        where = asking(article_id(who.name, key), who.name)
        begun = writing.Begin(
            kind=body.kind, title=body.title, body=body.body, language=body.language, source=body.source, **where
        )
        position = await parts.library.run(begun, repeatable=key is not None)
        return json(Written(begun.article, position), 201, position=position)

    @routes.put("/{article}/draft", responses=answers(Written))
    async def save(article: UUID, body: TextIn, who: Caller) -> Response:
        """Save the text as it is being worked on."""
        saved = writing.SaveDraft(title=body.title, body=body.body, wording=body.wording, **asking(article, who.name))
        return await _done(parts, saved)

    @routes.delete("/{article}/draft", responses=answers(Written))
    async def drop(article: UUID, who: Caller) -> Response:
        """Give it up; readers go on with what was published."""
        return await _done(parts, writing.DropDraft(**asking(article, who.name)))

    @routes.post("/{article}/publish", responses=answers(Written))
    async def publish(article: UUID, body: PublishIn, who: Caller, key: Key) -> Response:  # noqa: ARG001 -- twice: 409
        """Give the draft to the readers."""
        alone = may_publish_alone(who, reviewed=parts.hub.settings.article_review)
        asked = writing.PublishDraft(wording=body.wording, alone=alone, **asking(article, who.name))
        return await _done(parts, asked)

    @routes.post("/{article}/ask-review", responses=answers(Written))
    async def ask(article: UUID, who: Caller, key: Key) -> Response:  # noqa: ARG001 -- a repeat changes nothing
        """Somebody else is to read the draft."""
        return await _done(parts, writing.AskReview(**asking(article, who.name)))

    @routes.post("/{article}/decline", responses=answers(Written))
    async def decline(article: UUID, body: DeclineIn, who: Caller, key: Key) -> Response:  # noqa: ARG001 -- likewise
        """Not like this."""
        return await _done(parts, writing.DeclineReview(reason=body.reason, **asking(article, who.name)))

    @routes.post("/{article}/reinstate", responses=answers(Written))
    async def reinstate(article: UUID, who: Caller, key: Key) -> Response:  # noqa: ARG001 -- likewise
        """Readers find it again."""
        return await _done(parts, writing.Reinstate(**asking(article, who.name)))

    @routes.post("/{article}/editions/{edition}/restore", responses=answers(Written))
    async def restore(article: UUID, edition: int, who: Caller, key: Key) -> Response:  # noqa: ARG001 -- twice: 409
        """Make an edition's text the draft."""
        return await _done(parts, writing.RestoreEdition(edition=edition, **asking(article, who.name)))


def _shelving(routes: Router, parts: Parts) -> None:
    @routes.put("/{article}/filing", responses=answers(Written))
    async def file(article: UUID, body: FilingIn, who: Caller) -> Response:
        """Where it stands and who may read it."""
        filing = Filing(body.kind, body.category, body.labels, body.products, body.versions, body.audience)
        alone = may_publish_alone(who, reviewed=parts.hub.settings.article_review)
        asked = shelving.Describe(
            filing=filing, filing_changes=body.filing_changes, alone=alone, **asking(article, who.name)
        )
        return await _done(parts, asked)

    @routes.put("/{article}/review-date", responses=answers(Written))
    async def review(article: UUID, body: ReviewDateIn, who: Caller) -> Response:
        """When it is to be looked at again."""
        asked = shelving.PlanReview(on=body.on, found_right=body.found_right, **asking(article, who.name))
        return await _done(parts, asked)

    @routes.put("/{article}/translation", responses=answers(Written))
    async def translate(article: UUID, body: TranslationIn, who: Caller) -> Response:
        """It says what the original says now; 409 where another article translates it into that language."""
        return await _done(parts, shelving.Translate(original=body.original, **asking(article, who.name)))

    @routes.put("/{article}/redirect", responses=answers(Written))
    async def lead(article: UUID, body: RedirectIn, who: Caller) -> Response:
        """Where its readers are led."""
        return await _done(parts, shelving.Redirect(to=body.to, **asking(article, who.name)))

    @routes.put("/{article}/pin", responses=answers(Written))
    async def pin(article: UUID, body: PinIn, who: Caller) -> Response:
        """Before what rises by itself."""
        where = asking(article, who.name)
        if body.rank is None:
            return await _done(parts, shelving.Unpin(shelf=body.shelf, **where))
        return await _done(parts, shelving.Pin(shelf=body.shelf, rank=body.rank, **where))


def _files(routes: Router, parts: Parts) -> None:
    @routes.post("/{article}/files", status_code=201, responses=answers(FileOut, 201), openapi_extra=_DOCUMENTED)
    async def add(request: Request, article: UUID, who: Caller) -> Response:
        """Keep a picture or a download, with what people call its version."""
        http_body.media_type(request, http_body.MULTIPART)
        form = await http_body.parse_multipart(request, POST_MAX_BYTES, max_files=1, max_fields_bytes=1024)
        try:
            given = form.get("file")
            if not isinstance(given, UploadFile) or not given.filename:
                raise InvalidError("which file?", field="file")
            if not (await parts.library.state(article)).known:
                raise NotFoundError("no such article")
            name, kind, release = given.filename, given.content_type or "", str(form.get("release") or "")
            data = await given.read()
        finally:
            await form.close()
        alone = may_publish_alone(who, reviewed=parts.hub.settings.article_review)
        asked = await asyncio.to_thread(
            kept, parts.hub.blobs, data, name=name, kind=kind, release=release, alone=alone, **asking(article, who.name)
        )
        position = await parts.library.run(asked)
        content = asked.content
        url = address_of(article, asked.file)
        out = FileOut(asked.file, content.name, content.bytes, content.media_type, asked.sha256, asked.release, url)
        return json(out, 201, position=position)

    @routes.delete("/{article}/files/{file}", responses=answers(Written))
    async def remove(article: UUID, file: UUID, who: Caller) -> Response:
        """No longer offered."""
        alone = may_publish_alone(who, reviewed=parts.hub.settings.article_review)
        return await _done(parts, shelving.RemoveFile(file=file, alone=alone, **asking(article, who.name)))


def _work(connection: Connection, article: UUID) -> Work:
    row = desk.get(connection, article)
    if row is None:
        raise NotFoundError("no such article")
    return Work(
        article=row,
        files=[
            FileOut(e.file, e.name, e.bytes, e.media_type, e.sha256, e.release, address_of(article, e.file))
            for e in desk.files(connection, article)
        ],
        translations=desk.translations(connection, row.original or article),
        pins=desk.pins(connection, article),
        doubts=desk.doubts(connection, article),
    )
