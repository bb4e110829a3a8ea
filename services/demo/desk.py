"""The demo's agents at their desk: the public API with a token, as any other program would use it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from http import HTTPStatus
from uuid import UUID

import httpx
import structlog

from schemas.ids import call_id, scoped_id
from services.demo.steps import Answer, Call, LearnPhone, Spend, Work, Write

log = structlog.get_logger()

_FIND_SECONDS = 20.0
_POLL_SECONDS = 0.3
_PAGE = 1000
LINE = "central"
"""The telephone line of the demo."""

_KINDS = ("incident.opened.v1", "incident.interaction_linked.v1")


class Desk:
    """Works on incidents, told apart by what `/events` says of each contact. `line_key`: the telephone line's."""

    def __init__(self, client: httpx.AsyncClient, token: str, line_key: str) -> None:
        self._client = client
        self._line_key = line_key
        self._headers = {"Authorization": f"Bearer {token}"}
        self._positions: dict[str, int] = {}
        self._incidents: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._turn = asyncio.Lock()

    async def begin(self) -> None:
        """Look at nothing older than now."""
        # the store's position is a figure for everybody
        for line in (await self._get("/metrics")).text.splitlines():
            if line.startswith("cauce_store_position "):
                self._positions = dict.fromkeys(_KINDS, int(float(line.split()[1])))

    async def number_of(self, contacts: list[UUID]) -> int | None:
        """The incident of the first contact that has one; None when none appears in time."""
        try:
            async with asyncio.timeout(_FIND_SECONDS):
                while True:
                    for contact in contacts:
                        incident = self._incidents.get(str(contact))
                        if incident in self._numbers:
                            return self._numbers[incident]
                    await self._read_events()
                    await asyncio.sleep(_POLL_SECONDS)
        except TimeoutError:
            log.warning("demo_incident_not_found")
            return None

    async def _read_events(self) -> None:
        async with self._turn:
            for kind in _KINDS:
                await self._read_kind(kind)

    async def _read_kind(self, kind: str) -> None:
        after = str(self._positions.get(kind, 0))
        answer = await self._get("/api/v1/events", after=after, type=kind, limit=str(_PAGE))
        for line in answer.text.splitlines():
            event = json.loads(line)
            data, self._positions[kind] = event["data"], event["position"]
            if kind == "incident.opened.v1":
                self._numbers[data["incident"]] = data["number"]
            else:
                self._incidents[data["interaction"]] = data["incident"]

    async def answer(self, step: Answer, number: int) -> None:
        """Reply to the customer."""
        await self._post(f"/api/v1/incidents/{number}/replies", {"text": step.text}, step.id)

    async def work(self, step: Work, number: int) -> None:
        """Assign, prioritize, tag, note, resolve, close, reopen."""
        body: Mapping[str, object]
        match step.what:
            case "assign":
                verb, body = "assign", {"to": step.text}
            case "prioritize":
                verb, body = "priority", {"priority": step.text}
            case "tag":
                verb, body = "tags", {"add": list(step.tags), "remove": []}
            case "note":
                verb, body = "notes", {"text": step.text}
            case "resolve":
                verb, body = "resolve", {"solution": step.text, "cause": step.cause}
            case _:
                verb, body = step.what, {}
        await self._post(f"/api/v1/incidents/{number}/{verb}", body, step.id)

    async def learn_phone(self, step: LearnPhone, number: int) -> None:
        """Add the number to the incident's customer."""
        incident = (await self._get(f"/api/v1/incidents/{number}")).json()
        address = f"phone:{step.customer.phone}"
        await self._post(f"/api/v1/customers/{incident['customer']['id']}/addresses", {"address": address}, step.id)

    async def call(self, step: Call) -> int | None:
        """A call as the telephone system tells it, and the notes an agent writes; returns its incident."""
        push = {
            "callId": str(step.id),
            "from": step.customer.phone.removeprefix("+"),
            "to": "5370000000",
            "direction": "in",
            "user[]": step.agent,
        }
        await self._push(push, "newCall")
        call = call_id(LINE, str(step.id))
        if step.seconds:
            await self._push(push, "answer")
            await self._hold(call)
        await self._push(push | {"cause": "normalClearing" if step.seconds else "noAnswer"}, "hangup")
        number = await self._number_of_call(call)
        if number is not None and step.notes:
            await self._patch(f"/api/v1/calls/{call}", {"notes": step.notes})
        return number

    async def _hold(self, call: UUID) -> None:
        """They look something up."""
        if call.int % 3 == 0 and await self._number_of_call(call) is not None:
            for held in (True, False):
                await self._patch(f"/api/v1/calls/{call}", {"held": held})

    async def spend(self, step: Spend, number: int) -> None:
        """The stopwatch runs for a moment: the demo is short."""
        await self._post(f"/api/v1/incidents/{number}/work/start", {}, step.id)
        await asyncio.sleep(1)
        await self._post("/api/v1/work/stop", {"number": number}, scoped_id("demo-stop", str(step.id)))

    async def miss_an_article(self, number: int, words: str, language: str, key: UUID) -> None:
        """No article answers what was asked there."""
        await self._post("/api/v1/gaps", {"words": words, "language": language, "incident": number}, key)

    async def _push(self, push: Mapping[str, str], event: str) -> None:
        path = f"/api/v1/cti/{LINE}"
        answer = await self._client.post(path, params={"key": self._line_key}, data={**push, "event": event})
        answer.raise_for_status()

    async def _number_of_call(self, call: UUID) -> int | None:
        for _ in range(int(_FIND_SECONDS / _POLL_SECONDS)):
            answer = await self._client.get(f"/api/v1/calls/{call}", headers=self._headers)
            if answer.status_code == HTTPStatus.OK and answer.json()["number"] is not None:
                return int(answer.json()["number"])
            await asyncio.sleep(_POLL_SECONDS)
        return None

    async def visit_in_person(self, step: Write) -> UUID | None:
        """Write down who came in and what they said."""
        customer = step.customer
        body = {"name": customer.name, "email": customer.email, "subject": step.subject, "body": step.text}
        answer = await self._post("/api/v1/in-person", body, step.id)
        return UUID(str(answer["interaction_id"])) if answer else None

    async def _get(self, path: str, **params: str) -> httpx.Response:
        return (await self._client.get(path, params=params, headers=self._headers)).raise_for_status()

    async def _patch(self, path: str, body: Mapping[str, object]) -> dict[str, object] | None:
        return self._taken(await self._client.patch(path, json=body, headers=self._headers))

    async def _post(self, path: str, body: Mapping[str, object], key: UUID) -> dict[str, object] | None:
        headers = self._headers | {"Idempotency-Key": str(key)}
        return self._taken(await self._client.post(path, json=body, headers=headers))

    def _taken(self, answer: httpx.Response) -> dict[str, object] | None:
        if answer.status_code == HTTPStatus.CONFLICT:
            return None  # a story knows nothing of the others: somebody resolved it already
        answer.raise_for_status()
        found: dict[str, object] = answer.json() if answer.content else {}
        return found
