"""What a closed team keeps to itself: the router says where to look, so that a new route can't be forgotten."""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from fastapi import APIRouter
from starlette.routing import Route

from schemas.held import HeldReason
from services.access import sight
from services.access.identity import Role
from services.access.policy import EVERYBODY, POLICY
from services.web.guard import Guard, rule_of
from tests.services.web.secrecy import PHONE, SECRET, TEAM, Kept, hold_answer, keep
from tests.services.web.serving import Web

_OTHERS = {"customer": "", "kind": "note", "name": "channel_report", "action": "note", "index": "0"}
_ASKED = {
    "GET /agent": ("?view=all", f"?q={SECRET}"),
    "GET /agent/palette": (f"?q={SECRET}",),
    "GET /agent/calls": ("?state=ended",),
    "GET /agent/calls/new": ("?incident={number}",),
    "GET /agent/chats": ("?open={chat}",),
    "GET /agent/chats/{chat}": ("?part=log",),
    "GET /agent/calls/match": (f"?phone={PHONE[1:]}",),
    "GET /agent/in-person/match": ("?email=ana@x.cu",),
    "GET /api/v1/incidents": (f"?q={SECRET}", "?team=rrhh", "?assignee=has_it", "?organization={organization}"),
}
"""What a list is asked for, besides everything it shows unasked."""
_ENDLESS = {"GET /live", "GET /api/v1/live"}
_SHOW = {
    "GET /agent",
    "GET /agent/calls",
    "GET /agent/calls/{call}",
    "GET /agent/chats",
    "GET /agent/chats/{chat}",
    "GET /agent/customers/{customer}",
    "GET /agent/in-person/match",
    "GET /agent/incidents/{number}",
    "GET /agent/incidents/{number}/gap",
    "GET /agent/interactions/{interaction}/original",
    "GET /agent/mentions",
    "GET /agent/organizations/{organization}",
    "GET /agent/palette",
    "GET /agent/quarantine",
    "GET /agent/quarantine/{item}",
    "GET /agent/work",
    "GET /api/v1/articles/all",
    "GET /api/v1/articles/{article}/work",
    "GET /api/v1/callbacks",
    "GET /api/v1/callbacks/{callback}",
    "GET /api/v1/calls",
    "GET /api/v1/calls/{call}",
    "GET /api/v1/chats",
    "GET /api/v1/chats/{chat}",
    "GET /api/v1/customers/{customer}/timeline",
    "GET /api/v1/gaps",
    "GET /api/v1/incidents",
    "GET /api/v1/incidents/{number}",
    "GET /api/v1/incidents/{number}/similar",
    "GET /api/v1/incidents/{number}/timeline",
    "GET /api/v1/mentions",
    "GET /api/v1/organizations/{organization}",
    "GET /api/v1/quarantine",
    "GET /api/v1/quarantine/{item}",
    "GET /api/v1/quarantine/{item}/html",
    "GET /api/v1/quarantine/{item}/raw",
    "GET /api/v1/work",
    "GET /knowledge",
    "GET /knowledge/queue",
    "GET /knowledge/{article}",
    "GET /knowledge/{article}/compare",
}
"""Where its words do show to who may see them. A route that shows them anew is to be written down here."""
_ELSEWHERE = {
    "GET /agent/chats/{chat}": 303,
    "GET /agent/incidents/{number}/articles/{article}/doubt": 404,
    "GET /api/v1/articles/{article}": 404,
    "GET /api/v1/incidents/{number}/canned/{canned_id}": 404,
    "GET /api/v1/incidents/{number}/interactions/{interaction}/confirmation": 404,
    "GET /api/v1/interactions/{interaction}/attachments/{index}": 404,
    "GET /api/v1/interactions/{interaction}/html": 404,
    "GET /api/v1/interactions/{interaction}/raw": 404,
}
"""What there is none of, and what leads to another page."""


@pytest.fixture
async def kept(web: Web) -> Kept:
    return await keep(web)


