"""A hub with a closed team, what it keeps to itself in every place where an incident shows, and five who ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx
import msgspec

from eventstore.log import LogRecord
from schemas.facts.user import Method, Place
from schemas.held import HeldReason
from schemas.ids import new_id
from schemas.interaction import RawMail
from schemas.topics import MAIL
from services import quarantine
from services.access import changes, sessions, tokens, users
from services.access.identity import Role
from tests.services.web.chatting import chatting
from tests.services.web.serving import PASSWORD, Web

SECRET = "Embargo4711"
TEAM = "rrhh"
PHONE = "+53 5 555 0199"


@dataclass(frozen=True)
class Kept:
    """`known`: what stands for the parameters of addresses, all of the closed team's. `plain`: beside it, anybody's."""

    known: dict[str, str]
    plain: int
    customer: str
    organization: str
    asks: dict[str, dict[str, str]]
    """Who asks → the headers that say so: three agents with sessions; `program`: an agent's token of no user, …"""

    def client(self, web: Web, who: str) -> httpx.AsyncClient:
        return web.client(headers=self.asks[who])


async def keep(web: Web) -> Kept:
    """All of one customer's: something plain, something of the closed team's that is open, and something solved."""
    programs = {"admin": web.tokens[Role.ADMIN], "program": web.tokens[Role.AGENT], "analyst": web.tokens[Role.ANALYST]}
    asks = {}
    with web.hub.access.desk("test") as desk:
        for name in ("outsider", "member", "has_it"):
            users.create_user(desk, name, Role.AGENT, PASSWORD)
            cookie = sessions.open_session(desk, name, Method.PASSWORD, Place(network="", browser=""))
            asks[name] = {"Cookie": f"cauce={cookie}", "Origin": web.url}
        changes.add_team(desk, TEAM, "Recursos humanos", ("member",), closed=True)
        programs["members_program"] = tokens.create_token(desk, Role.AGENT, "robot", owner="member")
    asks |= {who: {"Authorization": f"Bearer {token}"} for who, token in programs.items()}
    async with web.client() as customer, web.client(Role.ADMIN) as admin:
        numbers = {}
        for kind in ("plain", "open", "solved", "merged"):
            about = "La nómina de junio" if kind == "plain" else f"La nómina de junio {SECRET} {kind}"
            await web.form(customer, subject=about, body=about)
            await web.settled()
            found = (await admin.get("/api/v1/incidents", params={"limit": 1})).json()["items"][0]
            numbers[kind] = found["number"]

        async def act(path: str, **body: object) -> dict[str, object]:
            came = await admin.post(f"/api/v1/{path}", json=body)
            assert came.status_code < 300, f"{path}: {came.text}"
            answer: dict[str, object] = came.json()
            return answer

        secret = f"incidents/{numbers['open']}"
        file = {"file": (f"{SECRET}.png", b"\x89PNG\r\n\x1a\n", "image/png")}
        upload = (await admin.post("/api/v1/uploads", files=file)).json()["items"][0]["id"]
        await act(f"{secret}/notes", text=f"@outsider @member {SECRET}", attachments=[upload])
        reply = await act(f"{secret}/replies", text=SECRET)
        call = await act("calls", direction="in", phone=PHONE, incident=numbers["open"])
        changed = await admin.patch(f"/api/v1/calls/{call['id']}", json={"notes": SECRET})
        assert changed.status_code == 200, changed.text
        await act(f"{secret}/work/start")
        callback = await _wish(web, customer)
        chat, chats_number = await _chat(web)
        await web.settled()
        wished = (await admin.get(f"/api/v1/callbacks/{callback}")).json()["number"]
        await act(f"incidents/{numbers['solved']}/resolve", solution=SECRET)
        for number in (numbers["open"], numbers["solved"], wished, chats_number):
            await act(f"incidents/{number}/assign", team=TEAM, to="has_it")
        await act(f"{secret}/merge", **{"from": [numbers["merged"]]})
        await web.settled()
        shown = (await admin.get(f"/api/v1/{secret}")).json()
        written = {"kind": "faq", "title": SECRET, "body": SECRET, "language": "es"}
        draft = await act("articles/drafts", source=shown["id"], **written)
        picture = await admin.post(f"/api/v1/articles/{draft['id']}/files", files=file)
        article = await act("articles", **{**written, "title": "La nómina", "body": "Llega el día 30."})
        gap = await act("gaps", words=SECRET, incident=numbers["open"])
        flag = await act(f"articles/{article['id']}/doubts", doubt="wrong", words=SECRET, incident=numbers["merged"])
        customer_id = str(shown["customer"]["id"])
        company = await act("organizations", name="Empresa", customer=customer_id)
        await web.settled()
    known = {
        "number": str(numbers["open"]),
        "interaction": str(reply["interaction_id"]),
        "call": str(call["id"]),
        "chat": chat,
        "callback": callback,
        "article": str(draft["id"]),
        "file": str(picture.json()["id"]),
        "gap": str(gap["id"]),
        "flag": str(flag["id"]),
        "item": str(hold_answer(web, UUID(shown["id"]))),
    }
    return Kept(known, numbers["plain"], customer_id, str(company["id"]), asks)


def hold_answer(
    web: Web, incident: UUID | None, reason: HeldReason = HeldReason.CLAIMS_AN_INCIDENT, *, words: str = SECRET
) -> UUID:
    """A mail in quarantine that answers this incident; returns its id."""
    item, now = new_id(), datetime.now(UTC)
    written = f"From: eva@y.cu\r\nSubject: {words}\r\nContent-Type: text/html\r\n\r\n<p>{words}</p>\r\n".encode()
    mail = RawMail(
        id=item,
        source="smtp",
        mailbox="support@cauce.example",
        envelope_from="eva@y.cu",
        envelope_to=("support@cauce.example",),
        raw=written,
        size=len(written),
        received_at=now,
    )
    record = LogRecord(item, 0, 0, msgspec.msgpack.encode(mail), {"channel": "email", "ce_time": now.isoformat()})
    sender = f"email:{words}@y.cu"
    with web.hub.database.transaction() as connection:
        quarantine.hold(
            connection, record, topic=MAIL.name, reason=reason, error="fail", sender=sender, incident=incident
        )
    return item


async def _wish(web: Web, customer: httpx.AsyncClient) -> str:
    slot = list(web.hub.settings.opening_hours.slots(datetime.now(UTC), 8))[1]
    wish = {"name": "Luz", "phone": PHONE, "about": SECRET, "since": f"{slot.since}", "until": f"{slot.until}"}
    came = await customer.post("/api/v1/callbacks", json=wish)
    assert came.status_code == 202, came.text
    await web.settled()
    async with web.client(Role.ADMIN) as admin:
        found: str = (await admin.get("/api/v1/callbacks")).json()["items"][0]["id"]
        return found


async def _chat(web: Web) -> tuple[str, int]:
    async with web.client(Role.ADMIN) as admin, chatting(web, name="Eva") as eva:
        await admin.post("/api/v1/presence", json={"available": True})
        await eva.say(SECRET)
        await eva.next("state", state="waiting")
        await web.settled()
        number: int = (await admin.get(f"/api/v1/chats/{eva.session}")).json()["number"]
        return eva.session, number
