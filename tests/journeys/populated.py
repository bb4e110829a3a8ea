"""A hub in which every page has something to show, and where each of its pages is found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit
from uuid import uuid4

import httpx
import msgspec
from starlette.routing import Route

from channels.address_tokens import AddressTokens, UnsubscribeTokens
from eventstore.log import LogRecord
from schemas.held import HeldReason
from schemas.ids import keyed_id
from schemas.interaction import RawMail
from schemas.topics import MAIL
from services import quarantine
from services.access.identity import Role
from services.access.policy import EVERYBODY, POLICY
from services.web.guard import rule_of
from tests.services.web.chatting import chatting
from tests.services.web.serving import Web

LONG = "La factura de la sucursal de Tampa sale dos veces y el cliente 4711/B-2026 no puede cerrarla antes del viernes"


@dataclass(frozen=True)
class Place:
    """A page: its route, an address where it shows something, and who may see it (None: everybody)."""

    rule: str
    path: str
    role: Role | None


async def populate(web: Web) -> dict[str, str]:
    """Something of each kind. Returns what stands for the parameters in the routes' paths."""
    async with web.client() as customer, web.client(Role.ADMIN) as agent:
        receipt = await web.form(
            customer, subject=LONG, body=f"{LONG}.\n" * 6, name="María de los Ángeles Villavicencio"
        )
        await web.form(customer, email="otra@x.cu", subject="Licencia", body="¿Cuándo caduca?", name="Otra")
        await web.settled()
        article = {"kind": "faq", "title": LONG, "body": f"# Uno\n\n- {LONG}\n- dos\n\n`codigo`", "language": "es"}
        made = [
            (await agent.post("/api/v1/articles", json=article | {"kind": kind})).json()
            for kind in ("faq", "known_issue")
        ]
        await agent.post("/api/v1/articles", json=article | {"language": "en", "title": "Twice on paper"})
        for path, body in (
            ("replies", {"text": f"{LONG}. Lo miramos."}),
            ("notes", {"text": LONG}),
            ("tags", {"add": ["facturas", "impresión"]}),
            ("priority", {"priority": "urgent"}),
            ("assign", {"to": "agent"}),
        ):
            came = await agent.post(f"/api/v1/incidents/1/{path}", json=body)
            assert came.status_code < 300, came.text
        file = {"file": (f"{LONG}.png", b"\x89PNG\r\n\x1a\n", "image/png")}
        upload = (await agent.post("/api/v1/uploads?incident=1", files=file)).json()["items"][0]["id"]
        await agent.post("/api/v1/incidents/1/notes", json={"text": f"@admin {LONG}", "attachments": [upload]})
        await agent.post("/api/v1/incidents/1/articles", json={"article": made[0]["id"]})
        same = {"words": [LONG[:60], LONG[60:]], "language": "es"}
        assert (await agent.post("/api/v1/synonyms", json=same)).status_code == 201
        await agent.post("/api/v1/canned", json={"name": LONG[:60], "body": f"{LONG} {{{{customer.name}}}}"})
        await customer.post(f"{receipt['status_url']}/messages", json={"body": LONG})
        call = await agent.post("/api/v1/calls", json={"direction": "in", "phone": "+53 7 555 0101", "incident": 1})
        assert call.status_code == 201, call.text
        await _telephone(web, customer, agent)
        await agent.post("/api/v1/incidents/2/resolve", json={"solution": LONG, "cause": LONG})
        widget = {"name": LONG[:60], "origins": ["https://www.example.com", "https://tienda.example:8443"]}
        site = (await agent.post("/api/v1/widgets", json=widget)).json()["key"]
        chat = await _chats(web)
        await agent.post("/api/v1/teams", json={"name": "soporte", "title": "Soporte", "members": ["agent"]})
        await agent.post("/api/v1/tokens", json={"role": "agent", "name": LONG[:80], "scopes": ["incidents", "read"]})
        await _inbox(web)
        await web.settled()
        await _article(agent, made[0]["id"])
        kinds = await _of_each_kind(agent, article, made[0]["id"])
        await _visits(customer, made[0]["id"])
        organization, proposed = await _organizations(web, agent)
        lines = (await agent.get("/api/v1/incidents/1/timeline")).json()["items"]
        customer_id = (await agent.get("/api/v1/incidents/1")).json()["customer"]["id"]
    return {
        "number": "1",
        "article": made[0]["id"],
        "interaction": next(line["interaction_id"] for line in lines if line["interaction_id"]),
        "customer": customer_id,
        "token": urlsplit(receipt["status_url"]).path.rpartition("/")[2],
        "link": AddressTokens(web.hub.secret).sign(
            keyed_id(web.hub.secret, "email:ana@x.cu"), datetime.now(UTC) + timedelta(hours=1)
        ),
        "unsubscribe": UnsubscribeTokens(web.hub.secret).sign(keyed_id(web.hub.secret, "email:ana@x.cu"), uuid4()),
        "name": "channel_report",
        "user": "agent",
        "call": call.json()["id"],
        "site": site,
        "chat": chat,
        "organization": organization,
        "proposed": proposed,
        "item": _held(web),
        **kinds,
    }