def _agents(web: Web) -> Iterator[tuple[str, str, str]]:
    for route in web.app.router.routes:
        rule = rule_of(route)
        if POLICY[rule] is not EVERYBODY and Role.AGENT in POLICY[rule] and rule not in _ENDLESS:
            method, _, path = rule.partition(" ")
            yield rule, method, path


def _named(path: str) -> set[str]:
    return set(re.findall(r"{(\w+)", path))


def _filled(path: str, known: dict[str, str]) -> str:
    return re.sub(r"{(\w+)(?::\w+)?}", lambda found: known.get(found[1], str(UUID(int=7))), path)


async def _shown(web: Web, kept: Kept, who: str) -> tuple[set[str], dict[str, int]]:
    """Where the secret's words came out, in answer to everything that can be asked; and with which statuses."""
    known = _OTHERS | {"customer": kept.customer, "organization": kept.organization} | kept.known
    told: set[str] = set()
    statuses: dict[str, int] = {}
    async with kept.client(web, who) as client:
        for rule, method, path in _agents(web):
            if method != "GET":
                continue
            plain = known | {"number": str(kept.plain)}
            addresses = [_filled(path, known), *([_filled(path, plain)] if "number" in _named(path) else [])]
            for address in [
                whole + _filled(asked, known) for whole in addresses for asked in ("", *_ASKED.get(rule, ()))
            ]:
                came = await client.get(address, headers={"Accept": "text/html, */*"})
                assert came.status_code < 500, f"{address}: {came.text[:300]}"
                if SECRET in came.text.replace(f"q={SECRET}", "").replace(f'value="{SECRET}"', ""):
                    told.add(rule)
                if address == addresses[0]:
                    statuses[rule] = came.status_code
    return told, statuses


async def test_nobody_else_finds_a_word_of_it_or_an_address_of_it(web: Web, kept: Kept) -> None:
    for who in ("outsider", "program"):
        told, statuses = await _shown(web, kept, who)

        assert (who, told) == (who, set())
        named = {rule: came for rule, came in statuses.items() if _named(rule) & sight.ABOUT_AN_INCIDENT}
        assert {rule: came for rule, came in named.items() if came != 404} == {}


async def test_its_members_whoever_has_it_and_admins_find_all_of_it(web: Web, kept: Kept) -> None:
    for who in ("member", "has_it", "admin"):
        told, statuses = await _shown(web, kept, who)

        only_the_members = {"GET /agent/mentions", "GET /api/v1/mentions"} if who != "member" else set()
        expected = _SHOW - only_the_members
        assert (who, told - expected, expected - told) == (who, set(), set())
        named = {rule: came for rule, came in statuses.items() if _named(rule) & sight.ABOUT_AN_INCIDENT}
        assert {rule: came for rule, came in named.items() if came != 200} == _ELSEWHERE


async def test_a_file_of_a_draft_made_of_it_is_for_those_who_see_that(web: Web, kept: Kept) -> None:
    address = _filled("/articles/{article}/files/{file}", kept.known)
    for who, status in (("outsider", 404), ("program", 404), ("member", 200), ("admin", 200)):
        async with kept.client(web, who) as client:
            assert (who, (await client.get(address)).status_code) == (who, status)


async def test_nobody_else_does_anything_to_it(web: Web, kept: Kept) -> None:
    async with kept.client(web, "outsider") as client, kept.client(web, "admin") as admin:
        before = (await admin.get(f"/api/v1/incidents/{kept.known['number']}/timeline")).json()
        for rule, method, path in _agents(web):
            if method != "GET" and _named(path) & sight.ABOUT_AN_INCIDENT:
                came = await client.request(method, _filled(path, _OTHERS | kept.known), json={})
                assert came.status_code == 404, f"{rule}: {came.status_code} {came.text[:200]}"
        assert (await admin.get(f"/api/v1/incidents/{kept.known['number']}/timeline")).json() == before


