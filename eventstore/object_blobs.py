"""Blobs in an object store (S3, GCS, Azure …) by URL: the same promises as the folder in blobs.py."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import uuid4

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore, from_url

from schemas.errors import BlobUnavailableError, NotFoundError, SettingsError

_ID = re.compile(r"[0-9a-f]{32}")
_OWNER = "owner"
_SECONDS = timedelta(seconds=4)  # a channel answers within 5 s, whatever the store does


class ObjectBlobs:
    """Objects named `ab/ab12…` under the URL's path. `put` returns once the store has acknowledged."""

    def __init__(self, url: str) -> None:
        try:
            self._store: ObjectStore = _open(url)
        except (BaseError, ValueError) as error:
            raise SettingsError(f"CAUCE_BLOBS can't be used: {str(error).splitlines()[0]}") from error

    def put(self, data: bytes) -> str:  # noqa: D102 -- see Blobs
        blob = uuid4().hex
        try:
            obstore.put(self._store, _path(blob), data)
        except BaseError as error:
            raise BlobUnavailableError(f"blob not kept: {error}") from error
        return blob

    def get(self, blob: str) -> bytes:  # noqa: D102 -- see Blobs
        try:
            return bytes(obstore.get(self._store, _path(blob)).bytes())
        except FileNotFoundError as error:
            raise NotFoundError("no such blob") from error
        except BaseError as error:
            raise BlobUnavailableError(f"blob not read: {error}") from error

    def missing(self, blobs: Iterable[str]) -> set[str]:  # noqa: D102 -- see Blobs
        return {blob for blob in blobs if not self._has(blob)}

    def delete(self, blobs: Iterable[str]) -> None:  # noqa: D102 -- see Blobs
        for blob in blobs:
            try:
                obstore.delete(self._store, _path(blob))
            except (FileNotFoundError, NotFoundError):
                continue
            except BaseError as error:
                raise BlobUnavailableError(f"blob not deleted: {error}") from error

    def stored_before(  # noqa: D102 -- see Blobs
        self, moment: datetime, *, since: datetime | None = None, shard: str = ""
    ) -> Iterator[str]:
        try:
            for page in obstore.list(self._store, prefix=shard or None):  # pyright: ignore[reportUnknownMemberType]  # -- its Arrow overload
                for found in page:
                    name, written = found["path"].rpartition("/")[2], found["last_modified"]
                    if _ID.fullmatch(name) and written < moment and (since is None or written >= since):
                        yield name
        except BaseError as error:
            raise BlobUnavailableError(f"blobs not listed: {error}") from error

    def claim(self, owner: str) -> bool:  # noqa: D102 -- see Blobs
        try:
            with contextlib.suppress(AlreadyExistsError):
                obstore.put(self._store, _OWNER, owner.encode(), mode="create")
            return bytes(obstore.get(self._store, _OWNER).bytes()) == owner.encode()
        except BaseError as error:
            raise BlobUnavailableError(f"blob store not claimed: {error}") from error

    def check(self) -> None:
        """Write, read, remove."""
        blob = self.put(b"check")
        self.get(blob)
        self.delete([blob])

    def _has(self, blob: str) -> bool:
        try:
            obstore.head(self._store, _path(blob))
        except (FileNotFoundError, NotFoundError):
            return False
        except BaseError as error:
            raise BlobUnavailableError(f"blob not looked up: {error}") from error
        return True


def _open(url: str) -> ObjectStore:
    if url.startswith("memory:"):
        return from_url(url)
    return from_url(
        url,
        client_options={
            "timeout": _SECONDS,
            "connect_timeout": timedelta(seconds=2),
            "allow_http": True,  # where the endpoint says http://; options given here silence AWS_ALLOW_HTTP
        },
        retry_config={"max_retries": 2, "retry_timeout": _SECONDS},
    )


def _path(blob: str) -> str:
    # an id comes from URLs and old records: nothing but an id may become a name
    if _ID.fullmatch(blob) is None:
        raise NotFoundError("no such blob")
    return f"{blob[:2]}/{blob}"
