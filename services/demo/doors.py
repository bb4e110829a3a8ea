"""The demo's customers at our public doors: real HTTP, SMTP and WebSocket, nothing but the public surface."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from uuid import UUID

import aiosmtplib
import httpx
import structlog
from websockets.asyncio.client import ClientConnection, connect

from channels.opening_hours import OpeningHours
from schemas.interaction import Automatic, Channel
from services.demo.steps import AskCallback, Visit, Write
from services.demo.visiting import read_seconds, reason
from services.settings import Endpoint

log = structlog.get_logger()

_CHAT_SECONDS = 15.0
_ARTICLE = re.compile(r"/articles/([0-9a-f]{8}-[0-9a-f-]{27})")


@dataclass
class Conversation:
    """What a customer has in hand of one case: the link's token, their own mail's id, the open chat."""

    token: str = ""
    message_id: str = ""
    chat: ClientConnection | None = None
    session: UUID | None = None
    language: str = ""
    contacts: list[UUID] = field(default_factory=list[UUID])


class Doors:
    """Where the hub takes customers in. `mailbox`: our address; `hours`: when we call back."""

    def __init__(
        self, client: httpx.AsyncClient, http: Endpoint, smtp: Endpoint, mailbox: str, hours: OpeningHours
    ) -> None:
        self._hours = hours
        self._client = client
        self._http = http
        self._smtp = smtp
        self._mailbox = mailbox

    async def write(self, step: Write, talk: Conversation) -> None:
        """Say it at the door of its channel; the contact's id is kept with the conversation."""
        match step.channel:
            case Channel.EMAIL:
                contact = await self._mail(step, talk)
            case Channel.CHAT:
                contact = await self._chat(step, talk)
            case _:
                contact = await self._form(step, talk)
        talk.contacts.append(contact)

    async def _form(self, step: Write, talk: Conversation) -> UUID:
        customer = step.customer
        fields = {
            "name": customer.name,
            "email": customer.email,
            "subject": step.subject,
            "body": step.text,
            "product": step.product,
            "locale": customer.language,
        }
        answer = await self._post("/api/v1/forms", fields, key=step.id)
        talk.token = str(answer["status_url"]).rpartition("/")[2]
        return UUID(str(answer["interaction_id"]))

    async def _mail(self, step: Write, talk: Conversation) -> UUID:
        mail = letter(step, self._to(talk), talk.message_id)
        if not talk.message_id:
            talk.message_id = str(mail["Message-ID"])
        sender = "" if step.automatic is Automatic.BOUNCE else step.customer.email
        _, said = await aiosmtplib.send(
            mail,
            sender=sender,
            recipients=[self._to(talk)],
            hostname=self._smtp.host,
            port=self._smtp.port,
            start_tls=False,
            timeout=30,
        )
        return UUID(said.split()[-1])  # «2.0.0 OK <id>»

    def _to(self, talk: Conversation) -> str:
        """The plain address, or with the token of the link we were given."""
        local, _, domain = self._mailbox.partition("@")
        return f"{local}+{talk.token}@{domain}" if talk.token else self._mailbox

    async def _chat(self, step: Write, talk: Conversation) -> UUID:
        if talk.chat is None:
            talk.chat = await self._enter(step, talk)
        await talk.chat.send(json.dumps({"type": "message", "id": str(step.id), "text": step.text}))
        return UUID(str((await _frame(talk.chat, "ack"))["interaction_id"]))

    async def _enter(self, step: Write, talk: Conversation) -> ClientConnection:
        chat = await connect(f"ws://{self._http}/api/v1/chat", proxy=None)
        customer = step.customer
        hello = {"type": "hello", "name": customer.name, "email": customer.email, "locale": customer.language}
        await chat.send(json.dumps(hello | ({"token": talk.token} if talk.token else {})))
        welcome = await _frame(chat, "welcome")
        talk.token, talk.session, talk.language = (
            str(welcome["token"]),
            UUID(str(welcome["session"])),
            customer.language,
        )
        return chat

    async def ask_callback(self, step: AskCallback) -> None:
        """Ask to be called, at one of the times that are offered now."""
        offered = list(self._hours.slots(datetime.now(UTC), 8))
        window = offered[step.id.int % len(offered)]
        customer = step.customer
        wish = {
            "name": customer.name,
            "phone": customer.phone,
            "email": customer.email,
            "about": step.text,
            "locale": customer.language,
            "since": window.since.isoformat(),
            "until": window.until.isoformat(),
        }
        await self._post("/api/v1/callbacks", wish, key=step.id)

    async def visit(self, step: Visit, talk: Conversation) -> None:
        """Look for help: search, read, vote, say whether that was enough, and else how they wrote to us."""
        visit = (await self._post("/api/v1/visits", {}))["visit"]
        page = await self._client.get(f"/{step.language}/", params={"q": step.query}, follow_redirects=True)
        found = list(dict.fromkeys(_ARTICLE.findall(page.raise_for_status().text)))
        begun = {"surface": "help_centre", "language": step.language, "product": step.product}
        events: list[dict[str, object]] = [{"type": "searched", "query": step.query, "results": found, **begun}]
        if found and step.article and step.contact is None:
            events.append({"type": "opened", "article": found[0]})
            events.append({"type": "time_read", "article": found[0], "seconds": read_seconds(step)})
            if step.helpful is not None:
                events.append({"type": "voted", "article": found[0], "helpful": step.helpful})
            if step.helpful is False:
                why, words = reason(step)
                events.append({"type": "vote_explained", "article": found[0], "reason": why, "words": words})
        events.append({"type": "solved" if step.solved else "contact_started"})
        if step.wrote:
            contact = str(talk.contacts[0]) if step.contact is not None and talk.contacts else None
            kind = "chat_started" if step.contact is Channel.CHAT else "contact_sent"
            events.append({"type": kind, "interaction": contact})
        for event in events:
            await self._post(f"/api/v1/visits/{visit}/events", event)

    async def leave(self, talk: Conversation) -> None:
        """Close the chat window."""
        if talk.chat is not None:
            with contextlib.suppress(OSError):
                await talk.chat.close()

    async def _post(self, path: str, body: Mapping[str, object], key: UUID | None = None) -> dict[str, object]:
        headers = {"Idempotency-Key": str(key)} if key is not None else {}
        answer = (await self._client.post(path, json=body, headers=headers)).raise_for_status()
        return answer.json() if answer.content else {}