async def test_a_command_that_names_it_beside_its_own_finds_none(web: Web, kept: Kept) -> None:
    secret, plain = int(kept.known["number"]), kept.plain
    async with kept.client(web, "outsider") as client:
        spoken = (await client.get(f"/api/v1/incidents/{plain}/timeline")).json()["items"][0]["interaction_id"]
        mine = (
            await client.post("/api/v1/calls", json={"direction": "in", "phone": PHONE, "new_incident": True})
        ).json()
        for method, path, body in (
            ("POST", f"incidents/{plain}/merge", {"from": [secret]}),
            ("POST", f"incidents/{plain}/unmerge", {"from": secret}),
            ("POST", f"incidents/{plain}/move", {"interaction": spoken, "to": secret}),
            ("POST", "calls", {"direction": "in", "phone": PHONE, "incident": secret}),
            ("POST", "calls", {"direction": "out", "callback": kept.known["callback"]}),
            ("PATCH", f"calls/{mine['id']}", {"incident": secret}),
            ("POST", "work/stop", {"number": secret}),
            ("POST", "in-person", {"name": "Ana", "subject": "x", "body": "x", "incident": secret}),
        ):
            came = await client.request(method, f"/api/v1/{path}", json=body)
            absent: dict[str, object] = body | {
                name: (body[name] and 987654) for name in ("to", "incident", "number") if name in body
            }
            absent |= {"from": [987654] if path.endswith("/merge") else 987654} if "from" in body else {}
            absent |= {"callback": str(uuid4())} if "callback" in body else {}
            none = await client.request(method, f"/api/v1/{path}", json=absent)
            assert came.status_code >= 400, f"{path}: {came.text}"
            assert (came.status_code, came.text) == (
                none.status_code,
                none.text.replace("987654", str(secret)),
            ), path
        file = {"file": ("a.txt", b"a", "text/plain")}
        assert (await client.post(f"/api/v1/uploads?incident={secret}", files=file)).status_code == 404
        bulk = await client.post(
            "/api/v1/incidents/bulk", json={"incidents": [secret, plain], "action": "priority", "priority": "high"}
        )
        assert [(each["number"], bulk.json()["changed"]) for each in bulk.json()["refused"]] == [(secret, 1)]


async def test_counts_leave_it_out(web: Web, kept: Kept) -> None:
    counted = {}
    for who in ("outsider", "admin"):
        async with kept.client(web, who) as client:
            views = (await client.get("/api/v1/views")).json()
            customer = (await client.get(f"/api/v1/customers/{kept.customer}")).json()
            counted[who] = (views["all"], customer["incidents"]["total"])
    assert counted["admin"][0] - counted["outsider"][0] == 4
    assert counted["admin"][1] - counted["outsider"][1] == 2


async def test_of_the_quarantine_nobody_else_counts_chooses_or_tries_again_what_answers_it(
    web: Web, kept: Kept
) -> None:
    with web.hub.database.transaction() as connection:
        numbers = dict(
            connection.execute(
                "SELECT number, id FROM incidents WHERE number = ANY(%s)", ([int(kept.known["number"]), kept.plain],)
            ).fetchall()
        )
        merged: UUID = connection.execute("SELECT id FROM incidents WHERE merged_into IS NOT NULL").fetchall()[0][0]
    secret = numbers[int(kept.known["number"])]
    hidden = [
        kept.known["item"],
        str(hold_answer(web, merged)),
        str(hold_answer(web, secret, HeldReason.CLAIMS_A_CUSTOMER)),
        str(hold_answer(web, None)),  # held before anybody kept which
    ]
    open_to_all = [
        str(hold_answer(web, numbers[kept.plain], words="Plain")),
        str(hold_answer(web, None, HeldReason.CLAIMS_A_CUSTOMER, words="Plain")),
    ]
    all_of_it = {"outsider": open_to_all, "has_it": [*hidden[:3], *open_to_all], "admin": [*hidden, *open_to_all]}
    for who, expected in all_of_it.items():
        async with kept.client(web, who) as client:
            listed = (await client.get("/api/v1/quarantine")).json()["items"]
            counted = (await client.get("/api/v1/quarantine/counts")).json()["held"]
        assert (who, {each["id"] for each in listed}, counted) == (who, set(expected), len(expected))
    async with kept.client(web, "outsider") as client, kept.client(web, "admin") as admin:
        for do in ("release", "reprocess", "discard", "restore"):
            asked = {"do": do, "items": [*hidden, str(UUID(int=7))], "reason": "x"}
            many = (await client.post("/api/v1/quarantine/many", json=asked)).json()
            assert (do, many["changed"], len({each["error"] for each in many["refused"]})) == (do, 0, 1)
        begun = await client.post("/api/v1/quarantine/reprocess-all", json={"reason": ""})
        assert (begun.status_code, begun.json()["total"]) == (202, len(open_to_all))
        left = {each["id"] for each in (await admin.get("/api/v1/quarantine")).json()["items"]}
        assert set(hidden) <= left


