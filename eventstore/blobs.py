"""Blobs: what is too large for an event (raw mail, attachments, HTML). Written before the record that names them.

A local folder by default, an object store by URL. Ids are random and never shared: erasing one person's blob
can't take another's. Synchronous: call from a worker thread.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Generator, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from eventstore.object_blobs import ObjectBlobs
from schemas.errors import BlobUnavailableError, NotFoundError, SettingsError

_ID = re.compile(r"[0-9a-f]{32}")
_PARTIAL_SECONDS = 24 * 3600


class Blobs(Protocol):
    """Bytes under an id. Every method raises BlobUnavailableError when the store can't be reached or is full."""

    def put(self, data: bytes) -> str:
        """Keep; returns the id once it is durable."""
        ...

    def get(self, blob: str) -> bytes:
        """The bytes. Raises NotFoundError, also for what can't be an id."""
        ...

    def size(self, blob: str) -> int:
        """How many bytes it has. Raises NotFoundError."""
        ...

    def piece(self, blob: str, start: int, length: int) -> bytes:
        """Some of its bytes; not beyond its size. Raises NotFoundError."""
        ...

    def missing(self, blobs: Iterable[str]) -> set[str]:
        """Those of the given ids that are not here."""
        ...

    def delete(self, blobs: Iterable[str]) -> None:
        """Remove; one that isn't here is no error."""
        ...

    def stored_before(self, moment: datetime, *, since: datetime | None = None, shard: str = "") -> Iterator[str]:
        """Ids of blobs written before a moment (and not before `since`): candidates for a clean-up.

        `shard`: two digits that the ids begin with; without, all of them.
        """
        ...

    def claim(self, owner: str) -> bool:
        """Whoever claims first is the store's owner for good. False: it is another's."""
        ...

    def check(self) -> None:
        """Can it keep something right now?"""
        ...


def open_blobs(url: str, data: Path) -> Blobs:
    """The store at a URL (`s3://bucket/path`, `file:///path`, …); without one, the folder `blobs` of `data`."""
    if not url:
        return FolderBlobs(data / "blobs")
    parts = urlsplit(url)
    if not parts.scheme:
        raise SettingsError(f"CAUCE_BLOBS is a URL such as s3://bucket/path or file:///path, not {url!r}")
    if parts.scheme == "file":  # obstore's local put does not fsync
        return FolderBlobs(Path(unquote(parts.path)))
    return ObjectBlobs(url)


class FolderBlobs:
    """A folder, fanned out by the first two digits of the id. `put` returns after file and folder are on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._partial = folder / "partial"

    def put(self, data: bytes) -> str:  # noqa: D102 -- see Blobs
        blob = uuid4().hex
        folder, partial = f"{self._folder}/{blob[:2]}", f"{self._partial}/{blob}"
        try:
            self._make(folder)
            self._make(self._partial)
            _write_durably(partial, data)
            os.rename(partial, f"{folder}/{blob}")
            _fsync_folder(folder)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.unlink(partial)
            raise BlobUnavailableError(f"blob not kept: {error.strerror}") from error
        return blob

    def get(self, blob: str) -> bytes:  # noqa: D102 -- see Blobs
        with _read():
            return self._path(blob).read_bytes()

    def size(self, blob: str) -> int:  # noqa: D102 -- see Blobs
        with _read():
            return self._path(blob).stat().st_size

    def piece(self, blob: str, start: int, length: int) -> bytes:  # noqa: D102 -- see Blobs
        with _read(), open(self._path(blob), "rb") as file:
            file.seek(start)
            return file.read(length)

    def missing(self, blobs: Iterable[str]) -> set[str]:  # noqa: D102 -- see Blobs
        missing = {blob for blob in blobs if _ID.fullmatch(blob) is None or not self._path(blob).is_file()}
        if missing and not self._folder.is_dir():  # not mounted, perhaps: that is no loss
            raise BlobUnavailableError("the blob folder is not there")
        return missing

    def delete(self, blobs: Iterable[str]) -> None:  # noqa: D102 -- see Blobs
        try:
            for blob in blobs:
                if _ID.fullmatch(blob) is not None:
                    self._path(blob).unlink(missing_ok=True)
        except OSError as error:
            raise BlobUnavailableError(f"blob not deleted: {error.strerror}") from error

    def stored_before(  # noqa: D102 -- see Blobs
        self, moment: datetime, *, since: datetime | None = None, shard: str = ""
    ) -> Iterator[str]:
        for path in self._folder.glob(f"{shard or '[0-9a-f][0-9a-f]'}/*"):
            with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                if written < moment and (since is None or written >= since) and _ID.fullmatch(path.name):
                    yield path.name

    def claim(self, owner: str) -> bool:  # noqa: D102 -- see Blobs
        path = self._folder / "owner"
        try:
            self._make(self._partial)
            partial = self._partial / f"owner-{uuid4().hex}"
            _write_durably(partial, owner.encode())
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(partial)  # whole or not at all, and never over another's
            partial.unlink()
            return path.read_text() == owner
        except OSError as error:
            raise BlobUnavailableError(f"blob store not claimed: {error.strerror}") from error

    def check(self) -> None:
        """Write, read, remove; and sweep up what writers that died left half-written."""
        blob = self.put(b"check")
        self.get(blob)
        self.delete([blob])
        self._sweep()

    def _sweep(self) -> None:
        for path in self._partial.iterdir():
            with contextlib.suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _PARTIAL_SECONDS:
                    path.unlink()

    def _path(self, blob: str) -> Path:
        # an id comes from URLs and old records: nothing but an id may become a path
        if _ID.fullmatch(blob) is None:
            raise NotFoundError("no such blob")
        return self._folder / blob[:2] / blob

    def _make(self, folder: str | Path) -> None:
        if os.path.isdir(folder):
            return
        if not self._folder.is_dir():
            self._folder.mkdir(parents=True, exist_ok=True)
            _fsync_folder(self._folder.parent)
        Path(folder).mkdir(exist_ok=True)
        _fsync_folder(self._folder)


@contextlib.contextmanager
def _read() -> Generator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFoundError("no such blob") from error
    except OSError as error:
        raise BlobUnavailableError(f"blob not read: {error.strerror}") from error


def _write_durably(path: str | Path, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _fsync_folder(folder: str | Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