def _held(web: Web) -> str:
    """A mail that nobody could read, from somebody with a long name."""
    content = f"From: {LONG} <ana@x.cu>\r\nSubject: {LONG}\r\n\r\n{LONG}\r\n".encode()
    mail = RawMail(
        id=uuid4(),
        source="smtp",
        mailbox="support@cauce.example",
        envelope_from="ana@x.cu",
        envelope_to=("support@cauce.example",),
        raw=content,
        size=len(content),
        received_at=datetime.now(UTC),
    )
    record = LogRecord(mail.id, 0, 0, msgspec.msgpack.encode(mail), {"channel": "email"})
    with web.hub.database.transaction() as connection:
        quarantine.hold(
            connection, record, topic=MAIL.name, reason=HeldReason.UNPARSABLE, error=LONG, sender="ana@x.cu"
        )
    return str(mail.id)


async def _of_each_kind(agent: httpx.AsyncClient, article: dict[str, str], doubted: str) -> dict[str, str]:
    """A guide and a checklist to be read, and what waits for who writes: a gap, another that was closed, a doubt."""
    bodies = {
        "guide": f"{LONG}\n\n# {LONG}\n- {LONG} -> #dos\n- No -> contact\n\n# Dos\n- {LONG} -> contact",
        "checklist": f"{LONG}\n\n- [ ] {LONG}\n  {LONG}\n- [ ] Dos",
    }
    made: dict[str, str] = {}
    for kind, body in bodies.items():
        came = await agent.post("/api/v1/articles", json=article | {"kind": kind, "body": body})
        made[kind] = came.json()["id"]
    for words in (LONG, LONG, "¿Hay modo oscuro?"):
        gap = (await agent.post("/api/v1/gaps", json={"words": words, "language": "es", "incident": 1})).json()["id"]
    await agent.post(f"/api/v1/gaps/{gap}/dismiss")
    await agent.post(f"/api/v1/articles/{doubted}/doubts", json={"doubt": "unclear", "words": LONG, "incident": 1})
    return made


async def _visits(visitor: httpx.AsyncClient, article: str) -> None:
    """What people did before they wrote: so often that it is an alarm."""
    for _ in range(10):
        visit = (await visitor.post("/api/v1/visits")).json()["visit"]
        for event in (
            {"type": "searched", "query": LONG[:100], "results": 0, "product": LONG[:60]},
            {"type": "opened", "article": article},
            {"type": "voted", "article": article, "helpful": False, "reason": "unclear", "words": LONG},
            {"type": "contact_sent"},
        ):
            told = await visitor.post(f"/api/v1/visits/{visit}/events", json=event)
            assert told.status_code == 202, told.text


