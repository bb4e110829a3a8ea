"""Somebody's requests behind the link we mailed them, for the page and for programs: the threads of one mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import TypeAlias
from uuid import UUID

import msgspec
from starlette.requests import Request

from channels import http_body
from channels.address_tokens import AddressTokens
from channels.limits import Limit, Rate, network_of
from channels.text import clean
from eventstore.database import Connection
from projections import incidents, timeline
from projections.timeline import threads
from schemas.errors import NotFoundError
from schemas.threads import begun, mailed
from services.customers import links
from services.web.parts import Parts
from services.web.taken_apart import Part, parts_of

FROM_ONE_PLACE = Rate(burst=10, per_second=0.02)
ANSWER_SECONDS = 0.4  # as long for an address nobody knows as for one that gets a mail

_Row: TypeAlias = tuple[UUID, str, UUID | None, datetime, datetime]
"""As `threads.of_address` gives it."""


class RequestShape(msgspec.Struct, frozen=True, omit_defaults=True):
    """One request. `number` and `status` None until it is part of an incident; `url`: its own page.

    `parts`: all of them, where some were taken apart; `number` is that of the newest words.
    """

    subject: str
    number: int | None
    status: str | None
    began_at: datetime
    updated_at: datetime
    url: str
    parts: Sequence[Part] = ()


class RequestsShape(msgspec.Struct, frozen=True):
    """All of one address, the latest first. `until`: when the link ends."""

    items: list[RequestShape]
    until: datetime


class RequestsList:
    """Asking for the link, and what it shows."""

    def __init__(self, parts: Parts) -> None:
        self._hub = parts.hub
        self._places = Limit(FROM_ONE_PLACE, on=parts.hub.settings.rate_limit)
        self._tokens = AddressTokens(parts.hub.secret)

    async def ask(self, request: Request, email: str, language: str) -> None:
        """The same answer, after the same time, whoever it is. Raises InvalidError, RateLimitedError."""
        self._places.take(network_of(http_body.peer(request)))
        hub, now = self._hub, datetime.now(UTC)
        queued = hub.database.run(links.ask, hub.ledger, hub.secret, clean(email), language=language, now=now)
        await asyncio.gather(queued, asyncio.sleep(ANSWER_SECONDS))

    async def read(self, link: str) -> RequestsShape:
        """Raises NotFoundError for a link that isn't ours or has ended: all such look alike."""
        found = self._tokens.verify(clean(link), datetime.now(UTC))
        if found is None:
            raise NotFoundError("no such link, or it has ended")
        address, until = found
        return RequestsShape(await self._hub.database.run(self._requests, address), until)

    def _requests(self, connection: Connection, address: UUID) -> list[RequestShape]:
        rows = _together(threads.of_address(connection, address))
        numbers = incidents.roots(connection, [incident for _, _, incident, _, _ in rows if incident is not None])
        said_in = timeline.numbers_of_threads(connection, [mailed(thread) for thread, *_ in rows])
        statuses = incidents.statuses(connection, [*numbers.values(), *chain(*said_in.values())])
        return [
            RequestShape(
                subject=subject,
                number=(number := numbers.get(incident) if incident is not None else None),
                status=statuses.get(number) if number is not None else None,
                began_at=began,
                updated_at=updated,
                url=f"/status/{self._hub.tokens.sign_link(mailed(thread))}",
                parts=parts_of(said_in.get(mailed(thread), ()), statuses),
            )
            for thread, subject, incident, began, updated in rows
        ]


def _together(rows: Sequence[_Row]) -> list[_Row]:
    """The two sides of a conversation are one request: it has the subject it began with, and is as new as the newer."""
    found: dict[UUID, _Row] = {}
    for row in rows:  # the newest first
        thread, subject, incident, since, _ = row
        newer = found.get(begun(thread))
        if newer is None:
            found[begun(thread)] = row
        elif since < newer[3]:
            found[begun(thread)] = (thread, subject, newer[2] or incident, since, newer[4])
    return list(found.values())
