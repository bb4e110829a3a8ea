"""One customer reaches nothing of another's: on every public route, with all that she holds or can forge."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from channels.address_tokens import AddressTokens, UnsubscribeTokens
from schemas.ids import keyed_id, new_id
from services.access.identity import Role
from services.access.policy import EVERYBODY, POLICY
from services.widgets import sites
from services.widgets.sites import Site
from tests.services.web.chatting import socket_of
from tests.services.web.serving import Web

SECRET = "what only Ana and we know"


@dataclass(frozen=True)
class Keys:
    """What opens something to who shows it. A forged one is another's with an end of one's own."""

    status: str
    callback: str
    chat: str
    cookie: str
    requests: str
    unsubscribe: str

    def forge(self, other: Keys) -> list[str]:
        """Everything tried in another's name: one's own keys, and the other's cut where only the signature is left."""
        pairs = list(zip(astuple(self), astuple(other), strict=True))
        return [own for own, _ in pairs] + [
            theirs[:cut] + own[cut:] for own, theirs in pairs for cut in (0, 22, 26, 32, 36, len(own) - 3)
        ]


@dataclass(frozen=True)
class Things:
    """What a customer has with us, by the ids that others may come to know."""

    numbers: list[int]
    file: str


async def _customer(web: Web, site: Site, name: str, words: str) -> tuple[Keys, Things]:
    """Somebody who has written on every channel, has a file here, and an answer."""
    email = f"{name}@x.cu"
    slot = list(web.hub.settings.opening_hours.slots(datetime.now(UTC), 8))[1]
    wish = {"name": name, "phone": f"+5355550{len(name):03}", "since": f"{slot.since}", "until": f"{slot.until}"}
    async with web.client() as client, web.client(Role.AGENT) as agent:
        before = {each["number"] for each in (await agent.get("/api/v1/incidents")).json()["items"]}
        status = urlsplit(
            (await web.form(client, name=name, email=email, subject=words, body=words))["status_url"]
        ).path
        called = (await client.post("/api/v1/callbacks", json=wish | {"about": words})).json()["status_url"]
        sent = await client.post(status, data={"body": words}, files={"file": ("a.txt", words.encode(), "text/plain")})
        assert sent.status_code == 303, sent.text
        cookie = (await client.get(f"/widget/{site.key}")).headers["set-cookie"].partition(";")[0].partition("=")[2]
        chat = ""
        for place, headers in (("/api/v1/chat", {}), (f"/widget/{site.key}/chat", {"Cookie": f"cauce-chat={cookie}"})):
            async with _socket(web, place, headers) as socket:
                await socket.send(json.dumps({"type": "hello", "name": name}))
                chat = chat or json.loads(await socket.recv())["token"]
                await socket.send(json.dumps({"type": "message", "id": "1", "text": words}))
                while json.loads(await socket.recv())["type"] != "ack":
                    pass
        await web.settled()
        told = (await client.get(status, headers={"Accept": "application/json"})).json()
        await agent.post(f"/api/v1/incidents/{told['number']}/replies", json={"text": words})
        await web.settled()
        after = {each["number"] for each in (await agent.get("/api/v1/incidents")).json()["items"]}
        file = next(each for entry in told["timeline"] for each in entry["attachments"])["url"].split("/files/")[1]
    address = keyed_id(web.hub.secret, f"email:{email}")
    link = AddressTokens(web.hub.secret).sign(address, datetime.now(UTC) + timedelta(hours=1))
    ending = UnsubscribeTokens(web.hub.secret).sign(address, new_id())
    keys = Keys(status.rpartition("/")[2], called.rpartition("/")[2], chat, cookie, link, ending)
    return keys, Things(sorted(after - before), file)


def _socket(web: Web, path: str, headers: Mapping[str, str]) -> Any:
    return socket_of(web, path, origin=web.url, additional_headers=headers)


