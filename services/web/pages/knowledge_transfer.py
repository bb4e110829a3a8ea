"""`/knowledge/transfer`: what everybody may read as a ZIP that reads offline; for admins, a ZIP of a folder in."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.responses import Response, StreamingResponse

from channels import http_body
from projections.articles import ANYBODY
from schemas.errors import InvalidError
from services.knowledge.export_files import gather, into_zip
from services.knowledge.importing import Import, Imported, Wanted
from services.knowledge.unpacking import unpack
from services.web.guard import caller
from services.web.pages import posted
from services.web.pages.screen import Screen
from services.web.parts import Parts
from services.web.routing import Router

POST_MAX_BYTES = 50 * 1024 * 1024
_PIECE_BYTES = 256 * 1024


def router(parts: Parts, screen: Screen) -> Router:
    """The page, and what it does."""
    routes = Router(include_in_schema=False)
    hub = parts.hub

    @routes.get("/knowledge/transfer")
    async def show(request: Request) -> Response:
        return await page(request)

    @routes.get("/knowledge/transfer/articles.zip")
    async def export(_: Request) -> Response:
        found = await asyncio.to_thread(gather, hub.database, ANYBODY, hub.settings.public_url)
        out = TemporaryFile()  # noqa: SIM115 -- gone when it was sent
        await asyncio.to_thread(into_zip, found, hub.blobs, out)
        out.seek(0)
        headers = {"Content-Disposition": 'attachment; filename="articles.zip"'}
        pieces = iter(lambda: out.read(_PIECE_BYTES), b"")
        return StreamingResponse(pieces, media_type="application/octet-stream", headers=headers)

    @routes.post("/knowledge/transfer")
    async def take(request: Request) -> Response:
        http_body.media_type(request, http_body.MULTIPART)
        form = await http_body.parse_multipart(request, POST_MAX_BYTES, max_files=1, max_fields_bytes=1024)
        done = Imported()
        try:
            given = form.get("file")
            if not isinstance(given, UploadFile) or not given.filename:
                raise InvalidError("which file?", field="file")
            wanted = Wanted(
                name=Path(given.filename).stem,
                language=screen.language(request),
                by=caller(request).name,
                drafts=form.get("drafts") == "yes",
                update=form.get("update") == "yes",
            )
            with TemporaryDirectory(prefix="cauce-articles-") as folder:
                await asyncio.to_thread(unpack, given.file, Path(folder))
                await Import(parts.library, hub.blobs, Path(folder), wanted, done).run(lambda _: None)
        except posted.REFUSALS as error:
            return await page(request, error=error)
        finally:
            await form.close()
        return await page(request, done)

    async def page(request: Request, done: Imported | None = None, error: Exception | None = None) -> Response:
        status, headers, refused = posted.outcome(error)
        return screen.render(
            request, "agent/knowledge_transfer.html", {"done": done, **refused}, status=status, headers=headers
        )

    return routes
