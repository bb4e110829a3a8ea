"""Answering over the API: files, drafts, holds, and what only the people they are for may see."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from services.access.identity import Role
from tests.services.web.serving import Web

_PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


async def test_files_of_a_reply_reach_the_status_page_once_it_is_no_longer_held(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client(Role.ADMIN) as other, web.client() as customer:
        receipt = await web.form(customer)
        await web.settled()
        came = await agent.post("/api/v1/uploads?incident=1", files={"file": ("a.png", _PNG, "image/png")})
        assert came.status_code == 201, came.text
        (upload,) = came.json()["items"]
        stolen = {"text": "x", "attachments": [upload["id"]]}
        assert (await other.post("/api/v1/incidents/1/replies", json=stolen)).status_code == 422
        said = {"text": "See the picture", "attachments": [upload["id"]], "hold": 60}
        held = (await agent.post("/api/v1/incidents/1/replies", json=said)).json()
        assert held["held_until"] is not None
        await web.settled()
        path = urlsplit(receipt["status_url"]).path
        told = (await customer.get(path, headers={"Accept": "application/json"})).json()["timeline"]
        assert [entry["direction"] for entry in told] == ["in"]
        file = f"{path}/files/{held['interaction_id']}/0"
        assert (await customer.get(file)).status_code == 404
        back = await agent.post(f"/api/v1/incidents/1/replies/{held['interaction_id']}/withdraw")
        assert (back.status_code, back.json()["text"]) == (200, "See the picture")
        again = (await agent.post("/api/v1/uploads", files={"file": ("b.png", _PNG, "image/png")})).json()["items"][0]
        sent = {"text": "Here it is", "attachments": [again["id"]]}
        interaction = (await agent.post("/api/v1/incidents/1/replies", json=sent)).json()["interaction_id"]
        await web.settled()
        told = (await customer.get(path, headers={"Accept": "application/json"})).json()["timeline"]
        assert [entry["text"] for entry in told] == ["Sale dos veces", "Here it is"]
        got = await customer.get(told[1]["attachments"][0]["url"])
        assert (got.content, got.headers["content-type"]) == (_PNG, "application/octet-stream")
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["content-disposition"].startswith("attachment")
        stranger = await web.form(customer, email="eva@x.cu", subject="Otra cosa")
        elsewhere = urlsplit(stranger["status_url"]).path
        assert (await customer.get(f"{elsewhere}/files/{interaction}/0")).status_code == 404
        statuses = [entry["delivery"] for entry in (await agent.get("/api/v1/incidents/1/timeline")).json()["items"]]
        assert "withdrawn" in statuses


async def test_only_what_surely_is_a_picture_is_shown_inline(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client() as customer:
        await web.form(customer)
        await web.settled()
        ids = []
        for name, data, kind in [
            ("a.png", _PNG, "image/png"),
            ("b.png", b"<script>alert(1)</script>", "image/png"),
            ("c.svg", b"<svg/>", "image/svg+xml"),
            ("d.html", b"<script>alert(1)</script>", "text/html"),
        ]:
            came = await agent.post("/api/v1/uploads", files={"file": (name, data, kind)})
            ids.append(came.json()["items"][0]["id"])
        note = await agent.post("/api/v1/incidents/1/notes", json={"text": "files", "attachments": ids})
        await web.settled()
        shown = []
        for index in range(4):
            url = f"/api/v1/interactions/{note.json()['note_id']}/attachments/{index}?inline=true"
            came = await agent.get(url)
            shown.append((came.headers["content-type"], came.headers["content-disposition"].partition(";")[0]))
            assert "sandbox" in came.headers["content-security-policy"]
        download = ("application/octet-stream", "attachment")
        assert shown == [("image/png", "inline"), download, download, download]


async def test_a_draft_is_its_writers_own_and_goes_when_its_person_is_erased(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client(Role.ADMIN) as other, web.client() as customer:
        await web.form(customer)
        await web.settled()
        kept = await agent.put("/api/v1/incidents/1/drafts/reply", json={"text": "Dear Ana, secret", "to": "ana@x.cu"})
        assert kept.status_code == 204, kept.text
        (mine,) = (await agent.get("/api/v1/incidents/1/drafts")).json()["items"]
        assert (mine["kind"], mine["draft"]["text"], mine["draft"]["to"]) == ("reply", "Dear Ana, secret", "ana@x.cu")
        assert (await other.get("/api/v1/incidents/1/drafts")).json()["items"] == []
        with web.hub.database.transaction() as connection:
            (sealed,) = connection.execute("SELECT sealed FROM drafts").fetchone() or (b"",)
            assert b"secret" not in sealed
        await agent.put("/api/v1/incidents/1/drafts/note", json={"text": " "})
        assert (await agent.put("/api/v1/incidents/99/drafts/note", json={"text": "x"})).status_code == 404
        assert len((await agent.get("/api/v1/incidents/1/drafts")).json()["items"]) == 1


@pytest.mark.parametrize("asked", [{"hold": 121}, {"hold": -1}, {"version": 0}, {"attachments": ["x"]}])
async def test_a_reply_that_asks_for_nonsense_is_refused(web: Web, asked: dict[str, object]) -> None:
    async with web.client(Role.AGENT) as agent, web.client() as customer:
        await web.form(customer)
        await web.settled()
        assert (await agent.post("/api/v1/incidents/1/replies", json={"text": "x", **asked})).status_code == 422


async def test_a_reply_written_before_somebody_elses_is_asked_about_once(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client(Role.ADMIN) as other, web.client() as customer:
        await web.form(customer)
        await web.settled()
        version = (await agent.get("/api/v1/incidents/1")).json()["version"]
        await other.post("/api/v1/incidents/1/replies", json={"text": "I was first", "version": version})
        late = await agent.post("/api/v1/incidents/1/replies", json={"text": "So was I", "version": version})
        assert (late.status_code, "replied at" in late.json()["detail"]) == (409, True)
        anyway = await agent.post("/api/v1/incidents/1/replies", json={"text": "So was I"})
        assert anyway.status_code == 202
        mine = await agent.post("/api/v1/incidents/1/replies", json={"text": "More", "version": 99})
        assert mine.status_code == 202


async def test_the_ways_a_reply_can_go_begin_with_the_one_it_goes_by_itself(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client() as customer:
        await web.form(customer)
        await web.settled()
        found = (await agent.get("/api/v1/incidents/1/ways")).json()["items"]
        assert found[0]["channel"] == "email"
        assert found[0]["to"] == "email:ana@x.cu"
