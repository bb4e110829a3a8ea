"""Commands: what people ask for, decided and recorded at once. Between the API or CLI and the deciders."""

from __future__ import annotations

from uuid import UUID

import msgspec

from services.calls.requests import CallRequest
from services.customers.requests import CustomerRequest
from services.incidents.requests import IncidentRequest


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a command did. `position`: its last fact's, for reading one's own write.

    `subject`: the incident, customer or call it was about, or the new one it made; `number`: that incident's.
    `interaction`, `delivery` ("queued", or "sent" when it needs no delivery): a reply's. `note`: a note's id.
    """

    position: int
    subject: UUID
    number: int | None = None
    interaction: UUID | None = None
    delivery: str | None = None
    note: UUID | None = None


class Commands:
    """Runs requests; concurrent ones share a transaction. Start it as a task: `await commands.serve()`, until cancelled.

    `Commands(hub.database, hub.ledger, hub.blobs, secret=hub.secret)`
    """

    async def run(
        self,
        request: IncidentRequest | CustomerRequest | CallRequest,
        *,
        by: str,
        idempotency_key: str | None = None,
    ) -> Outcome:
        """Decide, record, answer. The same key with the same request again: the stored outcome.

        Raises NotFoundError, InvalidError, ConflictError (illegal, or the key was another request's), LogUnavailableError.
        """
        raise NotImplementedError