Reach = Callable[[Web, Site, str, Things], Awaitable[str]]
"""Use one key, or a try at one, and say what came. The things are somebody's: what she may ask for by id."""


def _get(path: str) -> Reach:
    async def reach(web: Web, site: Site, key: str, of: Things) -> str:
        seen = ""
        for accept in ("text/html", "application/json"):
            async with web.client(headers={"Accept": accept}) as client:
                seen += (await client.get(path.format(key=key, file=of.file))).text
        return seen

    return reach


def _post(path: str, **fields: str) -> Reach:
    async def reach(web: Web, site: Site, key: str, of: Things) -> str:
        headers = {"Accept": "text/html", "Cookie": f"cauce-chat={key}"}
        named = {"incident": str(of.numbers[0]), "number": str(of.numbers[0]), "thread": of.file.partition("/")[0]}
        async with web.client(headers=headers) as client:
            place = path.format(key=key, site=site.key)
            if place.endswith("/messages"):
                return (await client.post(place, json=fields)).text
            return (await client.post(place, data=named | fields)).text

    return reach


async def _chat(web: Web, site: Site, key: str, of: Things) -> str:
    return await _heard(_socket(web, "/api/v1/chat", {}), {"token": key})


async def _framed(web: Web, site: Site, key: str, of: Things) -> str:
    return await _heard(_socket(web, f"/widget/{site.key}/chat", {"Cookie": f"cauce-chat={key}"}), {})


async def _heard(opening: Any, hello: Mapping[str, str]) -> str:
    """All that a socket says before how the chat stands, which comes last."""
    seen = ""
    async with asyncio.timeout(60), opening as socket:
        await socket.send(json.dumps({"type": "hello", "states": True, **hello}))
        while '"type":"state"' not in seen:
            seen += await socket.recv()
    return seen


async def _frame(web: Web, site: Site, key: str, of: Things) -> str:
    async with web.client(headers={"Cookie": f"cauce-chat={key}"}) as client:
        return (await client.get(f"/widget/{site.key}")).text


SHOWN: Mapping[str, Reach] = {
    "GET /status/{token}": _get("/status/{key}"),
    "GET /status/{token}/files/{interaction}/{index}": _get("/status/{key}/files/{file}"),
    "GET /my-requests/{link}": _get("/my-requests/{key}"),
    "WS /api/v1/chat": _chat,
    "WS /widget/{site}/chat": _framed,
}
"""What shows something to who has the key."""

DONE: Mapping[str, Reach] = {
    "POST /status/{token}": _post("/status/{key}", body="from somebody"),
    "POST /status/{token}/messages": _post("/status/{key}/messages", body="from somebody"),
    "POST /status/{token}/close": _post("/status/{key}/close"),
    "POST /status/{token}/reopen": _post("/status/{key}/reopen"),
    "POST /status/{token}/rate": _post("/status/{key}/rate", score="1"),
    "POST /unsubscribe/{unsubscribe}": _post("/unsubscribe/{key}"),
    "POST /unsubscribe/{unsubscribe}/again": _post("/unsubscribe/{key}/again"),
}
"""What changes something for who has the key."""

