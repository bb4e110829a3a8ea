"""Files of an article: into the blob store before the fact that names them. Under uploads and the import of folders."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from channels.attachments import FILE_MAX_BYTES, file_name, media_type
from channels.text import one_line
from eventstore.blobs import Blobs
from schemas.errors import TooLargeError
from schemas.ids import new_id, scoped_id
from schemas.interaction import Attachment
from services.knowledge.shelving import AddFile

PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""What may stand in a text; everything else is a download."""


def kept(
    blobs: Blobs,
    data: bytes,
    *,
    article: UUID,
    name: str,
    kind: str,
    release: str = "",
    file: UUID | None = None,
    form: str = "",
    alone: bool = True,
    by: str,
    now: datetime,
) -> AddFile:
    """Durable, and what is to be asked of the library. Blocks. Raises TooLargeError, BlobUnavailableError.

    `form`: by which it came; the same file once more by the same form is no other. `alone`: of AddFile.
    """
    if len(data) > FILE_MAX_BYTES:
        raise TooLargeError(f"a file may have {FILE_MAX_BYTES} bytes, {file_name(name)} has {len(data)}")
    named = file_name(name)
    content = Attachment(name=named, bytes=len(data), media_type=media_type(kind), blob=blobs.put(data))
    digest = hashlib.sha256(data).hexdigest()
    if form:
        file = scoped_id("file of a form", str(article), form, named, digest)
    return AddFile(
        article=article,
        file=file or new_id(),
        content=content,
        sha256=digest,
        release=one_line(release),
        alone=alone,
        by=by,
        now=now,
    )


def address_of(article: UUID, file: UUID) -> str:
    """Where it is to be had; what a text says to show it."""
    return f"/articles/{article}/files/{file}"