async def test_who_gives_one_away_sees_it_no_more_and_may_take_it_back(web: Web, kept: Kept) -> None:
    async with kept.client(web, "outsider") as client:
        given = await client.post(f"/api/v1/incidents/{kept.plain}/assign", json={"team": TEAM})
        assert (given.status_code, given.json()["incident"]) == (200, None)
        assert (await client.get(f"/api/v1/incidents/{kept.plain}")).status_code == 404
        undone = await client.post(f"/api/v1/undo/{given.headers['cauce-undo']}")
        assert undone.status_code == 200, undone.text
        await web.settled()
        assert (await client.get(f"/api/v1/incidents/{kept.plain}")).status_code == 200


async def test_what_is_split_off_stays_with_the_team(web: Web, kept: Kept) -> None:
    async with kept.client(web, "member") as member, kept.client(web, "outsider") as client:
        split = {"interactions": [kept.known["interaction"]], "subject": SECRET}
        number = (await member.post(f"/api/v1/incidents/{kept.known['number']}/split", json=split)).json()["incident"][
            "number"
        ]
        assert (await client.get(f"/api/v1/incidents/{number}")).status_code == 404


async def test_a_screen_closes_and_opens_it_and_offers_to_undo_that(web: Web, kept: Kept) -> None:
    async with web.browser(Role.ADMIN) as admin, kept.client(web, "outsider") as client:
        address = f"/api/v1/incidents/{kept.known['number']}"
        for action, inverse, seen in (("open", "close", 200), ("close", "open", 404)):
            turned = await admin.post(f"/admin/teams/{TEAM}/{action}")
            assert (await client.get(address)).status_code == seen
            page = await admin.get(turned.headers["location"])
            assert f'action="/admin/teams/{TEAM}/{inverse}" data-undo' in page.text


async def test_on_the_screen_whoever_gives_one_away_is_led_to_the_inbox(web: Web, kept: Kept) -> None:
    async with kept.client(web, "outsider") as client:
        given = await client.post(f"/agent/incidents/{kept.plain}/team", data={"team": TEAM})
        assert (given.status_code, given.headers["location"].partition("?")[0]) == (303, "/agent")


async def test_an_open_team_hides_nothing(web: Web, kept: Kept) -> None:
    async with kept.client(web, "admin") as admin, kept.client(web, "outsider") as client:
        address = f"/api/v1/incidents/{kept.known['number']}"
        assert (await client.get(address)).status_code == 404
        assert (await admin.patch(f"/api/v1/teams/{TEAM}", json={"closed": False})).status_code == 200
        assert (await client.get(address)).status_code == 200
        assert (await admin.patch(f"/api/v1/teams/{TEAM}", json={"closed": True})).status_code == 200
        assert (await client.get(address)).status_code == 404
        assert (await admin.patch(f"/api/v1/teams/{TEAM}", json={"members": ["outsider"]})).status_code == 200
        assert (await client.get(address)).status_code == 200


async def test_analysts_see_all_as_they_read_all_history_and_a_members_program_sees_what_they_see(
    web: Web, kept: Kept
) -> None:
    for who in ("analyst", "members_program"):
        async with kept.client(web, who) as client:
            assert (await client.get(f"/api/v1/incidents/{kept.known['number']}")).status_code == 200, who


def test_a_parameter_nobody_thought_of_cannot_be_served(web: Web) -> None:
    router = APIRouter()
    router.routes.append(Route("/agent/canned/{incident}", endpoint=lambda _: None))
    with pytest.raises(LookupError):
        Guard(web.hub.database, web.url).protect(router)
