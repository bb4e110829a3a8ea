"""Who may do what: every route is in the policy, and the policy holds for every route and role."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.routing import Route

from channels import intake
from eventstore.database import Database
from schemas.errors import LogUnavailableError
from services.access.identity import Role
from services.access.policy import EVERYBODY, POLICY
from services.web.guard import Guard, rule_of
from tests.services.web.serving import Web

_SOME = {"number": "987654", "action": "note", "name": "channel_report", "index": "0", "theme": "", "token": "x"}


def _path(template: str) -> str:
    return re.sub(r"{(\w+)(:path)?}", lambda found: _SOME.get(found[1], str(UUID(int=7))), template)


def _rules(web: Web) -> dict[str, frozenset[Role]]:
    return {rule_of(route): POLICY[rule_of(route)] for route in web.app.router.routes}


async def test_every_route_has_a_policy_and_every_policy_a_route(web: Web) -> None:
    assert {rule_of(route) for route in web.app.router.routes} == set(POLICY)


def test_no_route_of_ours_is_analysed_before_it_is_asked_for(web: Web) -> None:
    analysed = [route for route in web.app.router.routes if isinstance(route, APIRoute)]
    assert [route.path for route in analysed if route.endpoint.__module__.startswith("services.")] == []


def test_a_route_nobody_thought_of_cannot_be_served(web: Web) -> None:
    router = APIRouter()
    router.routes.append(Route("/secret", endpoint=lambda _: None))
    with pytest.raises(LookupError, match="GET /secret"):
        Guard(web.hub.database, web.url).protect(router)


class Hung(Database):
    """Takes questions and never answers."""

    async def run(self, *_args: Any, **_kwargs: Any) -> Any:
        await asyncio.Event().wait()


async def test_who_asks_while_the_database_hangs_is_told_as_soon_as_a_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_ANSWER_SECONDS", 0.05)
    router = APIRouter()
    router.routes.append(Route("/agent", endpoint=lambda _: None))
    Guard(Hung("postgresql://"), "http://cauce.example").protect(router)
    (route,) = router.routes
    scope = {"type": "http", "method": "GET", "path": "/agent", "headers": [(b"authorization", b"Bearer x")]}
    async with asyncio.timeout(3):
        with pytest.raises(LogUnavailableError):
            await route.app(scope, None, None)


async def test_without_signing_in_only_public_routes_answer(web: Web) -> None:
    async with web.client() as client:
        for rule, allowed in _rules(web).items():
            method, _, path = rule.partition(" ")
            if method == "WS" or path.startswith("/login"):  # which says itself who may not come in
                continue
            came = await client.request(method, _path(path))
            assert (came.status_code == 401) is (allowed is not EVERYBODY), f"{rule}: {came.status_code}"


@pytest.mark.parametrize("role", Role)
async def test_each_role_gets_what_the_policy_says(web: Web, role: Role) -> None:
    async with web.client(role) as client:
        for rule, allowed in _rules(web).items():
            method, _, path = rule.partition(" ")
            if allowed is EVERYBODY or path in {"/live", "/api/v1/live"}:
                continue
            came = await client.request(method, _path(path))
            assert (came.status_code == 403) is (role not in allowed), f"{rule}: {came.status_code} {came.text[:200]}"
            assert came.status_code not in {401, 500}, f"{rule}: {came.status_code}"


async def test_a_wrong_token_is_not_excused_by_a_good_cookie(web: Web) -> None:
    async with web.browser(Role.ADMIN) as client:
        assert (await client.get("/api/v1/incidents")).status_code == 200
        came = await client.get("/api/v1/incidents", headers={"Authorization": "Bearer cauce_wrong"})
        assert came.status_code == 401


async def test_a_write_with_a_cookie_must_come_from_our_own_pages(web: Web) -> None:
    async with web.browser(Role.AGENT) as client:
        elsewhere: list[dict[str, str]] = [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://[x"},
        ]
        for headers in elsewhere:
            came = await client.post("/agent/incidents/1/note", data={"text": "x"}, headers=headers)
            assert came.status_code == 403, headers
            assert (await client.post("/logout", headers=headers)).status_code == 403
        ours = {"Sec-Fetch-Site": "same-origin"}
        assert (await client.post("/agent/incidents/1/note", data={"text": "x"}, headers=ours)).status_code == 404


async def test_signing_out_ends_the_session_itself(web: Web) -> None:
    async with web.browser(Role.AGENT) as client:
        cookie = client.cookies["cauce"]
        assert (await client.post("/logout")).status_code == 303
    async with web.client(cookies={"cauce": cookie}) as other:
        assert (await other.get("/api/v1/incidents")).status_code == 401


async def test_guessing_passwords_is_slowed_down_and_says_nothing_of_names(web: Web) -> None:
    async with web.client() as client:
        wrong = [await client.post("/login", data={"name": "agent", "password": f"no {n}"}) for n in range(5)]
        nobody = await client.post("/login", data={"name": "nobody", "password": "no"})
        assert [came.status_code for came in [*wrong, nobody]] == [401] * 6
        assert nobody.text.replace("nobody", "agent") == wrong[0].text
        even_right = await client.post("/login", data={"name": "agent", "password": "correct horse battery"})
        assert (even_right.status_code, even_right.headers["retry-after"]) == (429, "300")
        other = await client.post("/login", data={"name": "analyst", "password": "correct horse battery"})
        assert other.status_code == 303


async def test_guessing_many_passwords_at_once_is_slowed_down_too(web: Web) -> None:
    async with web.client() as client:
        tries = [client.post("/login", data={"name": "agent", "password": f"no {n}"}) for n in range(12)]
        came = Counter([each.status_code for each in await asyncio.gather(*tries)])
    assert came[401] <= 6  # two are looked at together
    assert came[401] + came[429] == 12


async def test_after_signing_in_nobody_is_sent_to_another_site(web: Web) -> None:
    for wanted in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        async with web.client() as client:
            form = {"name": "agent", "password": "correct horse battery", "next": wanted}
            came = await client.post("/login", data=form)
            assert came.headers["location"] == "/agent"