async def _article(agent: httpx.AsyncClient, article: str) -> None:
    """All that belongs to one, with a draft beside it."""
    here, file = f"/knowledge/{article}", {"file": (f"{LONG}.png", b"\x89PNG\r\n\x1a\n", "image/png")}
    filing = {"kind": "faq", "audience": "public", "category": f"{LONG[:60]}/{LONG[:60]}", "labels": LONG[:60]}
    for action, said in (
        ("save", {"title": LONG, "body": f"# Dos\n\n{LONG}", "wording": "1"}),
        ("file", {**filing, "products": LONG[:60], "filing_changes": "0"}),
        ("review", {"on": "2026-01-31"}),
        ("pin", {"shelf": LONG[:60], "rank": "1"}),
    ):
        came = await agent.post(f"{here}/{action}", data=said)
        assert came.status_code == 303, came.text
    assert (await agent.post(f"{here}/files", files=file)).status_code == 303


async def _inbox(web: Web) -> None:
    """A team, targets that are missed and met, what sleeps until a time and until an answer, and a kept search."""
    async with web.client(Role.ADMIN) as admin, web.browser(Role.ADMIN) as browser:
        await admin.post(
            "/api/v1/teams", json={"name": "sucursales", "title": LONG[:60], "members": ["admin", "agent"]}
        )
        for priority, seconds in (("urgent", 60), ("normal", 3600)):
            target = {"first_response_seconds": seconds, "resolution_seconds": 100 * seconds}
            assert (await admin.put(f"/api/v1/targets/{priority}", json=target)).status_code == 200
        for number, until in ((3, None), (4, "2027-01-31T10:00:00Z")):
            await web.form(admin, email=f"p{number}@x.cu", subject=LONG)
            await web.settled()
            newest = (await admin.get("/api/v1/incidents?limit=1")).json()["items"][0]["number"]
            came = await admin.post(f"/api/v1/incidents/{newest}/snooze", json={"until": until})
            assert came.status_code == 200, came.text
        closed = {"name": "legal", "title": "Legal", "members": ["admin"], "closed": True}
        assert (await admin.post("/api/v1/teams", json=closed)).status_code == 201
        given = await admin.post("/api/v1/incidents/2/assign", json={"team": "legal"})
        assert given.status_code == 200, given.text
        given = await admin.post("/api/v1/incidents/1/assign", json={"team": "sucursales"})
        assert given.status_code == 200, given.text
        kept = await browser.post("/agent/searches", data={"name": LONG[:60], "query": "view=all&priority=urgent"})
        assert kept.status_code == 303, kept.text


async def _organizations(web: Web, agent: httpx.AsyncClient) -> tuple[str, str]:
    """One that has expired, to which the first customer belongs; and a customer whose mail domain proposes it."""
    long = {"name": LONG, "domains": ["empresa.example", "x.cu"], "products": [LONG[:60], "Caja"], "level": LONG[:60]}
    customer = (await agent.get("/api/v1/incidents/1")).json()["customer"]["id"]
    for said in ({"name": "Vega"}, long, long | {"customer": customer, "until": "2026-01-31"}):
        made = await agent.post("/api/v1/organizations", json=said)
        assert made.status_code == 201, made.text
    ana = await agent.post("/api/v1/customers", json={"name": LONG[:60], "addresses": ["ana@empresa.example"]})
    await web.settled()
    return made.json()["id"], ana.json()["id"]


async def _chats(web: Web) -> str:
    """One that the agent has, one that waits. Returns the first."""
    async with (
        web.browser(Role.ADMIN) as agent,
        chatting(web, name="María de los Ángeles Villavicencio") as eva,
        chatting(web, name="") as noa,
    ):
        await agent.post("/api/v1/presence", json={"available": True})
        for each in (eva, noa):
            await each.say(LONG)
            await each.next("state", state="waiting")
        came = await agent.post(f"/api/v1/chats/{eva.session}/accept")
        assert came.status_code == 200, came.text
        await agent.post(f"/api/v1/incidents/{came.json()['number']}/replies", json={"text": LONG})
        await eva.say(LONG, "2")
        return eva.session


