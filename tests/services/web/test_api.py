"""The API as SURFACE states it, route by route, over real HTTP."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from projections import incidents, reading
from projections.reading import AT_MOST_SECONDS
from services.access.identity import Role
from tests.services.web.serving import Web

INCIDENT = {
    "id", "number", "subject", "status", "priority", "channel", "channels", "customer", "assignee", "team", "tags",
    "opened_at", "updated_at", "first_response_at", "resolved_at", "closed_at", "merged_into", "version",
}  # fmt: skip
ENTRY = {
    "position", "kind", "occurred_at", "recorded_at", "incident", "interaction_id", "channel", "direction", "from",
    "to", "author", "text", "html", "attachments", "fact", "reason", "delivery",
}  # fmt: skip
CALL = {
    "id", "number", "state", "direction", "phone", "agent", "started_at", "answered_at", "ended_at", "seconds", "notes",
    "outcome",
}  # fmt: skip


async def test_a_form_becomes_an_incident_with_a_status_page(web: Web) -> None:
    async with web.client() as customer, web.client(Role.AGENT) as agent:
        receipt = await web.form(customer)
        before = await customer.get(receipt["status_url"], headers={"Accept": "application/json"})
        assert before.json()["state"] in {"received", "linked"}
        await web.settled()
        status = (await customer.get(receipt["status_url"], headers={"Accept": "application/json"})).json()
        assert status.keys() == {"state", "number", "status", "timeline"}
        assert (status["state"], status["number"], status["status"]) == ("linked", 1, "new")
        assert [entry["text"] for entry in status["timeline"]] == ["Sale dos veces"]
        more = await customer.post(f"{receipt['status_url']}/messages", json={"body": "También en mayo"})
        assert more.status_code == 202
        assert more.json().keys() == {"interaction_id"}
        await web.settled()
        shown = (await agent.get("/api/v1/incidents/1")).json()
        assert INCIDENT | {"participants", "suggestions"} <= shown.keys()
        assert shown["participants"] == ["email:ana@x.cu"]
        assert shown["customer"]["name"] == "Ana"
        assert shown["customer"]["proven"] is False
        assert shown["opened_at"].endswith("Z")
        entries = (await agent.get("/api/v1/incidents/1/timeline")).json()
        assert entries.keys() == {"items", "next_cursor"}
        assert all(entry.keys() >= ENTRY for entry in entries["items"])
        said = [entry["text"] for entry in entries["items"] if entry["kind"] == "interaction"]
        assert said == ["Sale dos veces", "También en mayo"]
        whole = (await agent.get(f"/api/v1/customers/{shown['customer']['id']}/timeline")).json()["items"]
        assert {entry["position"] for entry in whole} == {entry["position"] for entry in entries["items"]}


async def test_a_repeated_form_with_the_same_key_is_one_contact(web: Web) -> None:
    form = {"name": "Ana", "email": "ana@x.cu", "subject": "s", "body": "b"}
    async with web.client(headers={"Idempotency-Key": "once"}) as client:
        receipts = [(await client.post("/api/v1/forms", json=form)).json() for _ in range(3)]
    assert receipts[0] == receipts[1] == receipts[2]
    await web.settled()
    async with web.client(Role.AGENT) as agent:
        assert len((await agent.get("/api/v1/incidents")).json()["items"]) == 1


async def _one(web: Web, **fields: str) -> None:
    async with web.client() as customer:
        await web.form(customer, **fields)
    await web.settled()


async def test_everything_an_agent_does_answers_with_the_incident_as_it_is_then(web: Web) -> None:
    await _one(web)
    async with web.client(Role.AGENT) as agent:
        steps: list[tuple[str, dict[str, Any] | None, dict[str, Any]]] = [
            ("assign", {"to": "agent"}, {"assignee": "agent", "status": "open"}),
            ("assign", {"to": None}, {"assignee": None}),
            ("priority", {"priority": "urgent"}, {"priority": "urgent"}),
            ("tags", {"add": ["a", "b"]}, {"tags": ["a", "b"]}),
            ("tags", {"remove": ["a"]}, {"tags": ["b"]}),
            ("resolve", {"solution": "x", "cause": "y"}, {"status": "resolved"}),
            ("close", None, {"status": "closed"}),
            ("reopen", {"reason": "again"}, {"status": "open"}),
            ("resolve", None, {"status": "resolved"}),
        ]
        last = 0
        for action, body, expected in steps:
            came = (
                await agent.post(f"/api/v1/incidents/1/{action}", json=body)
                if body is not None
                else (await agent.post(f"/api/v1/incidents/1/{action}"))
            )
            assert came.status_code == 200, f"{action}: {came.text}"
            done = came.json()
            assert done.keys() == {"position", "incident"}
            assert int(came.headers["cauce-position"]) == done["position"] > last
            assert {name: done["incident"][name] for name in expected} == expected
            last = done["position"]
        again = await agent.post("/api/v1/incidents/1/resolve")
        assert again.status_code == 409
        assert again.headers["content-type"] == "application/problem+json"


async def test_a_reply_is_queued_and_a_note_stays_inside(web: Web) -> None:
    await _one(web)
    async with web.client(Role.AGENT) as agent:
        reply = await agent.post("/api/v1/incidents/1/replies", json={"text": "Miramos"})
        assert reply.status_code == 202
        assert reply.json().keys() == {"position", "interaction_id", "delivery", "held_until"}
        assert reply.json()["held_until"] is None  # who asks for no hold gets none
        note = await agent.post("/api/v1/incidents/1/notes", json={"text": "ojo"})
        assert note.status_code == 201
        assert note.json().keys() == {"position", "note_id"}
        position = note.json()["position"]
        entries = (await agent.get(f"/api/v1/incidents/1/timeline?min_position={position}")).json()["items"]
        assert [(entry["kind"], entry["text"]) for entry in entries if entry["kind"] != "fact"] == [
            ("interaction", "Sale dos veces"),
            ("interaction", "Miramos"),
            ("note", "ojo"),
        ]


async def test_the_same_key_runs_a_command_once(web: Web) -> None:
    await _one(web)
    async with web.client(
        Role.AGENT,
    ) as agent:
        key = {"Idempotency-Key": "reply-1"}
        both = [
            (await agent.post("/api/v1/incidents/1/replies", json={"text": "Miramos"}, headers=key)).json()
            for _ in range(2)
        ]
        assert both[0] == both[1]
        other = await agent.post("/api/v1/incidents/1/replies", json={"text": "Otra"}, headers=key)
        assert other.status_code == 409


async def test_merge_unmerge_split_and_move(web: Web) -> None:
    await _one(web)
    await _one(web, email="luis@y.cu", subject="Otra")
    async with web.client(Role.AGENT) as agent:
        merged = await agent.post("/api/v1/incidents/1/merge", json={"from": [2]})
        assert merged.status_code == 200, merged.text
        assert (await agent.get("/api/v1/incidents/2")).json()["merged_into"] == 1
        assert [each["number"] for each in (await agent.get("/api/v1/incidents")).json()["items"]] == [1]
        apart = await agent.post("/api/v1/incidents/1/unmerge", json={"from": 2})
        assert apart.status_code == 200
        assert (await agent.get("/api/v1/incidents/2")).json()["merged_into"] is None
        entries = (await agent.get("/api/v1/incidents/2/timeline")).json()["items"]
        (interaction,) = [each["interaction_id"] for each in entries if each["kind"] == "interaction"]
        move = await agent.post("/api/v1/incidents/2/move", json={"interaction": interaction, "to": 1})
        assert move.status_code == 200, move.text
        split = await agent.post("/api/v1/incidents/1/split", json={"interactions": [interaction], "subject": "Aparte"})
        assert split.status_code == 201, split.text
        assert (split.json()["incident"]["number"], split.json()["incident"]["subject"]) == (3, "Aparte")


async def test_a_status_link_shows_all_that_its_words_became_after_a_split(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client(headers={"Accept": "application/json"}) as ana:
        link = (await web.form(ana))["status_url"]
        more = (await ana.post(f"{link}/messages", json={"body": "Y además no imprime"})).json()["interaction_id"]
        await web.settled()
        whole = (await ana.get(link)).json()
        assert (whole["number"], "parts" in whole) == (1, False)
        asked = {"interactions": [more], "subject": "La impresora"}
        assert (await agent.post("/api/v1/incidents/1/split", json=asked)).status_code == 201
        assert (await agent.post("/api/v1/incidents/1/resolve", json={})).status_code == 200
        await web.settled()
        told = (await ana.get(link)).json()
        assert (told["number"], told["status"]) == (2, "new")
        assert told["parts"] == [{"number": 1, "status": "resolved"}, {"number": 2, "status": "new"}]
        assert [(each["text"], each["incident"]) for each in told["timeline"]] == [
            ("Sale dos veces", 1),
            ("Y además no imprime", 2),
        ]
        page = (await ana.get(link.replace("/status/", "/es/status/"), headers={"Accept": "text/html"})).text
        assert "varias solicitudes" in page
        assert "La impresora" not in page  # the agent's own words
        first, second = page.split('id="part-')[1:]
        assert [each.count('<li class="past">') for each in (first, second)] == [4, 1]  # each its own way along
        assert [each.count("/rate") for each in (first, second)] == [1, 0]
        assert [words in part for part, words in ((first, "Sale dos veces"), (second, "Y además"))] == [True, True]
        for what in ("close", "reopen", "rate"):
            unsaid = await ana.post(f"{link}/{what}", data={"score": "5"})
            assert (unsaid.status_code, "1, 2" in unsaid.json()["detail"]) == (409, True)
        scoreless = await ana.post(f"{link}/rate", data={"number": "1"}, headers={"Accept": "text/html"})
        first, rest = scoreless.text.split('id="part-2')
        assert (scoreless.status_code, 'role="alert"' in first, 'role="alert"' in rest) == (422, True, False)
        assert (await ana.post(f"{link}/rate", data={"number": "1", "score": "5"})).status_code == 200
        assert (await ana.post(f"{link}/reopen", data={"number": "1"})).status_code == 200
        assert (await ana.post(f"{link}/close", data={"number": "2"})).status_code == 200
        await web.settled()
        assert [part["status"] for part in (await ana.get(link)).json()["parts"]] == ["open", "closed"]
        for other, status in (("3", 409), ("9" * 18, 409), ("0x1", 422)):
            assert (await ana.post(f"{link}/close", data={"number": other})).status_code == status
        assert (await agent.post("/api/v1/incidents/1/merge", json={"from": [2]})).status_code == 200
        await web.settled()
        again = (await ana.get(link)).json()
        assert (again["number"], "parts" in again) == (1, False)
        assert await web.hub.database.run(incidents.statuses, [1]) == {1: "closed"} == {1: again["status"]}
        assert (await ana.post(f"{link}/reopen")).status_code == 200  # one again: which is meant is plain


async def test_the_list_is_filtered_searched_and_paged(web: Web) -> None:
    for number in range(5):
        await _one(web, email=f"c{number}@x.cu", subject=f"Asunto {number}", body=f"palabra{number} común")
    async with web.client(Role.AGENT) as agent:
        await agent.post("/api/v1/incidents/2/assign", json={"to": "agent"})

        async def numbers(query: str) -> list[int]:
            return [each["number"] for each in (await agent.get(f"/api/v1/incidents?{query}")).json()["items"]]

        await web.settled()
        assert await numbers("assignee=agent") == [2]
        assert await numbers("status=open") == [2]
        assert await numbers("q=palabra3") == [4]
        assert sorted(await numbers("q=común&channel=form")) == [1, 2, 3, 4, 5]
        assert await numbers("channel=email") == []
        pages, cursor = [], ""
        while cursor is not None:
            page = (
                await agent.get("/api/v1/incidents", params={"limit": 2, "cursor": cursor} if cursor else {"limit": 2})
            ).json()
            pages.append([each["number"] for each in page["items"]])
            cursor = page["next_cursor"]
        assert [len(page) for page in pages] == [2, 2, 1]
        assert sorted(number for page in pages for number in page) == [1, 2, 3, 4, 5]


async def test_customers_are_registered_found_merged_and_given_addresses(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        made = await agent.post("/api/v1/customers", json={"name": "Ana", "addresses": ["ana@x.cu", "+53 555 1234"]})
        assert made.status_code == 201, made.text
        ana = made.json()["id"]
        luis = (await agent.post("/api/v1/customers", json={"name": "Luis", "addresses": ["luis@x.cu"]})).json()["id"]
        taken = await agent.post(f"/api/v1/customers/{luis}/addresses", json={"address": "ana@x.cu"})
        assert taken.status_code == 409
        added = await agent.post(f"/api/v1/customers/{luis}/addresses", json={"address": "luis2@x.cu"})
        assert added.status_code == 201
        await web.settled()
        shown = (await agent.get(f"/api/v1/customers/{ana}")).json()
        expected = {
            "id": ana,
            "name": "Ana",
            "organization": None,
            "addresses": [
                {"address": "email:ana@x.cu", "proven": True},
                {"address": "phone:+535551234", "proven": True},
            ],
            "incidents": {"open": 0, "total": 0},
        }
        assert {name: shown[name] for name in expected} == expected
        assert [each["id"] for each in (await agent.get("/api/v1/customers?q=luis2")).json()["items"]] == [luis]
        merged = await agent.post(f"/api/v1/customers/{ana}/merge", json={"from": [luis]})
        assert merged.status_code == 200, merged.text
        assert len(merged.json()["customer"]["addresses"]) == 4
        assert (await agent.post(f"/api/v1/customers/{ana}/unmerge", json={"from": luis})).status_code == 200


async def test_a_call_from_its_first_ring_to_its_notes(web: Web) -> None:
    push = {"callId": "c1", "from": "535551234", "to": "5371234", "direction": "in"}
    url = f"/api/v1/cti/main?key={web.line_key}"
    async with web.client() as telephone, web.client(Role.AGENT) as agent:
        rings = [await telephone.post(url, data={**push, "event": "newCall"}) for _ in range(2)]
        assert {came.status_code for came in rings} == {200}
        assert "onAnswer=" in rings[0].text
        assert rings[0].headers["content-type"].startswith("application/xml")
        wrong = await telephone.post("/api/v1/cti/main?key=wrong", data={**push, "event": "newCall"})
        assert wrong.status_code == 403
        await telephone.post(url, data={**push, "event": "answer", "user": "agent"})
        await web.settled()
        (call,) = (await agent.get("/api/v1/calls?state=active")).json()["items"]
        assert call.keys() >= CALL
        assert (call["state"], call["direction"], call["number"]) == ("active", "in", 1)
        changed = await agent.patch(f"/api/v1/calls/{call['id']}", json={"notes": "pide factura", "outcome": "ok"})
        assert changed.status_code == 200, changed.text
        assert (changed.json()["notes"], changed.json()["outcome"]) == ("pide factura", "ok")
        await telephone.post(url, data={**push, "event": "hangup", "cause": "normalClearing"})
        await web.settled()
        assert (await agent.get(f"/api/v1/calls/{call['id']}")).json()["state"] == "ended"


async def test_an_agent_logs_a_call(web: Web) -> None:
    began = datetime.now(UTC) - timedelta(minutes=5)
    async with web.client(Role.AGENT) as agent:
        made = await agent.post(
            "/api/v1/calls", json={"direction": "out", "phone": "+53 555 9999", "started_at": began.isoformat()}
        )
        assert made.status_code == 201, made.text
        assert made.json().keys() >= CALL
        times = {"answered_at": began.isoformat(), "ended_at": (began + timedelta(seconds=90)).isoformat()}
        ended = await agent.patch(f"/api/v1/calls/{made.json()['id']}", json=times)
        assert (ended.json()["state"], ended.json()["seconds"]) == ("ended", 90)


async def test_a_visit_in_person_is_an_interaction_of_the_named_incident(web: Web) -> None:
    await _one(web)
    async with web.client(Role.AGENT) as agent:
        visit = {"name": "Ana", "email": "ana@x.cu", "subject": "s", "body": "Vino", "incident": 1}
        came = await agent.post("/api/v1/in-person", json=visit)
        assert came.status_code == 202, came.text
        await web.settled()
        assert (await agent.get("/api/v1/incidents/1")).json()["channels"] == ["form", "in_person"]


async def test_articles_visits_and_what_the_report_makes_of_them(web: Web) -> None:
    article = {"kind": "faq", "title": "Contraseña", "body": "Abra **Ajustes**", "language": "es"}
    async with web.client(Role.AGENT) as agent, web.client() as visitor:
        key = {"Idempotency-Key": "a"}
        made = [await agent.post("/api/v1/articles", json=article, headers=key) for _ in range(2)]
        assert [came.status_code for came in made] == [201, 201]
        found = made[0].json()["id"]
        assert made[1].json()["id"] == found
        await web.settled()
        assert [each["id"] for each in (await agent.get("/api/v1/articles")).json()["items"]] == [found]
        (hit,) = (await agent.get("/api/v1/search?q=contraseña&locale=es")).json()["items"]
        assert hit.keys() >= {"id", "title", "snippet", "url"}
        begun = await visitor.post("/api/v1/visits")
        assert begun.status_code == 201
        visit = begun.json()["visit"]
        for event in (
            {"type": "searched", "query": "contraseña", "results": [found]},
            {"type": "searched", "query": "contraseña", "results": 3},
            {"type": "suggested", "article": found},
            {"type": "opened", "article": found},
            {"type": "voted", "article": found, "helpful": False},
            {"type": "contact_started"},
            {"type": "contact_sent"},
        ):
            came = await visitor.post(f"/api/v1/visits/{visit}/events", json=event)
            assert came.status_code == 202, came.text
        await web.settled()
        report = (await agent.get("/api/v1/reports/knowledge_usage?by=article")).json()
        (row,) = report["rows"]
        counted = ("views", "searches", "unhelpful", "suggested", "suggestion_opened", "contacts_after")
        assert [row[name] for name in counted] == [1, 1, 1, 1, 1, 1]
        assert (await agent.patch(f"/api/v1/articles/{found}", json={"title": "Clave"})).status_code == 200
        assert (await agent.post(f"/api/v1/articles/{found}/retire")).status_code == 200
        assert (await agent.patch(f"/api/v1/articles/{found}", json={"title": "x"})).status_code == 409
        assert (await agent.patch(f"/api/v1/articles/{uuid4()}", json={"title": "x"})).status_code == 404


async def test_the_channel_report(web: Web) -> None:
    await _one(web)
    async with web.client(Role.ANALYST) as analyst:
        report = (await analyst.get("/api/v1/reports/channel_report")).json()
        assert report.keys() == {"report", "version", "as_of_position", "since", "until", "by", "columns", "rows"}
        assert report["by"] == ["day", "channel"]
        (row,) = [each for each in report["rows"] if each["channel"] == "form"]
        assert (row["contacts"], row["opened"], row["share"]) == (1, 1, 1.0)
        assert [each["name"] for each in report["columns"]] == list(row)
        assert (await analyst.get("/api/v1/reports/nothing")).status_code == 404
        assert (await analyst.get("/api/v1/reports/channel_report?by=colour")).status_code == 422
        assert (await analyst.get("/api/v1/reports/channel_report?tz=Mars")).status_code == 422
        assert (await analyst.get("/api/v1/reports")).json()["items"][0]["name"] == "channel_report"


async def test_events_come_in_order_as_cloud_events_without_personal_data(web: Web) -> None:
    await _one(web)
    async with web.client(Role.ANALYST) as analyst, web.client(Role.ADMIN) as admin:
        came = await analyst.get("/api/v1/events")
        assert came.headers["content-type"] == "application/x-ndjson"
        lines = [json.loads(line) for line in came.text.splitlines()]
        assert [line["position"] for line in lines] == list(range(1, len(lines) + 1))
        assert lines[0].keys() == {
            "specversion", "id", "source", "type", "subject", "time", "position", "causation_id", "correlation_id",
            "data",
        }  # fmt: skip
        assert "ana@x.cu" not in came.text
        assert "Sale dos veces" not in came.text
        rest = await analyst.get("/api/v1/events?after=2&limit=1")
        assert [json.loads(line)["position"] for line in rest.text.splitlines()] == [3]
        opened = await analyst.get("/api/v1/events?type=incident.opened.v1")
        assert [json.loads(line)["type"] for line in opened.text.splitlines()] == ["incident.opened.v1"]
        assert (await analyst.get("/api/v1/events?personal=true")).status_code == 403
        assert "Sale dos veces" in (await admin.get("/api/v1/events?personal=true")).text
        assert (await analyst.get("/api/v1/events?type=nonsense")).status_code == 422


async def test_min_position_waits_at_most_two_seconds(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "AT_MOST_SECONDS", AT_MOST_SECONDS)  # as long as outside of the tests
    async with web.client(Role.AGENT) as agent:
        came = await agent.get("/api/v1/incidents?min_position=999999")
        assert (came.status_code, AT_MOST_SECONDS) == (200, 2.0)
        assert came.elapsed >= timedelta(seconds=AT_MOST_SECONDS)


async def test_a_hub_is_not_ready_before_each_read_model_was_made(web: Web) -> None:
    await web.hub.database.run(lambda connection: connection.execute("DELETE FROM projections WHERE name = 'work'"))
    async with web.client() as client:
        came = await client.get("/readyz")
        assert (came.status_code, came.json()["status"], came.json()["checks"]["database"]) == (503, "unready", "ok")


async def test_health_readiness_metrics_and_the_documents(web: Web) -> None:
    async with web.client() as client:
        assert (await client.get("/healthz")).json() == {"status": "ok"}
        ready = (await client.get("/readyz")).json()
        assert ready["status"] == "ready"
        assert ready["checks"]["database"] == ready["checks"]["log"] == ready["checks"]["blobs"] == "ok"
        assert ready["checks"]["projections"]["timeline"].keys() == {"lag"}
        await web.form(client)
        await web.settled()
        metrics = (await client.get("/metrics")).text
        assert 'cauce_received{channel="form"} 1.0' in metrics
        assert 'cauce_intake_accepted_total{channel="form"}' in metrics
        for name in (
            "cauce_projection_lag",
            "cauce_quarantine_held",
            "cauce_http_request_seconds",
            "cauce_store_position",
            "cauce_relay_position",
        ):
            assert name in metrics
        assert (await client.get("/asyncapi")).json()["asyncapi"] == "3.0.0"
        assert (await client.get("/openapi.json")).json()["components"]["schemas"]["Incident"]
        assert "/api/v1/incidents" in (await client.get("/docs", headers={"Accept": "text/html"})).text


async def test_a_report_as_a_spreadsheet_runs_nothing(web: Web) -> None:
    article = {"kind": "faq", "title": "=1+1", "body": "x", "language": "es"}
    async with web.client(Role.AGENT) as agent:
        found = (await agent.post("/api/v1/articles", json=article)).json()["id"]
        visit = (await agent.post("/api/v1/visits")).json()["visit"]
        await agent.post(f"/api/v1/visits/{visit}/events", json={"type": "opened", "article": found})
        await web.settled()
        table = (await agent.get("/reports/knowledge_usage/table.csv?by=article")).text
        (row,) = csv.DictReader(table.splitlines())
        assert row["title"] == "'=1+1"
        assert UUID(row["article"]) == UUID(found)


async def test_only_an_admin_who_says_it_twice_erases_a_customer_and_only_once(web: Web) -> None:
    async with web.client(Role.ADMIN) as admin, web.client(Role.AGENT) as agent:
        receipt = await web.form(admin, name="Ana Secreta", product="tragaluz")
        await web.settled()
        assert receipt["interaction_id"]
        (ana,) = (await admin.get("/api/v1/customers", params={"q": "secreta"})).json()["items"]
        erase, said = f"/api/v1/customers/{ana['id']}/erase", {"confirm": ana["id"]}
        assert (await agent.post(erase, json=said)).status_code == 403
        for wrong in ({}, {"confirm": str(uuid4())}, {"confirm": True}):
            assert (await admin.post(erase, json=wrong)).status_code == 422
        other = str(uuid4())
        assert (await admin.post(f"/api/v1/customers/{other}/erase", json={"confirm": other})).status_code == 404
        incident = (await admin.get("/api/v1/incidents")).json()["items"][0]
        assert (incident["customer"]["name"], incident["product"]) == ("Ana Secreta", "tragaluz")
        done = await admin.post(erase, json=said)
        assert (done.status_code, done.json()["customer"]["name"], done.json()["customer"]["addresses"]) == (
            200,
            "",
            [],
        )
        position = {"min_position": done.headers["Cauce-Position"]}
        incident = (await admin.get("/api/v1/incidents", params=position)).json()["items"][0]
        assert (incident["customer"]["name"], incident["subject"], incident["product"]) == ("", "", "")
        assert (await admin.post(erase, json=said)).status_code == 409
