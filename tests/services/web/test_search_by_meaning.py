"""Every search there is finds by meaning, where a server of embeddings is named; and by words when it has gone."""

from __future__ import annotations

from projections import article_vectors
from services.access.identity import Role
from services.knowledge.meaning.embedder import Embedder
from services.knowledge.meaning.filling import Filling
from services.knowledge.meaning.questions import Questions
from tests.services.knowledge.embedding_server import serving_embeddings
from tests.services.web.serving import serving

_SEARCHES = {
    "/en/?q=invoice": None,
    "/en/suggest?subject=invoice": None,
    "/en/chat/find?q=invoice": None,
    "/api/v1/search?q=invoice": Role.AGENT,
    "/en/knowledge/synonyms/try?language=en&q=invoice": Role.AGENT,
    "/en/agent/incidents/1/insert?q=invoice": Role.AGENT,
}


async def test_every_search_finds_what_says_the_same_in_other_words(database, tmp_path, running, until, monkeypatch):
    monkeypatch.setitem(Questions.__init__.__kwdefaults__, "wait_seconds", 60)  # other tests may slow it down
    with database.transaction() as connection:
        article_vectors.prepare(connection)
    async with (
        serving_embeddings() as server,
        serving(database, tmp_path, EMBEDDINGS=f"{server.address}?model=words") as web,
        web.client(Role.AGENT) as program,
        web.browser(Role.AGENT) as agent,
        web.client() as visitor,
    ):
        await web.form(visitor)
        fields = {"kind": "faq", "title": "Pedir un recibo", "body": "x", "language": "es"}
        (await program.post("/api/v1/articles", json=fields)).raise_for_status()
        await web.settled()
        running(Filling(database, Embedder(server.named())).run())

        def done() -> bool:
            with database.transaction() as connection:
                return article_vectors.progress(connection).ready

        await until(done)
        missed = []
        for search, role in _SEARCHES.items():
            client = visitor if role is None else program if search.startswith("/api") else agent
            came = await client.get(search)
            if "Pedir un" not in came.text:
                missed.append((search, came.status_code))
        assert missed == []