NOTHING_OF_ANYBODYS: Mapping[str, str] = {
    **dict.fromkeys(
        ("GET /", "GET /articles/{article}", "POST /articles/{article}/vote", "GET /suggest"), "articles are for all"
    ),
    **dict.fromkeys(("GET /chat/find", "GET /chat/articles/{article}"), "likewise, to who may see them"),
    "GET /articles/{article}/files/{file}": "an article's, for its readers: test_knowledge.py",
    **dict.fromkeys(("POST /visit", "POST /found", "POST /articles/{article}/reason"), "takes, and tells nothing back"),
    **dict.fromkeys(("GET /contact", "GET /callback", "GET /chat", "GET /my-requests"), "a page to write on"),
    **dict.fromkeys(
        ("POST /contact", "POST /callback", "POST /api/v1/forms", "POST /api/v1/callbacks"),
        "begins something new; that a claimed address joins nothing: test_claims.py",
    ),
    "GET /unsubscribe/{unsubscribe}": "names nobody: test_unsubscribe.py",
    **dict.fromkeys(("GET /widget.js", "GET /widget/{site}/look.css", "GET /static/{path:path}"), "a file for all"),
    **dict.fromkeys(("GET /widget/{site}", "POST /widget/{site}/form"), "shows a form; begins something new"),
    **dict.fromkeys(
        ("POST /my-requests", "POST /api/v1/my-requests"), "the same answer whoever asks: test_my_requests.py"
    ),
    **dict.fromkeys(
        ("GET /login", "POST /login", "GET /login/code", "POST /login/code", "POST /logout", "POST /preferences"),
        "for our own people: tests/services/access",
    ),
    **dict.fromkeys(("GET /login/provider", "GET /login/provider/back"), "likewise"),
    **dict.fromkeys(("GET /healthz", "GET /readyz", "GET /metrics"), "how the hub is"),
    **dict.fromkeys(("GET /docs", "GET /openapi.json", "GET /asyncapi"), "what the API is"),
    "POST /api/v1/cti/{line}": "a telephone system's, with its line's key",
    **dict.fromkeys(("POST /api/v1/visits", "POST /api/v1/visits/{visit}/events"), "takes, and tells nothing back"),
}
"""Every other public route, and why."""


def test_every_public_route_is_thought_of() -> None:
    thought_of = [*SHOWN, *DONE, *NOTHING_OF_ANYBODYS]
    assert sorted(thought_of) == sorted(rule for rule, allowed in POLICY.items() if allowed is EVERYBODY)


@pytest.fixture
async def two(web: Web) -> tuple[Site, tuple[Keys, Things], tuple[Keys, Things]]:
    """Ana, and Eve; and the site whose widget both use."""
    site = await asyncio.to_thread(_shop, web)
    return site, await _customer(web, site, "ana", SECRET), await _customer(web, site, "eve", "nothing much")


def _shop(web: Web) -> Site:
    with web.hub.access.desk("test") as desk:
        return sites.create(desk, "Shop", ("https://shop.example",))


async def test_no_key_of_hers_shows_what_is_anothers(web: Web, two: Any) -> None:
    site, (ana, hers), (eve, _) = two
    for rule, reach in SHOWN.items():
        seen = [key for key in astuple(ana) if SECRET in await reach(web, site, key, hers)]
        assert seen, f"not even Ana sees it: {rule}"
        for key in eve.forge(ana):
            if key not in astuple(ana):
                assert SECRET not in await reach(web, site, key, hers), (rule, key)


@pytest.mark.parametrize("rule", DONE)
async def test_no_key_of_hers_changes_what_is_anothers(web: Web, two: Any, rule: str) -> None:
    site, (ana, hers), (eve, _) = two
    if rule.endswith(("reopen", "rate")):  # which only what is over can be
        await DONE["POST /status/{token}/close"](web, site, ana.status, hers)
        await web.settled()
    if rule.endswith("again"):
        await DONE["POST /unsubscribe/{unsubscribe}"](web, site, ana.unsubscribe, hers)
    before = await _state(web, hers)
    for key in eve.forge(ana):
        if key not in astuple(ana):
            await DONE[rule](web, site, key, hers)
    await web.settled()
    assert await _state(web, hers) == before
    await DONE[rule](web, site, ana.unsubscribe if "unsubscribe" in rule else ana.status, hers)
    await web.settled()
    assert await _state(web, hers) != before, "not even Ana changes it"


async def _state(web: Web, of: Things) -> list[Any]:
    async with web.client(Role.AGENT) as agent:
        return [
            (await agent.get(f"/api/v1/incidents/{number}{part}")).json()
            for number in of.numbers
            for part in ("", "/timeline", "/ways")
        ]
