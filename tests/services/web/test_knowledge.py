"""The editor of articles: from a title to a published text, what is typed is never lost, and all can be taken back."""

from __future__ import annotations

import hashlib
import re
from io import BytesIO
from urllib.parse import parse_qs, urlsplit
from zipfile import ZipFile

import httpx

from services.access.identity import Role
from tests.services.web.serving import Web

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


async def _begin(web: Web, agent: httpx.AsyncClient, title: str = "Factura doble", **more: str) -> str:
    asked = {"title": title, "kind": "faq", "language": "es", "id": title, **more}
    made, again = [await agent.post("/knowledge/new", data=asked) for _ in "12"]
    assert made.status_code == 303, made.text
    assert urlsplit(again.headers["location"]).path == urlsplit(made.headers["location"]).path
    await web.settled()
    return urlsplit(made.headers["location"]).path


async def _act(web: Web, agent: httpx.AsyncClient, path: str, action: str, **fields: str | int) -> dict[str, list[str]]:
    """What its answer leads to says."""
    came = await agent.post(f"{path}/{action}", data={name: str(value) for name, value in fields.items()})
    assert came.status_code == 303, came.text
    await web.settled()
    return parse_qs(urlsplit(came.headers["location"]).query)


def _wording(page: str) -> str:
    found = re.search(r'name="wording" value="(\d+)"', page)
    assert found is not None, page
    return found[1]


