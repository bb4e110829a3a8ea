"""Where an export is written: into a folder, or a ZIP. Reads what there is of the articles, and their blobs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile

from eventstore.blobs import Blobs
from eventstore.database import Database
from projections import articles
from projections.articles import Article, Reader
from schemas.errors import InvalidError
from services.knowledge.exporting import Export


def gather(database: Database, reader: Reader, public_url: str) -> Export:
    """What this reader may see. Blocks, here and whenever its texts are read."""

    def texts(wanted: Sequence[UUID]) -> Sequence[Article]:
        with database.transaction() as connection:
            return articles.get_each(connection, reader, wanted)

    with database.transaction() as connection:
        found = articles.outlines(connection, reader)
        files = articles.files(connection, reader, [each.id for each in found])
    return Export(found, files, public_url.rstrip("/"), texts)


def into_folder(export: Export, blobs: Blobs, folder: Path, step: Callable[[int], None]) -> int:
    """Blocks. How many files. Raises InvalidError for a folder that holds something else."""
    if folder.exists() and any(folder.iterdir()) and not (folder / "index.html").is_file():
        raise InvalidError(f"{folder} holds something else: name an empty folder, or an earlier export")
    count = 0
    for path, data in _files(export, blobs):
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        step(1)
        count += 1
    return count


def into_zip(export: Export, blobs: Blobs, out: BinaryIO) -> None:
    """Blocks."""
    with ZipFile(out, "w", ZIP_DEFLATED) as packed:
        for path, data in _files(export, blobs):
            packed.writestr(f"articles/{path}", data)


def _files(export: Export, blobs: Blobs) -> Iterator[tuple[str, bytes]]:
    for each in export.written():
        yield each.path, blobs.get(each.blob) if each.blob else each.data
