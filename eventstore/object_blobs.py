"""Blobs in an object store (S3, GCS, Azure …) by URL: the same promises as the folder in blobs.py."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Coroutine, Iterable, Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Literal, TypeVar
from uuid import uuid4

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore, from_url

from schemas.errors import BlobUnavailableError, NotFoundError, SettingsError

T = TypeVar("T")

_ID = re.compile(r"[0-9a-f]{32}")
_OWNER = "owner"
_SECONDS = 4.0  # a channel answers within 5 s, whatever the store does


class ObjectBlobs:
    """Objects named `ab/ab12…` under the URL's path. `put` returns once the store has acknowledged."""

    def __init__(self, url: str) -> None:
        try:
            self._store: ObjectStore = _open(url)
        except (BaseError, ValueError) as error:
            raise SettingsError(f"CAUCE_BLOBS can't be used: {str(error).splitlines()[0]}") from error

    def put(self, data: bytes) -> str:  # noqa: D102 -- see Blobs
        blob = uuid4().hex
        _in_time("kept", self._put(_path(blob), data))
        return blob

    def get(self, blob: str) -> bytes:  # noqa: D102 -- see Blobs
        return _read(self._get(_path(blob)))

    def size(self, blob: str) -> int:  # noqa: D102 -- see Blobs
        return _read(self._size(_path(blob)))

    def piece(self, blob: str, start: int, length: int) -> bytes:  # noqa: D102 -- see Blobs
        return _read(self._piece(_path(blob), start, length))

    def missing(self, blobs: Iterable[str]) -> set[str]:  # noqa: D102 -- see Blobs
        missing = {blob for blob in blobs if _ID.fullmatch(blob) is None or not _in_time("found", self._has(blob))}
        if missing:
            _in_time("found", self._list_one())  # a store that isn't there has lost nothing
        return missing

    def delete(self, blobs: Iterable[str]) -> None:  # noqa: D102 -- see Blobs
        for blob in blobs:
            with contextlib.suppress(FileNotFoundError, NotFoundError):
                _in_time("deleted", self._delete(_path(blob)))

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
        return _in_time("claimed", self._claim(owner.encode()))

    def check(self) -> None:
        """Write, read, remove."""
        _in_time("checked", self._check(_path(uuid4().hex)))

    async def _put(self, path: str, data: bytes, mode: Literal["create", "overwrite"] = "overwrite") -> None:
        try:
            # whole: of parts that are broken off, those that came stay in the store, unseen
            await obstore.put_async(self._store, path, data, mode=mode, use_multipart=False)
        except FileNotFoundError as error:
            raise BlobUnavailableError(f"the bucket is not there: {error}") from error

    async def _get(self, path: str) -> bytes:
        return bytes(await (await obstore.get_async(self._store, path)).bytes_async())

    async def _size(self, path: str) -> int:
        return (await obstore.head_async(self._store, path))["size"]

    async def _piece(self, path: str, start: int, length: int) -> bytes:
        if not length:
            return b""  # no range of a request is empty
        return bytes(await obstore.get_range_async(self._store, path, start=start, length=length))

    async def _delete(self, path: str) -> None:
        await obstore.delete_async(self._store, path)

    async def _has(self, blob: str) -> bool:
        with contextlib.suppress(FileNotFoundError):
            await obstore.head_async(self._store, _path(blob))
            return True
        return False

    async def _list_one(self) -> None:
        async for _ in obstore.list(self._store, chunk_size=1):  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]  # -- its Arrow overload
            return

    async def _claim(self, owner: bytes) -> bool:
        with contextlib.suppress(AlreadyExistsError):
            await self._put(_OWNER, owner, "create")
        return await self._get(_OWNER) == owner

    async def _check(self, path: str) -> None:
        await self._put(path, b"check")
        await self._get(path)
        await self._delete(path)


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Of a thread of its own: whoever asks, from whatever thread, waits for it there."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="object-blobs", daemon=True).start()
    return loop


def _in_time(done: str, work: Coroutine[None, None, T]) -> T:
    """One clock for all of it: the requests, each tried again, would add their own up. Raises BlobUnavailableError."""

    async def bounded() -> T:
        async with asyncio.timeout(_SECONDS):
            return await work

    try:
        return asyncio.run_coroutine_threadsafe(bounded(), _loop()).result()
    except TimeoutError as error:
        raise BlobUnavailableError(f"blob not {done} within {_SECONDS:g} s") from error
    except BaseError as error:
        raise BlobUnavailableError(f"blob not {done}: {error}") from error


def _read(work: Coroutine[None, None, T]) -> T:
    try:
        return _in_time("read", work)
    except FileNotFoundError as error:
        raise NotFoundError("no such blob") from error


def _open(url: str) -> ObjectStore:
    if url.startswith("memory:"):
        return from_url(url)
    return from_url(
        url,
        client_options={
            "timeout": timedelta(seconds=_SECONDS),
            "connect_timeout": timedelta(seconds=2),
            "allow_http": True,  # where the endpoint says http://; options given here silence AWS_ALLOW_HTTP
        },
        retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=_SECONDS)},
    )


def _path(blob: str) -> str:
    # an id comes from URLs and old records: nothing but an id may become a name
    if _ID.fullmatch(blob) is None:
        raise NotFoundError("no such blob")
    return f"{blob[:2]}/{blob}"
