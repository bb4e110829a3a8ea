"""Files a customer uploads: into the blob store, each under an id of its own, before the record that names them."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from typing import BinaryIO, Protocol

from channels.text import one_line, shorten
from eventstore.blobs import Blobs
from schemas.errors import TooLargeError
from schemas.interaction import Attachment

FILE_MAX_BYTES = 10 * 1024 * 1024
_NAME_MAX_BYTES = 255

_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}")


class Upload(Protocol):
    """A file of a multipart form, as starlette's UploadFile is."""

    @property
    def filename(self) -> str | None:
        """As the browser calls it."""
        ...

    @property
    def content_type(self) -> str | None:
        """As the browser calls it."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes."""
        ...

    @property
    def file(self) -> BinaryIO:
        """What it holds, from its beginning."""
        ...


class Attachments:
    """Keeps uploads in the blob store, a few at a time: each is held in memory while it is written."""

    def __init__(self, blobs: Blobs, *, at_once: int = 4) -> None:
        self._blobs = blobs
        self._gate = asyncio.Semaphore(at_once)

    async def keep(self, uploads: Sequence[Upload]) -> tuple[tuple[Attachment, ...], list[bytes]]:
        """The files, durable, and the SHA-256 of each. Raises TooLargeError, BlobUnavailableError."""
        for upload in uploads:
            if (upload.size or 0) > FILE_MAX_BYTES:
                name = file_name(upload.filename)
                raise TooLargeError(f"a file may have {FILE_MAX_BYTES} bytes, {name} has {upload.size}")
        kept: list[Attachment] = []
        digests: list[bytes] = []
        for upload in uploads:
            async with self._gate:
                attachment, digest = await asyncio.to_thread(_put, self._blobs, upload)
            kept.append(attachment)
            digests.append(digest)
        return tuple(kept), digests


def _put(blobs: Blobs, upload: Upload) -> tuple[Attachment, bytes]:
    data = upload.file.read()
    name, kind = file_name(upload.filename), media_type(upload.content_type)
    attachment = Attachment(name=name, bytes=len(data), media_type=kind, blob=blobs.put(data))
    return attachment, hashlib.sha256(f"{name}\0{kind}\0".encode() + data).digest()


def file_name(given: str | None) -> str:
    """A name to show and to save under: one line, without a path. Never empty."""
    last = re.split(r"[/\\]", given or "")[-1]
    return shorten(one_line(last), _NAME_MAX_BYTES).strip(". ") or "file"


def media_type(given: str | None) -> str:
    """A media type without parameters; bytes of unknown kind where it isn't one."""
    folded = (given or "").partition(";")[0].strip().lower()
    return folded if _MEDIA_TYPE.fullmatch(folded) else "application/octet-stream"
