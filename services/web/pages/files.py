"""Our style sheets, scripts and icons: read at start, cached by browsers for ever under an address with a digest."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from schemas.errors import NotFoundError

_FOLDER = Path(__file__).parent.parent / "static"
_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_TEXT = frozenset({".css", ".js", ".svg"})


@dataclass(frozen=True)
class _File:
    data: bytes
    media_type: str
    digest: str


class StaticFiles:
    """All files of `static/`, in memory: there are few, and none appears later."""

    def __init__(self) -> None:
        self._files = {
            path.relative_to(_FOLDER).as_posix(): _read(path) for path in sorted(_FOLDER.rglob("*")) if path.is_file()
        }

    def url(self, name: str) -> str:
        """Where a page finds it. Raises KeyError for a name that isn't there."""
        return f"/static/{name}?v={self._files[name].digest}"

    async def serve(self, request: Request) -> Response:
        """`GET /static/{path:path}`."""
        file = self._files.get(request.path_params["path"])
        if file is None:
            raise NotFoundError("no such file")
        return Response(file.data, media_type=file.media_type, headers=_FOR_EVER)


def _read(path: Path) -> _File:
    data = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    charset = "; charset=utf-8" if path.suffix in _TEXT else ""
    return _File(data, kind + charset, hashlib.sha256(data).hexdigest()[:12])
