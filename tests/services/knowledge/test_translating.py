"""That an article has one translation into a language, on a real database, whatever is read of it by then."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import pytest

from eventstore.database import Database
from eventstore.keys import Keys
from eventstore.ledger import Ledger
from schemas.errors import ConflictError
from schemas.facts.article import ArticleKind
from services.knowledge.library import Library, asking
from services.knowledge.shelving import Translate
from services.knowledge.writing import Begin, DropDraft, Publish, TakeUpDraft
from tests.projections.views import make_views

ORIGINAL = UUID(int=1)


def _begun(article: UUID, language: str = "en") -> tuple[Begin, Translate]:
    where = asking(article, "ana")
    begin = Begin(kind=ArticleKind.FAQ, title="Twice", body="", language=language, **where)
    return begin, Translate(original=ORIGINAL, **where)


async def test_of_forms_at_the_same_moment_one_begins_the_translation(database: Database, keys: Keys) -> None:
    make_views(database)  # and nothing is ever folded into them
    library = Library(database, Ledger(keys))
    body = {"kind": ArticleKind.FAQ, "title": "Dos veces", "body": "Una", "language": "es"}
    await library.run(Publish(article=ORIGINAL, by="ana", now=datetime.now(UTC), **body))
    ids = [UUID(int=number) for number in range(2, 8)]
    outcomes = await asyncio.gather(*(library.run(*_begun(each)) for each in ids), return_exceptions=True)
    (first,) = [each for each, came in zip(ids, outcomes, strict=True) if isinstance(came, int)]
    others = [each for each in ids if each != first]
    assert all(isinstance(came, ConflictError) for came in outcomes if not isinstance(came, int))
    assert not (await library.state(others[0])).known  # nothing was begun
    await library.run(*_begun(others[0], "fr"))
    await library.run(DropDraft(**asking(first, "ana")))
    await library.run(*_begun(others[1], "en-GB"))
    with pytest.raises(ConflictError, match=str(others[1])):
        await library.run(TakeUpDraft(**asking(first, "ana")))
