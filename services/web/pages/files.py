"""Our style sheets, scripts and icons: read at start, cached by browsers for ever under an address with a digest.

`console.css`, `public.js`, … are bundles: the files of `css/shared` and `css/console`, one after the other. A new file
in such a folder is served without anybody naming it.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from schemas.errors import NotFoundError

_FOLDER = Path(__file__).parent.parent / "static"
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
_TEXT = frozenset({".css", ".js", ".svg"})
_GZIP_MIN_BYTES = 512


@dataclass(frozen=True)
class _File:
    data: bytes
    packed: bytes | None
    media_type: str
    digest: str


class StaticFiles:
    """All files of `static/` and the bundles, in memory: there are few, and none appears later."""

    def __init__(self) -> None:
        self._files = _read()

    def url(self, name: str) -> str:
        """Where a page finds it. Raises KeyError for a name that isn't there."""
        return f"/static/{name}?v={self._files[name].digest}"

    async def serve(self, request: Request) -> Response:
        """`GET /static/{path:path}`."""
        file = self._files.get(request.path_params["path"])
        if file is None:
            raise NotFoundError("no such file")
        if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers = {**_FOR_EVER, "Content-Encoding": "gzip"}
            return Response(file.packed, media_type=file.media_type, headers=headers)
        return Response(file.data, media_type=file.media_type, headers=_FOR_EVER)


@cache
def _read() -> Mapping[str, _File]:
    files = {
        path.relative_to(_FOLDER).as_posix(): _file(path.name, path.read_bytes())
        for path in sorted(_FOLDER.rglob("*"))
        if path.is_file() and path.relative_to(_FOLDER).parts[0] not in {"css", "js"}
    }
    for edge in ("console", "public"):
        files[f"{edge}.css"] = _file(f"{edge}.css", _sheets(edge))
        files[f"{edge}.js"] = _file(f"{edge}.js", _scripts(edge))
    return files


def _parts(kind: str, edge: str) -> list[Path]:
    return [path for folder in ("shared", edge) for path in sorted((_FOLDER / kind / folder).glob(f"*.{kind}"))]


def _sheets(edge: str) -> bytes:
    return b"\n".join(path.read_bytes() for path in _parts("css", edge))


def _scripts(edge: str) -> bytes:
    # a block each: what one file declares, the others don't see; what they share is said on `window.cauce`
    blocks = [b"{\n%s\n}" % path.read_bytes() for path in _parts("js", edge)]
    return b"\n".join([b'"use strict";', *blocks])


def _file(name: str, data: bytes) -> _File:
    suffix = Path(name).suffix
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    charset = "; charset=utf-8" if suffix in _TEXT else ""
    packed = gzip.compress(data, 9, mtime=0) if suffix in _TEXT and len(data) > _GZIP_MIN_BYTES else None
    return _File(data, packed, kind + charset, hashlib.sha256(data).hexdigest()[:12])
