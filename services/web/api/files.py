"""Attachments and originals over the API, from the blob store: downloads, but for pictures that surely are pictures.

A mail's HTML is a document of its own for a sandboxed frame: no script, no form, no remote picture unless asked for.
"""

# pyright: reportUnusedFunction=false
# -- routes are registered by their decorators

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
from collections.abc import AsyncGenerator, Mapping
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Path, Query
from starlette.responses import HTMLResponse, Response, StreamingResponse

from channels.email import original
from channels.email.words.links import with_hosts
from channels.email.words.pictures import labelled, settled, waiting
from eventstore.blobs import Blobs
from projections import timeline
from projections.timeline import StoredFile
from schemas.errors import DecodeError, NotFoundError, TooLargeError
from services.web.parts import Parts
from services.web.routing import Router

_PICTURES: Mapping[str, tuple[bytes, ...]] = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
}
PREVIEW_MAX_BYTES = 3 * 1024 * 1024
PIECE_BYTES = 256 * 1024

_STYLE = (
    "html{color-scheme:light;background:#fff;color:#111;font:15px/1.5 system-ui,sans-serif}"
    "body{margin:0;padding:12px;overflow-wrap:anywhere}img{max-width:100%;height:auto}"
    "table{max-width:100%;border-collapse:collapse}pre{white-space:pre-wrap}"
    "blockquote,.quoted{margin:0 0 0 4px;padding-left:12px;border-left:3px solid #ccc;color:#555}"
    "blockquote .quoted{border:0;padding:0}.signature{color:#666}"
    ".picture{display:inline-block;padding:3px 9px;border:1px dashed #999;border-radius:6px;color:#555;"
    "background:#f6f6f6;font-size:13px}.picture::before{content:'▧ '}"
    ".host,.elsewhere{display:inline-block;max-width:100%}.host{font-size:12px;color:#666}.host::before{content:'→ '}"
    ".elsewhere{font-size:13px;color:#8a2f00;background:#fff1e6;border-radius:4px;padding:0 5px}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

Index = Annotated[int, Path(ge=0, le=10_000)]


def router(parts: Parts) -> Router:
    """`/api/v1/interactions/{interaction}/…`."""
    routes = Router(prefix="/api/v1/interactions", tags=["incidents"])
    database, blobs = parts.hub.database, parts.hub.blobs

    @routes.get("/{interaction}/attachments/{index}", response_class=Response)
    async def get_attachment(interaction: UUID, index: Index, inline: Annotated[bool, Query()] = False) -> Response:
        """The file, as a download; `inline`: shown, where it is a picture beyond doubt."""
        return await download(parts, interaction, index, inline=inline)

    @routes.get("/{interaction}/raw", response_class=Response)
    async def get_raw(interaction: UUID) -> Response:
        """A mail as it came, as a download."""
        found = await database.run(timeline.original, interaction)
        if found is None or not found.raw:
            raise NotFoundError("no original is kept")
        file = StoredFile(name=f"{interaction}.eml", bytes=0, media_type="message/rfc822", blob=found.raw)
        return await served(blobs, file)

    @routes.get("/{interaction}/html", response_class=Response)
    async def get_html(interaction: UUID, pictures: Annotated[bool, Query()] = False) -> Response:
        """A mail's HTML, made safe, for a frame; `pictures`: with those that lie elsewhere, which tell who reads."""
        found = await database.run(timeline.original, interaction)
        if found is None or not (found.html or found.raw):
            raise NotFoundError("there is no HTML in it")
        if pictures and found.raw:
            if await asyncio.to_thread(blobs.size, found.raw) > original.RAW_MAX_BYTES:
                raise TooLargeError("too large to be shown: download the original")
            raw = await asyncio.to_thread(blobs.get, found.raw)
            with contextlib.suppress(DecodeError):  # it costs too much to be read again: as it was when it came
                return framed(await parts.previews.with_pictures(interaction, raw), pictures=True)
        html = (await asyncio.to_thread(blobs.get, found.html)).decode(errors="replace") if found.html else ""
        if found.raw and waiting(html):
            html = await asyncio.to_thread(_with_carried, blobs, html, found.raw)
        return framed(html, pictures=False)

    return routes


def _with_carried(blobs: Blobs, html: str, blob: str) -> str:
    return original.with_carried(html, blobs.get(blob)) if blobs.size(blob) <= original.RAW_MAX_BYTES else html


async def download(
    parts: Parts, interaction: UUID, index: int, *, thread: UUID | None = None, inline: bool = False
) -> Response:
    """An attachment's bytes; with `thread`, only of that thread. Raises NotFoundError."""
    file = await parts.hub.database.run(timeline.stored_file, interaction, index, thread=thread)
    if file is None:
        raise NotFoundError("no such attachment")
    return await served(parts.hub.blobs, file, inline=inline)


async def served(blobs: Blobs, file: StoredFile, *, inline: bool = False) -> Response:
    """A file for a browser that must neither guess nor run it, piece by piece: whoever is slow holds but one."""
    size = await asyncio.to_thread(blobs.size, file.blob)
    shown = inline and size <= PREVIEW_MAX_BYTES and file.media_type in _PICTURES
    shown = shown and _is_picture(file.media_type, await asyncio.to_thread(blobs.piece, file.blob, 0, min(size, 12)))
    kind = file.media_type if shown else "application/octet-stream"
    disposition = "inline" if kind != "application/octet-stream" else "attachment"
    headers = {
        "Content-Disposition": f"{disposition}; filename*=UTF-8''{quote(file.name or 'attachment', safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Content-Length": str(size),
    }
    return StreamingResponse(_pieces(blobs, file.blob, size), media_type=kind, headers=headers)


async def _pieces(blobs: Blobs, blob: str, size: int) -> AsyncGenerator[bytes]:
    for start in range(0, size, PIECE_BYTES):
        yield await asyncio.to_thread(blobs.piece, blob, start, min(PIECE_BYTES, size - start))


def framed(html: str, *, pictures: bool) -> Response:
    """Cleaned HTML as a document for a sandboxed frame. Its policy is the second lock, the frame's the third.

    Each link says where it leads; no picture is left that the policy would refuse.
    """
    html = with_hosts(labelled(settled(html, {}, remote=pictures)))
    sources = "data: https: http:" if pictures else "data:"
    policy = (
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
        f"style-src 'sha256-{_STYLE_HASH}'; img-src {sources}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    )
    page = (
        '<!doctype html><html><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<base target="_blank"><title>-</title><style>{_STYLE}</style></head><body>{html}</body></html>'
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"})


def _is_picture(media_type: str, data: bytes) -> bool:
    """By what it says and by how it begins."""
    return data.startswith(_PICTURES[media_type]) and (media_type != "image/webp" or data[8:12] == b"WEBP")