def letter(step: Write, to: str, answering: str) -> EmailMessage:
    """The step as a mail, the same bytes each time it is sent."""
    mail = EmailMessage()
    domain = step.customer.email.partition("@")[2]
    bounce = step.automatic is Automatic.BOUNCE
    mail["From"] = (
        f"Mail Delivery System <MAILER-DAEMON@{domain}>"
        if bounce
        else formataddr((step.customer.name, step.customer.email))
    )
    mail["To"] = to
    mail["Subject"] = step.subject
    mail["Date"] = format_datetime(step.at)
    mail["Message-ID"] = f"<{step.id.hex}@{domain}>"
    if answering and step.known:
        mail["In-Reply-To"] = answering
        mail["References"] = answering
    if step.automatic is not None:
        mail["Auto-Submitted"] = "auto-generated" if bounce else "auto-replied"
    mail["Content-Language"] = step.customer.language
    mail.set_content(step.text)
    return mail


async def _frame(chat: ClientConnection, kind: str) -> dict[str, object]:
    async with asyncio.timeout(_CHAT_SECONDS):
        async for text in chat:
            frame: dict[str, object] = json.loads(text)
            if frame["type"] == kind:
                return frame
            if frame["type"] == "error":
                log.warning("demo_chat_refused", code=frame.get("code"))
                break
    raise ConnectionError(f"the chat ended without {kind}")
