"""Vectors of articles follow what articles say, whatever happens to the worker, the model or the server."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest

from eventstore.blobs import FolderBlobs
from projections import article_vectors
from projections.article_search import ARTICLE_SEARCH, search
from projections.articles import ANYBODY, ARTICLES
from schemas.errors import SettingsError, StalePositionError
from schemas.facts.article import ArticleKind, ArticlePublished, ArticleRetired, ArticleRevised, Audience
from schemas.facts.shelving import ArticleDescribed
from services.doctor import Verdict, examine
from services.knowledge.meaning import filling
from services.knowledge.meaning.embedder import Embedder
from services.knowledge.meaning.filling import Filling
from services.knowledge.meaning.questions import Questions
from services.settings import read
from services.wiring import build_hub, open_database
from tests.projections.histories import Recorder
from tests.projections.views import fold_all, make_views
from tests.services.knowledge.embedding_server import say, serving_embeddings

_AT = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Nothing is waited for longer than it takes."""
    monkeypatch.setattr(filling, "_POLL_SECONDS", 0.02)


@pytest.fixture
async def server():
    async with serving_embeddings() as running:
        yield running


@pytest.fixture
def tell(database, keys):
    """Facts, folded at once."""
    make_views(database)
    recorder = Recorder(database, keys)

    def told(*facts) -> None:
        recorder.record(facts)
        fold_all(database, keys, projections=[ARTICLES, ARTICLE_SEARCH])

    with database.transaction() as connection:
        article_vectors.prepare(connection)
        article_vectors.check(connection)
    return told


@pytest.fixture
def filled(database, server, running, until):
    """A worker at work, until every published article has a vector of a model."""

    async def start(model: str = "words", *, without: int = 0) -> asyncio.Task[None]:
        task = running(Filling(database, Embedder(server.named(model)), pause_seconds=0.02).run())

        def done() -> bool:
            with database.transaction() as connection:
                found = article_vectors.progress(connection)
            return found.ready and found.embedder == model and found.embedded == found.published - without

        await until(done)
        return task

    return start


def _published(article: UUID, title: str, body: str = "Nada más.") -> ArticlePublished:
    return ArticlePublished(
        article=article, kind=ArticleKind.FAQ, title=title, body=body, language="es", by="ana", at=_AT
    )


def _kept(database) -> dict[UUID, str]:
    with database.transaction() as connection:
        return dict(connection.execute("SELECT article, text_hash FROM article_vectors").fetchall())


async def _found(database, server, words: str, model: str = "words") -> list[UUID]:
    questions = Questions(Embedder(server.named(model)), wait_seconds=30)
    meaning = await questions.meaning(words)
    await questions.close()
    with database.transaction() as connection:
        return [each.id for each in search(connection, ANYBODY, words, locale="es", meaning=meaning).items]


async def test_what_says_the_same_in_other_words_is_found_and_what_does_not_is_not(tell, database, server, filled):
    bills, access = uuid4(), uuid4()
    tell(_published(bills, "Pedir un recibo"), _published(access, "Cambiar la contraseña"))
    await filled()
    assert await _found(database, server, "invoice") == [bills]
    assert await _found(database, server, "unicornios") == []


async def test_a_changed_text_is_embedded_anew_and_what_is_retired_has_no_vector(tell, database, server, filled, until):
    one, other = uuid4(), uuid4()
    tell(_published(one, "Factura"), _published(other, "Papel"))
    await filled()
    before, asked = _kept(database), len(server.texts)
    tell(ArticleRevised(article=one, title="Acceso", body="x", by="ana", at=_AT))
    await until(lambda: _kept(database)[one] != before[one])
    assert (server.texts[asked:], _kept(database)[other]) == (["Acceso\nx"], before[other])
    tell(ArticleRetired(article=one, by="ana", at=_AT))
    await until(lambda: set(_kept(database)) == {other})


async def test_whom_an_article_is_for_changes_without_asking_again(tell, database, server, filled):
    article = uuid4()
    tell(_published(article, "Factura"))
    await filled()
    asked = len(server.texts)
    described = {"kind": ArticleKind.FAQ, "shelf": "", "by": "ana", "at": _AT}
    tell(ArticleDescribed(article=article, audience=Audience.AGENTS, **described))
    assert await _found(database, server, "invoice") == []
    assert server.texts[asked:] == ["invoice"]


async def test_a_worker_that_was_killed_goes_on_where_it_was(tell, database, server, filled, running, until):
    tell(*(_published(uuid4(), f"Factura {number}") for number in range(40)))
    answering = server._answer

    async def stuck(writer, texts) -> None:
        if len(server.texts) > 16:
            await asyncio.sleep(600)
        await answering(writer, texts)

    server._answer = stuck
    killed = running(Filling(database, Embedder(server.named())).run())
    await until(lambda: len(_kept(database)) == 16 and len(server.texts) == 24)
    killed.cancel()
    await asyncio.wait({killed})
    server._answer, server.asked = answering, []
    await filled()
    assert (len(server.texts), len(_kept(database))) == (24, 40)


