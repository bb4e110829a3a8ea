"""The pages of telephone work, as a browser without scripts sees them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx

from channels.opening_hours import OpeningHours
from eventstore.database import Connection
from services.access.identity import Role
from tests.services.web.serving import Web

HOURS = OpeningHours.read("Mon-Fri 09:00-17:00 UTC")


def window() -> str:
    slot = list(HOURS.slots(datetime.now(UTC), 8))[1]
    return f"{slot.since:%Y-%m-%dT%H:%MZ}/{slot.until:%Y-%m-%dT%H:%MZ}"


async def _started(agent: httpx.AsyncClient, **fields: str) -> str:
    came = await agent.post("/agent/calls", data={"direction": "in", "phone": "+5355512345"} | fields)
    assert came.status_code == 303, came.text
    return came.headers["location"]


async def test_a_call_is_logged_followed_and_ended_without_scripts(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent:
        await agent.post("/api/v1/customers", json={"name": "Ana", "addresses": ["phone:+5355512345"]})
        await web.settled()
        form = (await agent.get("/en/agent/calls/new?phone=512345")).text
        assert "Ana" in form
        page = await _started(agent, subject="The invoice")
        assert "The invoice" in (await agent.get(page)).text
        path = page.partition("?")[0]
        for do, shown in (("hold", "Resume"), ("resume", "Hold"), ("end", "ended")):
            data = {"do": do} | ({"notes": "Twice", "outcome": "solved"} if do == "end" else {})
            came = await agent.post(path, data=data)
            assert came.status_code == 303, came.text
            assert shown in (await agent.get("/en" + came.headers["location"])).text
        refused = await agent.post(path, data={"do": "hold"})
        assert refused.status_code == 409
        board = (await agent.get("/en/agent/calls")).text
        assert "Solved" in board
        assert "Ana" in board
        assert (await agent.get("/en/agent/calls?day=2020-01-01")).text.count("<tr") == 0
        assert (await agent.get("/en/agent/calls?day=&number=5551&state=ended")).text.count("is-ended") >= 1


async def test_the_card_of_a_ringing_call_shows_only_where_it_rings(web: Web) -> None:
    push = {"event": "newCall", "callId": "c1", "from": "5355512345", "to": "537", "direction": "in", "user": "agent"}
    async with web.client() as system, web.browser(Role.AGENT) as agent, web.browser(Role.ADMIN) as other:
        await agent.post("/api/v1/customers", json={"name": "Ana", "addresses": ["phone:+5355512345"]})
        await system.post(f"/api/v1/cti/main?key={web.line_key}", data=push)
        await web.settled()
        card = (await agent.get("/en/agent/calls/mine")).text
        assert "Ana" in card
        assert "Pick up" in card
        assert "Ana" not in (await other.get("/en/agent/calls/mine")).text
        (call,) = re.findall(r"/agent/calls/([0-9a-f-]{36})\"><button", card)
        await agent.post(f"/agent/calls/{call}", data={"do": "answer"})
        await web.settled()
        assert "Pick up" not in (await agent.get("/en/agent/calls/mine")).text
        assert "Hold" in (await agent.get("/en/agent/calls/mine")).text


async def test_a_card_whose_call_was_never_told_to_end_goes_away(web: Web) -> None:
    push = {"event": "newCall", "callId": "c1", "from": "5355512345", "to": "537", "direction": "in"}

    def long_ago(connection: Connection) -> None:
        connection.execute("UPDATE calls.calls SET started_at = started_at - interval '4 minutes'")

    async with web.client() as system, web.browser(Role.AGENT) as agent:
        await system.post(f"/api/v1/cti/main?key={web.line_key}", data=push)
        await web.settled()
        assert "Pick up" in (await agent.get("/en/agent/calls/mine")).text
        await web.hub.database.run(long_ago)
        assert "Pick up" not in (await agent.get("/en/agent/calls/mine")).text


async def test_a_customer_asks_to_be_called_and_ends_on_the_status_page(web: Web) -> None:
    wish = {"name": "Ana", "phone": "+53 5551 2345", "window": window(), "about": "La factura", "time_zone": "UTC"}
    async with web.client(headers={"Accept": "text/html"}) as customer, web.browser(Role.AGENT) as agent:
        page = (await customer.get("/es/callback?tz=Europe/Madrid")).text
        assert "Europe/Madrid" in page
        assert wish["window"].partition("/")[0] in page
        assert (await customer.get("/callback?tz=Nowhere/City")).status_code == 200
        came = await customer.post("/es/callback", data=wish)
        assert came.status_code == 303, came.text
        await web.settled()
        assert "La factura" in (await customer.get(came.headers["location"])).text
        board = (await agent.get("/en/agent/calls")).text
        assert "+5355512345" in board
        (callback,) = re.findall(r"/agent/callbacks/([0-9a-f-]{36})/take", board)
        called = await agent.post("/agent/calls", data={"direction": "out", "callback": callback})
        assert called.status_code == 303, called.text
        assert "They answered" in (await agent.get("/en" + called.headers["location"])).text
        assert (await agent.post(f"/agent/callbacks/{callback}/odd")).status_code == 404
        assert (await agent.post(f"/agent/callbacks/{UUID(int=7)}/take")).status_code == 404


async def test_what_is_wrong_is_said_beside_what_was_typed(web: Web) -> None:
    wish = {"name": "Ana María", "phone": "+53 5551 2345", "window": window(), "about": "", "time_zone": "UTC"}
    async with web.client(headers={"Accept": "text/html"}) as customer:
        for changed, said in (
            ({"phone": "none"}, "Telephone: not a telephone number"),
            ({"window": ""}, "When: choose one"),
            ({"window": "nonsense"}, "When: choose one"),
            ({"window": "a/b"}, "From: Input should be a valid datetime or date, input is too short"),
            ({"website": "spam"}, "Website: leave this field empty"),
            ({"time_zone": "Nowhere/City"}, "Time zone: a time zone is like America/Havana"),
        ):
            came = await customer.post("/en/callback", data=wish | changed)
            assert came.status_code == 422, (changed, came.text)
            assert "Ana María" in came.text, changed
            assert f"<li>{said}</li>" in came.text


async def test_late_wishes_come_first_and_are_marked(web: Web) -> None:
    async with web.client() as customer, web.browser(Role.AGENT) as agent:
        for name in ("Ana", "Luz"):
            since, until = window().split("/")
            wish = {"name": name, "phone": "+5355512345", "since": since, "until": until}
            assert (await customer.post("/api/v1/callbacks", json=wish)).status_code == 202
        await web.settled()
        late = datetime.now(UTC) - timedelta(minutes=20)
        await web.hub.database.run(
            lambda connection: connection.execute(
                "UPDATE callbacks.callbacks SET until = %s WHERE name = 'Luz'", (late,)
            )
        )
        board = (await agent.get("/en/agent/calls?part=callbacks")).text
        assert board.index("Luz") < board.index("overdue") < board.index("Ana")
        assert board.count("overdue") == 1


async def test_the_stopwatch_runs_on_every_page_until_it_is_stopped(web: Web) -> None:
    async with web.client() as customer, web.browser(Role.AGENT) as agent:
        await web.form(customer)
        await web.settled()
        assert (await agent.post("/agent/work/start", data={"incident": "1"})).status_code == 303
        await web.settled()
        assert "Your stopwatch" in (await agent.get("/en/agent/calls/mine")).text
        assert "Stop" in (await agent.get("/en/agent/work/1")).text
        assert "#1" in (await agent.get("/en/agent/work")).text
        assert (await agent.post("/agent/work/stop", data={"minutes": "x"})).status_code == 422
        assert (await agent.post("/agent/work/stop", data={"minutes": "9999"})).status_code == 422
        assert (await agent.post("/agent/work/stop", data={"minutes": ""})).status_code == 303
        assert (await agent.post("/agent/work/stop", data={"minutes": ""})).status_code == 409
        await web.settled()
        assert "Your stopwatch" not in (await agent.get("/en/agent/calls/mine")).text
        assert (await agent.post("/agent/work/start", data={"incident": "77"})).status_code == 404


async def test_somebody_at_the_counter_is_recognized_and_becomes_an_incident(web: Web) -> None:
    async with web.browser(Role.AGENT) as agent:
        await agent.post("/api/v1/customers", json={"name": "Ana Pérez", "addresses": ["email:ana@x.cu"]})
        await web.settled()
        for typed in ({"name": "pérez"}, {"email": "ana@x"}, {"phone": "123", "name": "Ana P"}):
            assert "Ana Pérez" in (await agent.get("/en/agent/in-person/match", params=typed)).text
        visit = {"name": "Ana", "email": "ana@x.cu", "phone": "", "subject": "Router", "body": "Brought it back"}
        came = await agent.post("/agent/in-person", data=visit)
        assert came.headers["location"].startswith("/agent/incidents/1")
        more = await agent.post("/agent/in-person", data=visit | {"incident": "1", "body": "Again"})
        assert more.headers["location"].startswith("/agent/incidents/1")
        for wrong in ({"name": ""}, {"email": "no"}, {"phone": "no"}, {"incident": "99"}, {"incident": "x"}):
            refused = await agent.post("/agent/in-person", data=visit | wrong)
            assert refused.status_code == 422, wrong
            assert "Brought it back" in refused.text


async def test_an_admin_makes_a_line_sees_its_key_once_and_revokes_it(web: Web) -> None:
    async with web.browser(Role.ADMIN) as admin, web.browser(Role.AGENT) as agent:
        made = await admin.post("/en/admin/lines", data={"name": "Office"})
        assert made.status_code == 201
        (url,) = re.findall(r'value="(http[^"]+/api/v1/cti/office\?key=[^"]+)"', made.text)
        assert made.headers["cache-control"] == "no-store"
        listed = (await admin.get("/en/admin/lines")).text
        assert "office" in listed
        assert url.partition("key=")[2] not in listed
        assert (await admin.post("/en/admin/lines", data={"name": "office"})).status_code == 409
        assert (await admin.post("/admin/lines/office/revoke")).status_code == 303
        assert "revoked" in (await admin.get("/en/admin/lines")).text
        assert (await agent.get("/admin/lines")).status_code == 403
