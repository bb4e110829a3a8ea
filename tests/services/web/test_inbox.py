"""The inbox without scripts: views, one action for many, saved searches, the palette, the targets; and over the API."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from services.access import teams
from services.access.desk import Access
from services.access.identity import Role
from services.web.pages import bulk_form
from tests.services.web.serving import Web


async def _three(web: Web) -> None:
    async with web.client() as customer:
        for number in range(1, 4):
            await web.form(customer, email=f"p{number}@x.cu", subject=f"Subject {number}")
    await web.settled()


async def _team(web: Web) -> None:
    def make(desk) -> None:
        teams.create_team(desk, "red", "Red team")
        teams.set_members(desk, "red", ("agent", "admin"))

    await Access(web.hub.database, web.hub.ledger, web.hub.secret).run("test", make)


def _numbers(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="incident-(\d+)"', page)]


async def test_many_are_changed_with_one_form_and_one_undo(web: Web) -> None:
    await _three(web)
    async with web.browser(Role.AGENT) as agent:
        await agent.post("/api/v1/incidents/2/close")
        await web.settled()
        picked = {f"pick-{number}": "on" for number in (1, 2, 3)}
        came = await agent.post("/en/agent/bulk", data=picked | {"do": "assign:.", "query": "view=unassigned"})
        assert came.status_code == 303, came.text
        where = came.headers["location"]
        assert where.startswith("/en/agent?view=unassigned&changed=2&left=2&")
        page = (await agent.get(where)).text
        assert "2 changed, 1 refused" in page
        assert ">#2</a> closed" in page
        mine = (await agent.get("/en/agent?view=mine")).text
        assert 'hx-get="/en/agent?' in mine  # what comes later is in the language of the page
        assert _numbers(mine) == [3, 1]
        undo = re.search(r'action="(/en/agent/undo/[^"]+)"', page)
        assert undo is not None
        came = await agent.post(undo[1], data={"next": where})
        assert "changed=" not in came.headers["location"]
        await web.settled()
        assert _numbers((await agent.get("/en/agent?view=mine")).text) == []


@pytest.mark.parametrize(
    ("do", "more", "shown"),
    [
        ("priority:urgent", {}, {"priority": "urgent"}),
        ("team:red", {}, {"team": "red"}),
        ("tag:on", {"tag": " VIP "}, {"tags": ["vip"]}),
        ("snooze:answer", {}, {"snoozed": True, "snoozed_until": None}),
        ("resolve", {}, {"status": "resolved"}),
        ("close", {}, {"status": "closed"}),
        ("merge", {}, {"merged_into": 1}),
    ],
)
async def test_every_action_of_the_bar_does_what_it_says(
    web: Web, do: str, more: dict[str, str], shown: object
) -> None:
    await _three(web)
    await _team(web)
    async with web.browser(Role.AGENT) as agent:
        came = await agent.post("/agent/bulk", data={"pick-1": "on", "pick-3": "on", "do": do, "zone": ""} | more)
        assert came.status_code == 303, came.text
        await web.settled()
        one = (await agent.get("/api/v1/incidents/3")).json()
        assert isinstance(shown, dict)
        assert {name: one[name] for name in shown} == shown


async def test_what_the_bar_cannot_mean_is_refused(web: Web) -> None:
    await _three(web)
    async with web.browser(Role.AGENT) as agent:
        for fields in (
            {"do": "resolve"},
            {"pick-1": "on", "do": "nonsense"},
            {"pick-1": "on", "do": "priority:nonsense"},
            {"pick-1": "on", "do": "tag:on", "tag": " "},
            {"pick-1": "on", "do": "snooze:", "until": "tomorrow", "zone": "Nowhere/../etc"},
            {"pick-1": "on", "do": "merge"},
        ):
            assert (await agent.post("/agent/bulk", data=fields)).status_code == 422, fields


def test_a_snooze_ends_in_the_readers_own_morning() -> None:
    late = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # a Wednesday; in Madrid it is Thursday already
    fields = {"zone": "Europe/Madrid", "until": "2026-12-01T10:15"}
    assert bulk_form.until("later", fields, late) == late + timedelta(hours=3)
    assert bulk_form.until("tomorrow", fields, late) == datetime(2026, 11, 27, 8, tzinfo=UTC)
    assert bulk_form.until("tomorrow", {}, late) == datetime(2026, 11, 26, 9, tzinfo=UTC)
    assert bulk_form.until("monday", fields, late) == datetime(2026, 11, 30, 8, tzinfo=UTC)
    assert bulk_form.until("", fields, late) == datetime(2026, 12, 1, 9, 15, tzinfo=UTC)
    assert bulk_form.until("answer", fields, late) is None


async def test_a_search_is_kept_shared_renamed_and_forgotten(web: Web) -> None:
    await _three(web)
    await _team(web)
    async with web.browser(Role.AGENT) as agent, web.browser(Role.ADMIN) as admin:
        kept = {"name": "Urgent ones", "query": "priority=urgent&q=x&cursor=evil", "team": ""}
        assert (await agent.post("/agent/searches", data=kept)).headers["location"].startswith("/agent?priority=urgent")
        assert (await agent.post("/agent/searches", data=kept)).status_code == 409
        assert (await agent.post("/agent/searches", data=kept | {"name": "Other", "team": "blue"})).status_code == 422
        page = (await agent.get("/en/agent/searches")).text
        found = re.search(r'action="/en(/agent/searches/[^"]+)"', page)
        assert found is not None
        assert "Urgent ones" not in (await admin.get("/agent")).text
        share = {"do": "save", "name": "Red <b>urgent</b>", "team": "red"}
        assert (await admin.post(found[1], data=share)).status_code == 404  # another's
        assert (await agent.post(found[1], data=share)).status_code == 303
        shown = (await admin.get("/agent")).text
        assert "Red &lt;b&gt;urgent&lt;/b&gt;" in shown
        assert "?priority=urgent&amp;q=x" in shown
        assert "Red &lt;b&gt;" in (await admin.get("/agent/palette?q=red")).text
        assert (await admin.post(found[1], data={"do": "delete"})).status_code == 404
        await agent.post(found[1], data={"do": "delete"})
        assert "Red &lt;b&gt;" not in (await admin.get("/agent")).text


async def test_searches_over_the_api_are_ones_own(web: Web) -> None:
    async with web.client(Role.AGENT) as agent, web.client(Role.ADMIN) as admin:
        came = await agent.post("/api/v1/searches", json={"name": "A", "query": "?view=mine&evil=1"})
        assert came.status_code == 201
        (kept,) = came.json()["items"]
        assert kept | {"id": None} == {
            "id": None,
            "name": "A",
            "query": "view=mine",
            "owner": kept["owner"],
            "team": None,
        }
        assert (await admin.get("/api/v1/searches")).json()["items"] == []
        address = f"/api/v1/searches/{kept['id']}"
        assert (await admin.delete(address)).status_code == 404
        assert (await admin.patch(address, json={"name": "B"})).status_code == 404
        renamed = (await agent.patch(address, json={"name": "B"})).json()["items"]
        assert [each["name"] for each in renamed] == ["B"]
        assert (await agent.delete(address)).json()["items"] == []


async def test_targets_are_set_by_an_admin_and_give_every_incident_its_clock(web: Web) -> None:
    await _three(web)
    async with web.browser(Role.ADMIN) as admin, web.client(Role.AGENT) as agent:
        fields = {
            f"{kind}_{priority}": "" for kind in ("first", "resolution") for priority in ("low", "high", "urgent")
        }
        fields |= {"first_normal": "30", "first_normal_unit": "minutes", "resolution_normal": "2"}
        fields |= {"resolution_normal_unit": "days"}
        came = await admin.post("/en/admin/targets", data=fields)
        assert came.status_code == 303, came.text
        page = (await admin.get(came.headers["location"])).text
        assert 'name="first_normal" inputmode="numeric" pattern="[0-9]*" value="30"' in page
        one = (await agent.get("/api/v1/incidents/1")).json()
        opened = datetime.fromisoformat(one["opened_at"])
        assert datetime.fromisoformat(one["first_response_due_at"]) == opened + timedelta(minutes=30)
        assert datetime.fromisoformat(one["resolution_due_at"]) == opened + timedelta(days=2)
        assert (one["clock"]["kind"], one["breached"]) == ("first_response", False)
        assert [each["number"] for each in (await agent.get("/api/v1/incidents?view=breaching")).json()["items"]] == [
            1,
            2,
            3,
        ]
        wrong = await admin.post("/admin/targets", data=fields | {"first_normal": "soon"})
        assert wrong.status_code == 422
        assert 'value="soon"' in wrong.text
        assert (await admin.post("/admin/targets", data=fields | {"first_normal": "9999"})).status_code == 422
        body = {"first_response_seconds": None, "resolution_seconds": None}
        assert (await agent.put("/api/v1/targets/normal", json=body)).status_code == 403
    async with web.client(Role.ADMIN) as admin:
        assert (await admin.put("/api/v1/targets/normal", json=body)).status_code == 200
        assert (await admin.get("/api/v1/incidents/1")).json()["clock"] is None


async def test_the_palette_finds_incidents_customers_pages_and_only_what_one_may(web: Web) -> None:
    await _three(web)
    async with web.browser(Role.AGENT) as agent, web.browser(Role.ADMIN) as admin:
        assert "/en/agent/incidents/2" in (await agent.get("/en/agent/palette?q=%232")).text
        assert "/en/agent/incidents/3" in (await agent.get("/en/agent/palette?q=3")).text
        shown = (await agent.get("/en/agent/palette?q=Subject")).text
        assert [shown.count(f"/en/agent/incidents/{number}") for number in (1, 2, 3)] == [1, 1, 1]
        assert "p2@x.cu" in (await agent.get("/en/agent/palette?q=p2@x")).text
        assert 'href="/es/agent?view=mine"' in (await agent.get("/es/agent/palette?q=mis+incid")).text
        assert "/admin/targets" not in (await agent.get("/en/agent/palette")).text
        assert "/en/admin/targets" in (await admin.get("/en/agent/palette?q=service")).text
        assert "Nothing found." in (await agent.get("/en/agent/palette?q=zzzzqq")).text


async def test_the_api_snoozes_assigns_teams_and_changes_many(web: Web) -> None:
    await _three(web)
    await _team(web)
    async with web.client(Role.AGENT) as agent:
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        done = (await agent.post("/api/v1/incidents/1/snooze", json={"until": until})).json()
        assert done["incident"]["snoozed"]
        assert (
            await agent.post("/api/v1/incidents/1/snooze", json={"until": "2020-01-01T00:00:00Z"})
        ).status_code == 422
        assert (
            await agent.post("/api/v1/incidents/1/snooze", json={"until": "2030-01-01T00:00:00"})
        ).status_code == 422
        assert not (await agent.post("/api/v1/incidents/1/wake")).json()["incident"]["snoozed"]
        assert (await agent.post("/api/v1/incidents/1/wake")).status_code == 409
        given = (await agent.post("/api/v1/incidents/1/assign", json={"team": "red"})).json()["incident"]
        assert (given["team"], given["assignee"]) == ("red", None)
        assert (await agent.post("/api/v1/incidents/1/assign", json={})).status_code == 422
        body = {"incidents": [1, 2, 3, 77], "action": "assign", "to": "admin"}
        came = await agent.post("/api/v1/incidents/bulk", json=body)
        assert came.json() | {"position": 0} == {
            "position": 0,
            "changed": 3,
            "refused": [{"number": 77, "detail": "there is no incident 77"}],
        }
        assert (await agent.get("/api/v1/incidents/1")).json()["team"] == "red"  # what isn't said stays
        assert (await agent.post(f"/api/v1/undo/{came.headers['cauce-undo']}")).status_code == 200
        assert (await agent.get("/api/v1/views")).json() == {
            "mine": 0,
            "unassigned": 3,
            "waiting": 0,
            "breaching": 0,
            "snoozed": 0,
            "all": 3,
        }
        assert (await agent.post("/api/v1/incidents/bulk", json=body | {"action": "nonsense"})).status_code == 422


async def test_an_incidents_page_gives_it_a_team_snoozes_wakes_and_shows_its_clock(web: Web) -> None:
    await _three(web)
    await _team(web)
    async with web.browser(Role.AGENT) as agent, web.client(Role.ADMIN) as admin:
        target = {"first_response_seconds": 3600, "resolution_seconds": None}
        await admin.put("/api/v1/targets/normal", json=target)
        for action, fields in (("team", {"team": "red"}), ("snooze", {"for": "tomorrow", "zone": "America/Havana"})):
            came = await agent.post(f"/en/agent/incidents/1/{action}", data=fields)
            assert came.status_code == 303, came.text
            assert "undo=" in came.headers["location"]
        page = (await agent.get(came.headers["location"])).text
        assert '<option value="red" selected>Red team</option>' in page
        assert "First answer due" in page
        assert "/en/agent/incidents/1/wake" in page
        assert re.search(r"Was snoozed: <time", page)
        assert (await agent.post("/en/agent/incidents/1/wake", data={})).status_code == 303
        await web.settled()
        assert not (await admin.get("/api/v1/incidents/1")).json()["snoozed"]
        refused = await agent.post("/en/agent/incidents/1/snooze", data={"for": "", "until": "2020-01-01T00:00"})
        assert refused.status_code == 422
        assert 'class="problem"' in refused.text
