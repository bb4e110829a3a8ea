"""Telephone work over the API: match who calls, log it, hold it, call back, see who works on what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from channels.opening_hours import OpeningHours
from services.access.identity import Role
from tests.services.web.chatting import chatting
from tests.services.web.serving import Web

HOURS = OpeningHours.read("Mon-Fri 09:00-17:00 UTC")


def window() -> dict[str, str]:
    """The next one that is offered."""
    slot = list(HOURS.slots(datetime.now(UTC), 8))[1]
    return {"since": slot.since.isoformat(), "until": slot.until.isoformat()}


async def _wish(web: Web, **more: str) -> dict[str, Any]:
    async with web.client() as customer:
        came = await customer.post("/api/v1/callbacks", json={"name": "Ana", "phone": "+5355512345"} | window() | more)
        assert came.status_code == 202, came.text
        receipt: dict[str, Any] = came.json()
    await web.settled()
    return receipt


async def _call(agent: httpx.AsyncClient, **more: object) -> dict[str, Any]:
    came = await agent.post("/api/v1/calls", json={"direction": "in", "phone": "+53 5551 2345"} | more)
    assert came.status_code == 201, came.text
    found: dict[str, Any] = came.json()
    return found


async def test_whoever_calls_is_found_however_their_number_is_written(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        made = await agent.post("/api/v1/customers", json={"name": "Ana", "addresses": ["phone:+5355512345"]})
        assert made.status_code == 201
        for typed in ("+5355512345", "005355512345", "5355512345", "055512345", "512345", "55 51-23 45"):
            found = (await agent.get("/api/v1/customers", params={"phone": typed})).json()["items"]
            assert (typed, [each["name"] for each in found]) == (typed, ["Ana"])


async def test_too_little_or_another_number_finds_nobody(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        made = await agent.post("/api/v1/customers", json={"name": "Ana", "addresses": ["phone:+5355512345"]})
        assert made.status_code == 201
        for typed in ("2345", "", "%", "5355512346", "+", "_________", "\u0665\u0665\u0665\u0661\u0662"):
            came = await agent.get("/api/v1/customers", params={"phone": typed})
            assert (typed, came.status_code, came.json()["items"]) == (typed, 200, [])


async def test_a_call_is_held_resumed_and_ended_and_says_who_it_is_with(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        await agent.post("/api/v1/customers", json={"name": "Ana", "addresses": ["phone:+5355512345"]})
        now = datetime.now(UTC)
        call = await _call(agent, answered_at=now.isoformat())
        assert (call["state"], call["agent"], call["customer"]["name"]) == ("active", "agent program", "Ana")
        path = f"/api/v1/calls/{call['id']}"
        assert (await agent.patch(path, json={"held": True})).json()["held_at"] is not None
        assert [each["id"] for each in (await agent.get("/api/v1/calls?state=held")).json()["items"]] == [call["id"]]
        assert (await agent.patch(path, json={"held": True})).status_code == 409
        assert (await agent.patch(path, json={"held": False})).json()["held_at"] is None
        later = (now + timedelta(seconds=90)).isoformat()
        ended = (await agent.patch(path, json={"ended_at": later, "outcome": "solved", "notes": "fine"})).json()
        assert (ended["state"], ended["outcome"], ended["notes"]) == ("ended", "solved", "fine")
        assert ended["seconds"] == pytest.approx(90 - ended["held_seconds"])


async def test_an_agent_says_whether_a_call_joins_what_is_open_or_is_something_new(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        first = await _call(agent)
        joined = await _call(agent)
        new = await _call(agent, new_incident=True)
        attached = await _call(agent, incident=new["number"])
        numbers = [call["number"] for call in (first, joined, new, attached)]
        assert numbers == [1, 1, 2, 2]
        entries = (await agent.get("/api/v1/incidents/2/timeline")).json()["items"]
        assert [each["reason"] for each in entries if each["kind"] == "interaction"] == ["agent", "agent"]


async def test_calls_are_listed_by_agent_number_day_and_page(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        calls = [await _call(agent, phone=f"+535550000{n}") for n in range(3)]
        everything = {"agent": "agent program", "since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
        found: list[str] = []
        cursor: str | None = None
        while True:
            asked = everything | {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await agent.get("/api/v1/calls", params=asked)).json()
            found += [each["id"] for each in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert found == [call["id"] for call in reversed(calls)]
        one = (await agent.get("/api/v1/calls", params={"number": "555 0000-2"})).json()["items"]
        assert [each["phone"] for each in one] == ["+5355500002"]
        for nothing in ({"agent": "nobody"}, {"until": "2020-01-01T00:00:00Z"}, {"number": "abc"}, {"number": "%"}):
            assert (await agent.get("/api/v1/calls", params=nothing)).json()["items"] == []


async def test_a_ringing_call_names_whom_it_rings_at_and_the_live_stream_tells_of_it(web: Web) -> None:
    push = {"callId": "c9", "from": "5355512345", "to": "537", "direction": "in", "user[]": ["Agent", "eva"]}
    async with web.client(Role.AGENT) as agent:
        for event in ("newCall", "answer"):
            sent = push | {"event": event} | ({"user[]": "agent"} if event == "answer" else {})
            came = await agent.post(f"/api/v1/cti/main?key={web.line_key}", data=sent)
            assert came.status_code == 200
            await web.settled()
            (call,) = (await agent.get("/api/v1/calls")).json()["items"]
            if event == "newCall":
                assert (call["state"], call["agent"], call["rings_at"]) == ("ringing", "", ["agent", "eva"])
        assert (call["state"], call["agent"]) == ("active", "agent")


async def test_a_wish_is_taken_called_and_done_and_the_customer_sees_it_on_the_status_page(web: Web) -> None:
    receipt = await _wish(web, about="The invoice")
    async with web.client(Role.AGENT) as agent:
        (wish,) = (await agent.get("/api/v1/callbacks?state=open")).json()["items"]
        assert (wish["id"], wish["name"], wish["phone"]) == (receipt["callback"], "Ana", "+5355512345")
        path = f"/api/v1/callbacks/{wish['id']}"
        assert (await agent.post(f"{path}/take")).json()["agent"] == "agent program"
        call = (await agent.post("/api/v1/calls", json={"direction": "out", "callback": wish["id"]})).json()
        assert (call["number"], call["phone"], call["direction"]) == (wish["number"], "+5355512345", "out")
        now = datetime.now(UTC).isoformat()
        await agent.patch(f"/api/v1/calls/{call['id']}", json={"answered_at": now, "ended_at": now})
        await web.settled()
        done = (await agent.get(path)).json()
        assert (done["state"], done["call"]) == ("done", call["id"])
        assert (await agent.post(f"{path}/cancel", json={})).status_code == 409
        report = (await agent.get("/api/v1/reports/channel_report")).json()["rows"]
        assert [(row["channel"], row["contacts"]) for row in report] == [("phone", 1)]
        status = (await agent.get(receipt["status_url"], headers={"Accept": "application/json"})).json()
        assert [entry["text"] for entry in status["timeline"] if entry["direction"] == "in"] == ["The invoice"]


async def test_a_wish_can_be_put_back_moved_and_called_off(web: Web) -> None:
    receipt = await _wish(web)
    async with web.client(Role.AGENT) as agent, web.client(Role.ADMIN) as other:
        path = f"/api/v1/callbacks/{receipt['callback']}"
        assert (await agent.post(f"{path}/take")).status_code == 200
        assert (await other.post(f"{path}/take")).status_code == 409
        assert (await other.post(f"{path}/release")).json()["state"] == "open"
        later = {"since": "2100-01-04T10:00:00Z", "until": "2100-01-04T11:00:00Z"}
        assert (await other.post(f"{path}/reschedule", json=later)).json()["since"] == later["since"]
        assert (await other.post(f"{path}/reschedule", json={"since": "x", "until": "y"})).status_code == 422
        off = (await other.post(f"{path}/cancel", json={"reason": "wrong number"})).json()
        assert (off["state"], off["reason"]) == ("cancelled", "wrong number")
        for missing in (f"/api/v1/callbacks/{uuid4()}", "/api/v1/callbacks/nonsense"):
            assert (await agent.get(missing)).status_code == 404


async def test_what_was_done_to_a_wish_can_be_taken_back_once(web: Web) -> None:
    receipt = await _wish(web)
    path = f"/api/v1/callbacks/{receipt['callback']}"
    async with web.browser(Role.AGENT) as agent:
        for action in ("take", "cancel", "done"):
            came = await agent.post(f"/agent/callbacks/{receipt['callback']}/{action}", data={"x": "y"})
            assert came.status_code == 303, came.text
            undo = httpx.URL(came.headers["location"]).params["undo"]
            assert (await agent.post(f"/agent/undo/{undo}", data={"next": "/agent/calls"})).status_code == 303
            await web.settled()
            assert (await agent.get(path)).json()["state"] == "open"


async def test_who_works_on_what_is_shown_with_the_time_it_took(web: Web) -> None:
    async with web.client() as customer, web.browser(Role.AGENT) as agent:
        headers = {"Accept": "application/json"}
        await web.form(customer)
        await web.settled()
        assert (await agent.post("/api/v1/incidents/1/assign", json={"to": "agent"})).status_code == 200
        started = (await agent.post("/api/v1/incidents/1/work/start", headers=headers)).json()
        assert (started["number"], started["running"]["number"]) == (1, 1)
        call = await _call(agent, incident=1, answered_at=datetime.now(UTC).isoformat())
        (_, working) = (await agent.get("/api/v1/work")).json()["items"]
        assert (working["agent"], working["stopwatch"]["number"], working["calls"][0]["id"]) == ("agent", 1, call["id"])
        assert [each["number"] for each in working["incidents"]] == [1]
        ended = (datetime.now(UTC) + timedelta(seconds=60)).isoformat()
        shown = (await agent.patch(f"/api/v1/calls/{call['id']}", json={"ended_at": ended})).json()
        assert (await agent.post("/api/v1/work/stop", json={"number": 2})).status_code in {404, 409}
        assert (await agent.post("/api/v1/work/stop", json={"number": 1, "seconds": 0})).status_code == 200
        assert (await agent.post("/api/v1/work/stop", json={})).status_code == 409
        took = (await agent.get("/api/v1/incidents/1/work")).json()
        assert took["items"][0]["agent"] == "agent"
        assert took["total"] == took["items"][0]["spent"]["calls"] == shown["seconds"]
        assert (await agent.get("/api/v1/incidents/99/work")).status_code == 404
        assert (
            await agent.get("/api/v1/work?since=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z")
        ).status_code == 422


async def test_the_chats_somebody_has_accepted_are_work_too(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent:
        await agent.post("/api/v1/presence", json={"available": True})
        async with chatting(web) as eva:
            await eva.say("No imprime")
            await eva.next("state", state="waiting")
            await web.settled()
            assert (await agent.post(f"/api/v1/chats/{eva.session}/accept")).status_code == 200
            await web.settled()
            working = {each["agent"]: each["chats"] for each in (await agent.get("/api/v1/work")).json()["items"]}
            assert working["admin"] == []
            assert [(chat["id"], chat["number"], chat["name"]) for chat in working["agent"]] == [
                (eva.session, 1, "Eva")
            ]
            assert "Eva" in (await agent.get("/agent/work")).text


async def test_the_work_list_goes_on_page_by_page(web: Web) -> None:
    await web.settled()
    async with web.client(Role.ANALYST) as analyst:
        first = (await analyst.get("/api/v1/work?limit=1")).json()
        second = (await analyst.get("/api/v1/work", params={"limit": 1, "cursor": first["next_cursor"]})).json()
        assert [each["agent"] for each in first["items"] + second["items"]] == ["admin", "agent"]
        assert second["next_cursor"] is None


async def test_a_line_lets_a_telephone_system_in_until_it_is_revoked(web: Web) -> None:
    push = {"event": "newCall", "callId": "c1", "from": "5355512345", "to": "537", "direction": "in"}
    async with web.client(Role.ADMIN) as admin, web.client() as system:
        made = (await admin.post("/api/v1/lines", json={"name": "office"})).json()
        assert made["url"].startswith(f"{web.url}/api/v1/cti/office?key=")
        assert (await system.post(made["url"], data=push)).status_code == 200
        assert (await admin.post("/api/v1/lines", json={"name": "office"})).status_code == 409
        assert (await admin.post("/api/v1/lines", json={"name": "Not good"})).status_code == 422
        revoked = await admin.post("/api/v1/lines/office/revoke")
        assert (revoked.status_code, revoked.json()["revoked_at"] is None) == (200, False)
        assert (await system.post(made["url"], data=push)).status_code == 403
        assert (await admin.post("/api/v1/lines/nothing/revoke")).status_code == 404
        listed = (await admin.get("/api/v1/lines")).json()["items"]
        assert [(each["name"], each["revoked_at"] is None) for each in listed] == [("main", True), ("office", False)]
        assert made["url"].rpartition("=")[2] not in str(listed)


async def test_a_call_without_number_or_with_a_wrong_one_is_refused(web: Web) -> None:
    async with web.client(Role.AGENT) as agent:
        for body, field in (({}, "phone"), ({"phone": "x"}, "phone"), ({"phone": "+53555", "odd": 1}, "odd")):
            came = await agent.post("/api/v1/calls", json={"direction": "in"} | body)
            assert (came.status_code, came.json()["errors"][0]["field"]) == (422, field)
        missing = await agent.post("/api/v1/calls", json={"direction": "out", "callback": str(uuid4())})
        assert missing.status_code == 404