async def _telephone(web: Web, customer: httpx.AsyncClient, agent: httpx.AsyncClient) -> None:
    """A call on hold with notes, one that has ended, one that rings, a wish to be called back, a stopwatch, a line."""
    now = datetime.now(UTC)
    for changes in ({"held": True, "notes": LONG}, {"ended_at": now.isoformat(), "outcome": LONG[:200]}):
        started = {"direction": "in", "phone": "+53 5 555 0102", "answered_at": now.isoformat(), "subject": LONG}
        call = (await agent.post("/api/v1/calls", json=started)).json()
        assert (await agent.patch(f"/api/v1/calls/{call['id']}", json=changes)).status_code == 200
    push = {"event": "newCall", "callId": "c1", "from": "5355550102", "to": "537", "direction": "in", "user": "admin"}
    assert (await customer.post(f"/api/v1/cti/main?key={web.line_key}", data=push)).status_code == 200
    slot = list(web.hub.settings.opening_hours.slots(now, 8))[1]
    wish = {"name": LONG, "phone": "+5355550103", "about": LONG, "since": f"{slot.since}", "until": f"{slot.until}"}
    assert (await customer.post("/api/v1/callbacks", json=wish)).status_code == 202
    async with web.browser(Role.ADMIN) as admin:
        assert (await admin.post("/api/v1/incidents/1/work/start")).status_code == 200


async def places(web: Web, known: dict[str, str]) -> list[Place]:
    """Every page the router knows. A path with a parameter nobody knows fails: say in `populate` what stands for it."""
    found: list[Place] = []
    for route in web.app.router.routes:
        if not isinstance(route, Route) or "GET" not in (route.methods or ()) or route.path.startswith("/api/"):
            continue
        if route.path in NO_PAGES:
            continue
        missing = set(re.findall(r"{(\w+)", route.path)) - known.keys()
        assert not missing, f"{route.path}: nobody says what {missing} may be"
        path = re.sub(r"{(\w+)(?::\w+)?}", lambda name: known[name[1]], route.path)
        rule = rule_of(route)
        found.append(Place(rule, path, None if POLICY[rule] is EVERYBODY else Role.ADMIN))
    found += [Place("GET /agent", f"/agent?view={view}", Role.ADMIN) for view in ("mine", "breaching", "snoozed")]
    found.append(Place("GET /agent/customers/{customer}", f"/agent/customers/{known['proposed']}", Role.ADMIN))
    found.append(Place("GET /articles/{article}", f"/articles/{known['guide']}?way=0", None))
    found.append(Place("GET /articles/{article}", f"/articles/{known['checklist']}", None))
    found.append(Place("GET /", f"/?category={quote(LONG[:60])}", None))
    found.append(Place("GET /", f"/?q={quote(LONG[:60])}", None))
    async with web.browser(Role.ADMIN) as client:
        shown = [(place, await client.get(place.path)) for place in found]
    for place, came in shown:
        assert came.status_code in {200, 303}, f"{place.path}: {came.status_code}"
    return [place for place, came in shown if came.status_code == 200 and "<html" in came.text]


NO_PAGES = {
    "/static/{path:path}",
    "/healthz",
    "/readyz",
    "/metrics",
    "/live",
    "/openapi.json",
    "/asyncapi",
    "/status/{token}/files/{interaction}/{index}",
    "/articles/{article}/files/{file}",
    "/knowledge/transfer/articles.zip",
    "/reports/{name}/chart.svg",
    "/reports/{name}/table.csv",
    "/knowledge/figures/{table}.csv",
    "/knowledge/figures/{chart}.svg",
}
"""What is fetched from these is no page. A part of a page (without `<html`) is seen where it is shown."""
