"""A file leaves piece by piece, as a download: however many are slow, none lies in memory whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.responses import StreamingResponse

from eventstore.blobs import FolderBlobs
from projections.timeline import StoredFile
from schemas.errors import NotFoundError
from services.web.api.files import PIECE_BYTES, served


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, 2 * PIECE_BYTES + 7])
async def test_a_file_is_sent_in_pieces_that_make_it_whole(tmp_path: Path, size: int) -> None:
    blobs = FolderBlobs(tmp_path)
    data = bytes(number % 251 for number in range(size))
    blob = blobs.put(data)
    came = await served(blobs, StoredFile(name="añ\n.png", bytes=size, media_type="image/png", blob=blob), inline=True)
    assert isinstance(came, StreamingResponse)
    pieces = [bytes(piece) async for piece in came.body_iterator if not isinstance(piece, str)]
    assert b"".join(pieces) == data
    assert max(map(len, pieces), default=0) <= PIECE_BYTES
    assert {name: came.headers[name] for name in ("content-length", "content-type", "content-disposition")} == {
        "content-length": str(size),
        "content-type": "application/octet-stream",
        "content-disposition": "attachment; filename*=UTF-8''a%C3%B1%0A.png",
    }
    assert came.headers["content-security-policy"] == "sandbox; default-src 'none'"


async def test_a_file_that_is_gone_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        await served(FolderBlobs(tmp_path), StoredFile(name="a", bytes=1, media_type="a/b", blob="0" * 32))
