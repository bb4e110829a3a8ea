"""Puts a folder of articles into the library, each with its files in a transaction of its own.

An article's id follows from the name of the import and its place in the folder: run again, it goes on, and what is
there already stays as it is, unless asked to be brought up to date.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from channels.attachments import FILE_MAX_BYTES
from eventstore.blobs import Blobs
from schemas.errors import InvalidError, RefusedError
from schemas.ids import scoped_id
from services.knowledge import folder
from services.knowledge.article_files import address_of, kept
from services.knowledge.folder import Source
from services.knowledge.library import ArticleRequest, Library
from services.knowledge.shelving import AddFile, Describe, Translate
from services.knowledge.state import Article
from services.knowledge.writing import Begin, Publish, Revise


@dataclass
class Imported:
    """How it goes, and at the end how it went. `reasons`: (which file, why) of the refused ones."""

    new: int = 0
    changed: int = 0
    there: int = 0
    reasons: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`name`: of the import; `update`: the text of the folder goes over what is here; `drafts`: nobody reads it yet."""

    name: str
    language: str
    by: str
    drafts: bool = False
    update: bool = False


class Import:
    """One run. `done` is right at any moment, also after it was broken off."""

    def __init__(self, library: Library, blobs: Blobs, where: Path, wanted: Wanted, done: Imported) -> None:
        """Raises InvalidError for a folder without articles."""
        self._library = library
        self._blobs = blobs
        self._where = where
        self._wanted = wanted
        self.done = done
        self.paths = folder.sources(where)
        if not self.paths:
            raise InvalidError("no article in it: it takes .md and .html files")
        self._ids = {path.resolve(): self._id(path) for path in self.paths}

    async def run(self, step: Callable[[int], None]) -> None:
        """All of them; `step` is told of so many more. Raises LogUnavailableError: run it again."""
        for path in self.paths:
            try:
                source = await asyncio.to_thread(folder.read, path, self._where, language=self._wanted.language)
                await self._one(self._ids[path.resolve()], source)
            except RefusedError as error:
                self.done.reasons.append((folder.place_of(path, self._where), str(error)))
            step(1)
        await self._translations()

    async def _one(self, article: UUID, source: Source) -> None:
        now = await self._library.state(article)
        if now.known and not self._wanted.update:
            self.done.there += 1
            return
        files = await asyncio.to_thread(lambda: list(self._files(article, source)))
        addresses = {said: address_of(article, file.file) for said, file in files}
        addresses |= {said: f"/articles/{self._ids[lies]}" for said, lies in source.beside.items() if lies in self._ids}
        body = folder.with_links(source.body, addresses)
        requests = self._requests(article, source, body, now)
        await self._library.run(*requests, *(file for _, file in files))
        if not now.known:
            self.done.new += 1
        elif now.text is None or (now.text.title, now.text.body) != (source.title, body):
            self.done.changed += 1
        else:
            self.done.there += 1

    def _requests(self, article: UUID, source: Source, body: str, now: Article) -> list[ArticleRequest]:
        by, at = self._wanted.by, datetime.now(UTC)
        filed = Describe(article=article, filing=source.filing, by=by, now=at)
        if now.known:
            return [Revise(article=article, title=source.title, body=body, by=by, now=at), filed]
        kind = Begin if self._wanted.drafts else Publish
        begun = kind(
            article=article,
            kind=source.filing.kind,
            title=source.title,
            body=body,
            language=source.language,
            by=by,
            now=at,
        )
        return [begun, filed]

    def _files(self, article: UUID, source: Source) -> Iterator[tuple[str, AddFile]]:
        """What the text names beside it; the same file, changed, is another."""
        for said, lies in source.beside.items():
            if lies in self._ids:
                continue
            data = folder.content(lies, FILE_MAX_BYTES)
            yield (
                said,
                kept(
                    self._blobs,
                    data,
                    article=article,
                    name=lies.name,
                    kind=mimetypes.guess_type(lies.name)[0] or "",
                    file=scoped_id("article-file", str(article), lies.name, hashlib.sha256(data).hexdigest()),
                    by=self._wanted.by,
                    now=datetime.now(UTC),
                ),
            )

    async def _translations(self) -> None:
        """The same place under another language's folder is the same article: the first one is the original."""
        for original, others in self._alike():
            for other in others:
                asked = Translate(article=other, original=original, by=self._wanted.by, now=datetime.now(UTC))
                try:
                    if (await self._library.state(other)).translation is None:
                        await self._library.run(asked)
                except RefusedError:
                    continue  # in the same language after all, or refused above: each stands for itself

    def _alike(self) -> Iterator[tuple[UUID, Sequence[UUID]]]:
        found: dict[str, list[UUID]] = {}
        for path in self.paths:
            place = path.relative_to(self._where)
            found.setdefault(folder.common_place(place), []).append(self._ids[path.resolve()])
        for first, *others in found.values():
            if others:
                yield first, others

    def _id(self, path: Path) -> UUID:
        return scoped_id("article-import", self._wanted.name, folder.place_of(path, self._where))
