"""Attachments over the API, from the blob store; never shown inside our pages, whatever they say they are."""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from projections import timeline
from schemas.errors import NotFoundError
from services.web.parts import Parts


def router(parts: Parts) -> APIRouter:
    """`/api/v1/interactions/{interaction}/attachments/{index}`."""
    routes = APIRouter(prefix="/api/v1/interactions", tags=["incidents"])

    @routes.get("/{interaction}/attachments/{index}", response_class=Response)
    async def get_attachment(interaction: UUID, index: Annotated[int, Path(ge=0, le=10_000)]) -> Response:
        """The file, as a download."""
        return await download(parts, interaction, index)

    return routes


async def download(parts: Parts, interaction: UUID, index: int, *, thread: UUID | None = None) -> Response:
    """An attachment's bytes; with `thread`, only of that thread. Raises NotFoundError."""
    file = await parts.hub.database.run(timeline.stored_file, interaction, index, thread=thread)
    if file is None:
        raise NotFoundError("no such attachment")
    data = await asyncio.to_thread(parts.hub.blobs.get, file.blob)
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name or 'attachment', safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return Response(data, media_type="application/octet-stream", headers=headers)