async def test_a_text_goes_from_a_title_to_its_readers_and_back(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent, web.client() as reader:
        here = await _begin(web, agent)
        article = here.rpartition("/")[2]
        typed = {"title": "Factura doble", "body": "Vacíe la **cola**."}
        kept = await agent.post(f"{here}/keep", data={**typed, "wording": "1"}, headers={"HX-Request": "true"})
        assert "<strong>cola</strong>" in kept.text
        page = (await agent.get(here)).text
        assert "Vacíe la **cola**." in page  # it survives a reload, and was not saved
        assert (await reader.get(f"/articles/{article}")).status_code == 404
        said = await _act(web, agent, here, "publish", **typed, wording=_wording(page))
        assert (said["done"], said["back"]) == (["article_published"], ["retire"])
        assert "<strong>cola</strong>" in (await reader.get(f"/articles/{article}")).text
        await _act(web, agent, here, "save", title="Factura doble", body="Reinicie.", wording=3)
        assert "cola" in (await reader.get(f"/articles/{article}")).text
        compared = (await agent.get(f"{here}/compare?before=1&after=0")).text
        assert "<del>Vacíe la **cola**</del><ins>Reinicie</ins>." in compared
        said = await _act(web, agent, here, "publish", title="Factura doble", body="Reinicie.", wording=4)
        assert "Reinicie" in (await reader.get(f"/articles/{article}")).text
        offered = (await agent.get(f"{here}?back={said['back'][0]}&seen={said['seen'][0]}&done=article_published")).text
        assert 'name="seen" value="2"' in offered
        assert (await agent.post(f"{here}/previous", data={"seen": "1"})).status_code == 409
        await _act(web, agent, here, said["back"][0], seen=said["seen"][0])
        assert "cola" in (await reader.get(f"/articles/{article}")).text
        said = await _act(web, agent, here, "retire")
        assert (await reader.get(f"/articles/{article}")).status_code in {404, 410}
        await _act(web, agent, here, said["back"][0])
        assert (await reader.get(f"/articles/{article}")).status_code == 200
        for state, there in (("published", True), ("draft", False), ("retired", False)):
            assert (article in (await agent.get(f"/knowledge?state={state}")).text) is there


async def test_what_no_form_sends_is_refused_and_not_kept(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent:
        here = await _begin(web, agent, body="Uno")
        typed = {"title": "Factura", "body": "Dos", "wording": "1"}
        for odd in ({"wording": "9" * 5_000}, {"wording": "9" * 30}, {"title": "x" * 200_000}, {"body": "x" * 100_001}):
            assert (await agent.post(f"{here}/keep", data=typed | odd)).status_code == 422
        assert "Dos" not in (await agent.get(here)).text
        assert (await agent.post(f"{here}/save", data=typed | {"wording": "9" * 30})).status_code == 422


async def test_who_writes_over_somebody_else_hears_of_it_and_loses_nothing(web: Web) -> None:
    async with web.browser(Role.AGENT) as ana, web.browser(Role.ADMIN) as eva:
        here = await _begin(web, ana, body="Uno")
        wording = _wording((await ana.get(here)).text)
        await eva.post(f"{here}/keep", data={"title": "Factura doble", "body": "Suyo", "wording": wording})
        assert "también está con este texto" in (await ana.get(f"/es{here}")).text
        await _act(web, eva, here, "save", title="Factura doble", body="Uno de Eva", wording=wording)
        clash = await ana.post(f"{here}/save", data={"title": "Factura", "body": "Uno de Ana", "wording": wording})
        assert clash.status_code == 409
        assert "<ins>Eva</ins>" in clash.text
        page = (await ana.get(here)).text
        assert "Uno de Ana" in page  # kept, though nothing was saved
        over = re.search(r'name="over" value="(\d+)"', page)
        assert over is not None
        await _act(web, ana, here, "save", title="Factura", body="Uno de Ana", wording=wording, over=over[1])
        assert 'name="over"' not in (await ana.get(here)).text


async def test_a_text_is_read_by_another_where_that_is_set(web: Web) -> None:
    async with web.browser(Role.AGENT) as ana, web.browser(Role.ADMIN) as eva:
        here = await _begin(web, ana, body="Uno")
        await _act(web, ana, here, "ask", title="Factura doble", body="Uno", wording=1)
        assert here in (await eva.get("/knowledge?state=review")).text
        await _act(web, eva, here, "decline", reason="Falta el paso dos")
        assert "Falta el paso dos" in (await ana.get(here)).text
        said = await _act(web, ana, here, "drop")
        assert here not in (await ana.get("/knowledge")).text
        await _act(web, ana, here, said["back"][0])
        assert here in (await ana.get("/knowledge")).text


async def test_it_is_filed_translated_pinned_and_found_right(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent:
        here = await _begin(web, agent, body="Uno")
        filing = {"kind": "how_to", "category": "Cuenta / Claves", "labels": "clave, acceso", "audience": "customers"}
        await _act(web, agent, here, "file", **filing, products="Caja", versions="9", filing_changes=0)
        page = (await agent.get(f"/en{here}")).text
        assert 'value="Cuenta/Claves"' in page
        assert 'value="clave, acceso"' in page
        stale = await agent.post(f"{here}/file", data={**filing, "filing_changes": "0"})
        assert stale.status_code == 409
        for query in ("label=clave", "product=CAJA", "category=Cuenta", "need=missing_en", "q=doble", "kind=how_to"):
            assert here in (await agent.get(f"/knowledge?{query}")).text, query
        came, again = [await agent.post(f"{here}/translate", data={"language": "en", "id": "1"}) for _ in "12"]
        there = urlsplit(came.headers["location"]).path
        assert urlsplit(again.headers["location"]).path == there
        await web.settled()
        second = await agent.post(f"{here}/translate", data={"language": "en", "id": "2"})
        assert (second.status_code, there in second.text) == (409, True)
        assert "Uno" in (await agent.get(there)).text
        assert here not in (await agent.get("/knowledge?need=missing_en")).text
        await _act(web, agent, there, "publish", title="Twice", body="One", wording=1)
        for body, wording in (("Uno", 1), ("Dos", 2)):
            await _act(web, agent, here, "publish", title="Factura doble", body=body, wording=wording)
        assert there in (await agent.get("/knowledge?need=outdated")).text
        assert "<del>Uno</del><ins>Dos</ins>" in (await agent.get(there)).text
        await _act(web, agent, there, "up-to-date")
        assert there not in (await agent.get("/knowledge?need=outdated")).text
        await _act(web, agent, here, "review", on="2026-01-01")
        assert here in (await agent.get("/knowledge?need=due")).text
        await _act(web, agent, here, "right")
        assert here not in (await agent.get("/knowledge?need=due")).text
        await _act(web, agent, here, "pin", shelf="Cuenta", rank=-1)
        assert 'name="shelf" value="Cuenta"' in (await agent.get(here)).text


async def test_files_are_pictures_or_downloads_and_nothing_that_runs(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent, web.client() as reader:
        here = await _begin(web, agent, body="Uno")
        article = here.rpartition("/")[2]
        files = [
            ("file", ("a [1].png", PNG, "image/png")),
            ("file", ("x.html", b"<script>alert(1)</script>", "text/html")),
            ("file", ("x.svg", b"<svg onload='alert(1)'/>", "image/svg+xml")),
            ("file", ("fake.png", b"<script>alert(1)</script>", "image/png")),
        ]
        for _ in "12":  # sent twice, kept once
            came = await agent.post(f"{here}/files", files=files, data={"release": "9.1", "form": "1"})
        assert came.status_code == 303, came.text
        await web.settled()
        page = (await agent.get(here)).text
        links = dict.fromkeys(re.findall(rf"/articles/{article}/files/[0-9a-f-]+", page))
        assert hashlib.sha256(PNG).hexdigest() in page
        assert "![a (1).png](/articles/" in page
        assert len(links) == len(files)
        for link in links:
            assert (await reader.get(link)).status_code == 404  # nobody may read the article yet
        *shown, hidden = links
        body = " ".join(["Uno", *shown])
        await _act(web, agent, here, "publish", title="Factura doble", body=body, wording=1)
        assert (await reader.get(hidden)).status_code == 404  # no published text names it
        kinds = []
        for link in shown:
            answer = await reader.get(link)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in answer.headers["content-security-policy"]
            kinds.append((answer.headers["content-type"], answer.headers["content-disposition"].partition(";")[0]))
        assert kinds == [("image/png", "inline"), *[("application/octet-stream", "attachment")] * 2]
        await _act(web, agent, here, "remove-file", file=next(iter(links)).rpartition("/")[2])
        assert (await reader.get(next(iter(links)))).status_code == 404


async def test_a_program_writes_publishes_files_and_lists(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client(Role.ANALYST) as analyst, web.client() as reader:
        words = {"kind": "faq", "title": "Factura", "body": "Uno", "language": "es"}
        made = [await agent.post("/api/v1/articles/drafts", json=words, headers={"Idempotency-Key": "k"}) for _ in "12"]
        assert [each.status_code for each in made] == [201, 201]
        assert made[0].json()["id"] == made[1].json()["id"]
        here = f"/api/v1/articles/{made[0].json()['id']}"
        assert (await agent.get(here)).status_code == 404
        for who in (analyst, reader):
            assert (await who.get(f"{here}/work")).status_code in {401, 403}
            assert (await who.put(f"{here}/draft", json={"title": "x", "body": "x"})).status_code in {401, 403}
        assert (await agent.put(f"{here}/draft", json={"title": "F", "body": "Dos", "wording": 9})).status_code == 409
        assert (await agent.put(f"{here}/draft", json={"title": "F", "body": "Dos", "wording": 1})).status_code == 200
        for path, body in (
            ("ask-review", None),
            ("decline", {"reason": "no"}),
            ("publish", {"wording": 2}),
            ("retire", None),
            ("reinstate", None),
        ):
            came = await agent.post(f"{here}/{path}", json=body)
            assert came.status_code == 200, (path, came.text)
        for path, said in (
            ("filing", {"kind": "faq", "category": "A/B", "labels": ["x"], "audience": "agents"}),
            ("review-date", {"on": "2027-01-01"}),
            ("pin", {"shelf": "A", "rank": 3}),
            ("redirect", {"to": None}),
        ):
            came = await agent.put(f"{here}/{path}", json=said)
            assert came.status_code == 200, (path, came.text)
        await agent.patch(here, json={"body": "Tres"})
        file = await agent.post(f"{here}/files", files={"file": ("a.png", PNG, "image/png")}, data={"release": "1"})
        assert (file.status_code, file.json()["sha256"]) == (201, hashlib.sha256(PNG).hexdigest())
        await web.settled()
        whole = (await agent.get(f"{here}/work")).json()
        assert (whole["article"]["edition"], whole["article"]["audience"]) == (2, "agents")
        assert whole["files"] == [file.json()]
        assert whole["pins"] == [{"shelf": "A", "rank": 3}]
        editions = (await agent.get(f"{here}/editions")).json()["items"]
        assert [(each["edition"], each["body"]) for each in editions] == [(1, "Dos"), (2, "Tres")]
        assert (await reader.get(file.json()["url"])).status_code == 404  # the article is for agents
        assert (await agent.get(file.json()["url"])).status_code == 200
        assert (await agent.post(f"{here}/editions/1/restore")).status_code == 200
        assert (await agent.delete(f"{here}/draft")).status_code == 200
        assert (await agent.delete(f"{here}/files/{file.json()['id']}")).status_code == 200
        listed = (await agent.get("/api/v1/articles/all?label=x&state=published&missing=en")).json()["items"]
        assert [each["id"] for each in listed] == [made[0].json()["id"]]


async def test_a_zip_goes_in_by_an_admin_and_comes_out_for_agents(web: Web) -> None:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr("es/clave.md", "# Cambiar la clave\n\n![x](a.png)\n")
        archive.writestr("es/a.png", PNG)
        archive.writestr("es/mala.md", "---\nkind: poem\n---\nx")
    async with web.browser(Role.ADMIN) as admin, web.browser(Role.AGENT) as agent:
        files = {"file": ("manual.zip", packed.getvalue(), "application/zip")}
        assert (await agent.post("/knowledge/transfer", files=files)).status_code == 403
        for counted in ("1 new, 0 changed, 0 already there, 1 refused", "0 new, 0 changed, 1 already there, 1 refused"):
            came = await admin.post("/en/knowledge/transfer", files=files)
            assert counted in came.text
            assert "es/mala.md" in came.text
        broken = {"file": ("x.zip", b"no zip", "application/zip")}
        assert (await admin.post("/knowledge/transfer", files=broken)).status_code == 422
        ZipFile(empty := BytesIO(), "w").close()
        came = await admin.post("/en/knowledge/transfer", files={"file": ("x.zip", empty.getvalue())})
        assert "<li>no article in it: it takes .md and .html files</li>" in came.text  # and not where we looked
        await web.settled()
        out = await agent.get("/knowledge/transfer/articles.zip")
        assert out.headers["content-disposition"].startswith("attachment")
        names = ZipFile(BytesIO(out.content)).namelist()
        assert [name for name in names if name.startswith("articles/es/cambiar-la-clave")]
        assert [name for name in names if name.endswith("/a.png")]