async def test_of_two_workers_one_works(tell, database, server, filled, running):
    tell(*(_published(uuid4(), f"Factura {number}") for number in range(40)))
    for _ in range(2):
        running(Filling(database, Embedder(server.named())).run())
    await filled()
    assert len(server.texts) == len(set(server.texts)) == 40


async def test_another_model_embeds_all_anew_and_meanwhile_words_alone_find(tell, database, server, filled):
    bills = uuid4()
    tell(_published(bills, "Pedir un recibo"))
    ended = await filled()
    ended.cancel()
    await asyncio.wait({ended})
    server.dimensions = 12
    assert await _found(database, server, "invoice", "better") == []
    assert await _found(database, server, "recibo", "better") == [bills]
    assert await _found(database, server, "invoice") == []  # the same name, with other vectors
    await filled("better")
    assert await _found(database, server, "invoice", "better") == [bills]


async def test_vectors_of_a_model_that_was_replaced_meanwhile_are_not_kept(tell, database):
    tell(_published(uuid4(), "Factura"))
    with database.transaction() as connection:
        article_vectors.begin(connection, "new", 2)
        pending = article_vectors.pending(connection, 10, after=UUID(int=0))
        with pytest.raises(StalePositionError):
            article_vectors.keep(connection, "old", [(each, "[1,0]") for each in pending])


async def test_of_a_text_that_is_too_long_its_beginning_is_embedded_and_what_is_never_taken_keeps_nobody(
    tell, database, server, filled
):
    long, never, short = uuid4(), uuid4(), uuid4()
    tell(_published(long, "Factura", "y " * 700), _published(short, "Recibo"))
    server.refuses = 400
    await filled()
    assert set(await _found(database, server, "invoice")) == {long, short}
    server.refuses = 20
    tell(_published(never, "Factura", "y " * 700), _published(uuid4(), "Papel", "x"))
    await filled(without=1)
    assert never not in _kept(database)


async def test_a_server_that_is_ill_is_tried_again(tell, database, server, running, until):
    article = uuid4()
    tell(_published(article, "Factura"))

    async def ill(writer) -> None:
        say(writer, b"{}", status="503 Later")

    server.badly = ill
    running(Filling(database, Embedder(server.named()), pause_seconds=0.02).run())
    await until(lambda: len(server.asked) > 2)
    assert _kept(database) == {}
    server.badly = None
    await until(lambda: set(_kept(database)) == {article})


def _settings(url: str, embeddings: str, folder):
    return read({"CAUCE_DATABASE_URL": url, "CAUCE_DATA": str(folder), "CAUCE_EMBEDDINGS": embeddings})


_SOMEWHERE = "http://127.0.0.1:1/?model=words"


def test_without_the_setting_no_table_is_made(database_url, database, tmp_path):
    settings = _settings(database_url, "off", tmp_path)
    with open_database(settings, migrating=True) as opened, opened.transaction() as connection:
        row = connection.execute(
            "SELECT to_regclass('article_vectors'), to_regclass('article_embedder'), to_regtype('halfvec')"
        ).fetchone()
    assert row == (None, None, None)


def test_a_database_that_was_not_prepared_says_how_to(database_url, database, tmp_path):
    settings = _settings(database_url, _SOMEWHERE, tmp_path)
    with pytest.raises(SettingsError, match="cauce doctor --migrate"), open_database(settings):
        pass
    for _ in range(2):
        with open_database(settings, migrating=True):
            pass
    with open_database(settings) as opened, opened.transaction() as connection:
        connection.execute("DROP EXTENSION vector CASCADE")  # which leaves a table without vectors
        connection.execute("CREATE EXTENSION vector SCHEMA public")
    with pytest.raises(SettingsError, match="cauce doctor --migrate"), open_database(settings):
        pass
    with open_database(settings, migrating=True):
        pass


def test_a_postgresql_without_pgvector_says_what_to_install(database_url, database, tmp_path):
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET extension_control_path = '/nowhere'")
    settings = _settings(database_url, _SOMEWHERE, tmp_path)
    with pytest.raises(SettingsError, match="no extension `vector`"), open_database(settings, migrating=True):
        pass


async def test_doctor_says_how_it_is(tell, database, database_url, server, filled, tmp_path):
    async def said(embeddings: str) -> list[tuple[Verdict, str]]:
        hub = build_hub(_settings(database_url, embeddings, tmp_path), database, FolderBlobs(tmp_path / "blobs"))
        found = await examine(hub)
        await hub.log.close()
        return [(each.verdict, each.detail) for each in found if each.subject == "search by meaning"]

    words = f"{server.address}?model=words"
    assert await said("") == []
    assert await said(words) == [(Verdict.WATCH, "none yet of words")]
    tell(_published(uuid4(), "Factura"))
    await filled()
    assert await said(words) == [(Verdict.WELL, "1 of 1 articles have a vector of words")]
    assert await said(_SOMEWHERE) == [(Verdict.ILL, "http://127.0.0.1:1/: no answer: ConnectError")]
    with database.transaction() as connection:
        connection.execute("DROP EXTENSION vector CASCADE")
    ((verdict, detail),) = await said(words)
    assert (verdict, "needs the extension `vector`" in detail) == (Verdict.ILL, True)
