"""The composer of an incident's page: its form with files, what can be put into it, and files of a reply taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from uuid import UUID

from msgspec.structs import replace
from starlette.requests import Request

from channels import form, http_body
from channels.attachments import Attachments
from channels.text import clean
from eventstore.database import Connection
from projections import article_search, articles, incidents, timeline
from projections.article_vectors import Meaning
from projections.articles import AGENT
from schemas.interaction import Attachment
from services.drafts import canned, drafts
from services.drafts.drafts import Draft, Kind
from services.drafts.uploads import FILES_MAX
from services.web.api import casework, uploads
from services.web.pages import posted
from services.web.pages.incident_actions import ids_in
from services.web.parts import Parts

_FOUND_MAX = 8


@asynccontextmanager
async def came(request: Request) -> AsyncGenerator[form.Posted]:
    """A form of the page, with or without files. Raises UnsupportedMediaTypeError, TooLargeError, MalformedError."""
    if not request.headers.get("content-type", "").startswith(http_body.MULTIPART):
        yield form.Posted(await posted.fields(request))
        return
    async with form.posted(request) as found:
        fields = {name: clean(value).replace("\r\n", "\n") for name, value in found.fields.items()}
        yield form.Posted(fields, found.files)


async def kept_files(parts: Parts, number: int, found: form.Posted, by: str) -> tuple[UUID, ...]:
    """Uploads named in the form, and files that came with it, now uploads too."""
    before = ids_in(found.fields.get("uploads", ""), "uploads")
    if not found.files:
        return before
    kept, _ = await Attachments(parts.hub.blobs).keep(found.files)
    made = await parts.hub.database.run(uploads.keep, kept, by=by, incident=number)
    return (*before, *(each.id for each in made))


async def give_back(parts: Parts, number: int, interaction: UUID, by: str) -> None:
    """The files of a reply that was taken back can be sent again: as copies, for no two facts share a blob."""
    database, blobs = parts.hub.database, parts.hub.blobs
    copies: list[Attachment] = []
    for index in range(FILES_MAX):
        file = await database.run(timeline.stored_file, interaction, index)
        if file is None:
            break
        data = await asyncio.to_thread(blobs.get, file.blob)
        blob = await asyncio.to_thread(blobs.put, data)
        copies.append(Attachment(name=file.name, bytes=len(data), media_type=file.media_type, blob=blob))
    if copies:
        await database.run(_into_draft, parts, number, tuple(copies), by)


def _into_draft(connection: Connection, parts: Parts, number: int, copies: tuple[Attachment, ...], by: str) -> None:
    found = incidents.sealed_by(connection, number)
    if found is None:
        return
    made = uploads.keep(connection, copies, by=by, incident=number)
    kept = drafts.load(connection, parts.hub.keys, found[0], by=by).get(Kind.REPLY)
    draft = kept.draft if kept is not None else Draft()
    draft = replace(draft, uploads=(*draft.uploads, *(each.id for each in made))[:FILES_MAX])
    drafts.save(connection, parts.hub.keys, *found, Kind.REPLY, draft, by=by)


def insertable(
    connection: Connection, number: int, user: str, q: str, language: str, meaning: Meaning | None
) -> Mapping[str, object]:
    """Canned replies, filled in, and articles; those whose words fit."""
    known = casework.places(connection, number, user)
    found = canned.of(connection, user, q=q, language=language)[:_FOUND_MAX]
    shown = article_search.search(connection, AGENT, q, locale=language, limit=_FOUND_MAX, meaning=meaning).items
    audiences = {each.id: each.audience for each in articles.get_each(connection, AGENT, [each.id for each in shown])}
    return {
        "canned": [(each.name, each.personal, canned.fill(each.body, known)) for each in found],
        "articles": [(each.id, each.title, each.url, audiences.get(each.id, "agents")) for each in shown],
    }
